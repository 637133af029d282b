"""Files that a sandbox gives to each of its containers: /etc/resolv.conf and /etc/hostname.

Stands for containerd's `internal/cri/server/sandbox_run_linux.go` (`setupSandboxFiles`). The hosts
file is the kubelet's.
"""

from __future__ import annotations

from pathlib import Path

from kubelearn.containers.runtime import DnsConfig


def resolv_conf(dns: DnsConfig) -> str:
    """The file's text, as containerd writes it."""
    lines = [f"search {' '.join(dns.searches)}\n"] if dns.searches else []
    lines += [f"nameserver {server}\n" for server in dns.servers]
    lines += [f"options {' '.join(dns.options)}\n"] if dns.options else []
    return "".join(lines)


def write(path: Path, text: str) -> None:
    """Write a file that every user may read, whichever one the container has."""
    path.write_text(text)
    path.chmod(0o644)

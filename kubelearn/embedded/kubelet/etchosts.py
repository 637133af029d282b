"""A pod's `/etc/hosts`, which the kubelet writes: `ensureHostsFile` in `kubelet_pods.go`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kubelearn.embedded.kubelet.dns import DOMAIN
from kubelearn.embedded.kubelet.ownership import make_folder
from kubelearn.objects import Object

PATH = "/etc/hosts"
_HEADER = "# Kubernetes-managed hosts file.\n"
_HOST_NETWORK_HEADER = "# Kubernetes-managed hosts file (host network).\n"
_LOCAL = (
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::0\tip6-localnet\n"
    "fe00::0\tip6-mcastprefix\n"
    "fe00::1\tip6-allnodes\n"
    "fe00::2\tip6-allrouters\n"
)


def hosts_file(pod: Object, *, hostname: str, ip: str, machine: Path = Path(PATH)) -> str:
    """What the file holds: the pod's own name, and its host aliases."""
    spec = pod["spec"]
    aliases = "".join(_aliases(spec.get("hostAliases") or []))
    if spec.get("hostNetwork"):
        return _HOST_NETWORK_HEADER + machine.read_text(errors="replace") + aliases
    names = [hostname]
    if subdomain := spec.get("subdomain"):
        full = f"{hostname}.{subdomain}.{pod['metadata']['namespace']}.svc.{DOMAIN}"
        names.insert(0, full)
    return _HEADER + _LOCAL + "\t".join([ip, *names]) + "\n" + aliases


def put_on_disk(disk: Path, *, machine: Path = Path(PATH)) -> None:
    """Let a node's own disk have the file, too, as every machine's has."""
    file = disk / PATH.lstrip("/")
    if not file.exists():
        make_folder(file.parent)
        file.write_bytes(machine.read_bytes() if machine.exists() else _LOCAL.encode())
        file.chmod(0o644)


def _aliases(found: Iterable[Object]) -> Iterable[str]:
    lines = ["\t".join([each["ip"], *(each.get("hostnames") or [])]) + "\n" for each in found]
    return ["\n# Entries added by HostAliases.\n", *lines] if lines else []

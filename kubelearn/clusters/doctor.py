"""What this machine can do: each check says what it found, what that means, and what to type.

Nothing is changed and nothing takes longer than a second. Only a check that is "bad" keeps a
cluster from starting; what is "missing" one can do without.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from kubelearn.clusters import daemon
from kubelearn.clusters.kind import requirements, skew
from kubelearn.containers import dockerengine, probe
from kubelearn.embedded import addresses
from kubelearn.embedded.state import StateFolder, home
from kubelearn.errors import ContainerError

_MARKS = {"good": "✔", "missing": "\N{EN DASH}", "bad": "✘"}
_DISK, _MEMORY = 500, 700  # MB
# What kind's own pages advise.
_INOTIFY = 512
# The version of Kubernetes that the embedded cluster is.
_EMBEDDED = "v1.36.3"
_SECONDS = 2


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: Literal["good", "missing", "bad"]
    found: str
    meaning: str = ""
    next: str = ""


def doctor() -> None:
    """Print what this machine can do, and what to type where something is missing."""
    print(text(examine()))


def examine() -> list[Check]:
    """All checks, those that every cluster needs first."""
    return [check() for check in _CHECKS]


def text(checks: list[Check]) -> str:
    """The checks for people."""
    lines = []
    for check in checks:
        lines.append(f"{_MARKS[check.state]} {check.name:<17} {check.found}")
        if check.state != "good":
            lines += [f"  {'':<17} {part}" for part in (check.meaning, _arrow(check)) if part]
    if any(check.state == "bad" for check in checks):
        lines.append(
            f"{_MARKS['bad']} must be mended first; {_MARKS['missing']} you can do without."
        )
    else:
        lines.append("This machine can run the embedded cluster: kubelearn up")
    return "\n".join(lines)


def _arrow(check: Check) -> str:
    return f"→ {check.next}" if check.next else ""


# --- what every cluster needs ------------------------------------------------------------------


def _python() -> Check:
    good = sys.version_info >= (3, 11)
    return Check(
        "Python",
        "good" if good else "bad",
        platform.python_version(),
        "kubelearn needs Python 3.11 or newer.",
        "conda env create -f environment.yml",
    )


def _system() -> Check:
    good = hasattr(os, "pidfd_open")
    return Check(
        "operating system",
        "good" if good else "bad",
        f"{platform.system()} {platform.release()}, {os.cpu_count()} processors",
        "The embedded cluster needs Linux 5.3 or newer (on Windows: WSL 2).",
        "KUBELEARN_BACKEND=kubeconfig   # any real cluster does too",
    )


def _loopback() -> Check:
    good = addresses.is_free(addresses.Block(addresses.BLOCKS[0]).node_ip(200), 0)
    return Check(
        "addresses",
        "good" if good else "bad",
        "127.64.0.0/10 usable" if good else "127.64.0.0/10 not usable",
        "Nodes, pods and Services get loopback addresses, which this machine does not take.",
        "sudo ip link set lo up",
    )


def _state_folder() -> Check:
    folder = home()
    existing = _existing(folder)
    good = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    return Check(
        "state folder",
        "good" if good else "bad",
        f"{folder}{'' if good else ' cannot be written'}",
        "Clusters keep their objects, keys and logs there.",
        "export KUBELEARN_STATE=/some/folder/of/yours",
    )


def _disk() -> Check:
    free = shutil.disk_usage(_existing(home())).free // 2**20
    return Check(
        "disk",
        "good" if free >= _DISK else "bad",
        f"{_amount(free)} free",
        "A full disk makes every change of the cluster fail.",
        "export KUBELEARN_STATE=/some/larger/disk",
    )


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _memory() -> Check:
    free = requirements.available_memory()
    if not free:
        return Check("memory", "missing", "not known")
    return Check(
        "memory",
        "good" if free >= _MEMORY else "missing",
        f"{_amount(free)} available",
        "Cluster, JupyterLab and a few pods need about 700 MB; with less it gets slow.",
        "close other programs, or: kubelearn up --nodes 1",
    )


def _port() -> Check:
    running = daemon.status(StateFolder.named("kubelearn"))
    if running:
        return Check("cluster", "good", f"runs already at {running['server']}")
    free = addresses.is_free("127.0.0.1", 6443)
    found = "6443 is free" if free else "6443 is taken, the next free one will do"
    return Check("port", "good", found)


def _containers() -> Check:
    try:
        with tempfile.TemporaryDirectory(dir=_existing(home())) as folder:
            choice = probe.choose(Path(folder))
    except OSError:
        return Check("containers", "missing", "not known")
    return Check(
        "containers",
        "good" if choice.runtime == probe.NAMESPACES else "missing",
        str(choice),
        "They see this machine's files and processes, and limits are kept less strictly.",
        "sudo sysctl user.max_user_namespaces=10000   # or run kubelearn as root",
    )


# --- what is good to have ----------------------------------------------------------------------


def _kubectl() -> Check:
    found = _program(
        "kubectl",
        "The lessons do without it; where you see `$ kubectl ...` you could type along.",
        "https://kubernetes.io/docs/tasks/tools/",
        version=["version", "--client"],
    )
    if found.state == "good" and (warning := skew.warning(_EMBEDDED)):
        meaning, _, page = warning.partition("   → ")
        return replace(found, state="missing", meaning=f"{meaning}.", next=page)
    return found


def _dot() -> Check:
    return _program(
        "dot",
        "Only for graphs that you want Graphviz to lay out; kubelearn has a layout of its own.",
        "sudo apt-get install graphviz",
    )


def _chromium() -> Check:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    return Check(
        "chromium",
        "good" if found else "missing",
        found or "not found",
        "Only the tests of the widgets need a browser of their own.",
        "sudo apt-get install chromium",
    )


def _busybox() -> Check:
    return _program(
        "busybox",
        "Pods with the image busybox get this machine's shell tools instead.",
        "sudo apt-get install busybox",
    )


def _docker() -> Check:
    meaning = "Only for clusters in Docker (kind); the embedded cluster needs none."
    try:
        client = dockerengine.connect()
    except ContainerError as error:
        return Check("docker", "missing", error.message, meaning, error.hint)
    with closing(client):
        return Check("docker", "good", f"answers, version {client.version()['Version']}")


def _kind() -> Check:
    return _program(
        "kind",
        "Only for clusters in Docker; the embedded cluster needs none.",
        "https://kind.sigs.k8s.io/docs/user/quick-start/",
        version=["version"],
    )


def _inotify() -> Check:
    limit = requirements.inotify_instances()
    return Check(
        "inotify",
        "good" if limit >= _INOTIFY else "missing",
        f"{limit} instances" if limit else "not known",
        "Only for kind: with fewer than 512, larger clusters fail with `too many open files`.",
        f"sudo sysctl fs.inotify.max_user_instances={_INOTIFY}",
    )


def _cgroups() -> Check:
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    return Check(
        "control groups",
        "good" if unified else "missing",
        f"version {2 if unified else 1}",
        "Only for kind: Kubernetes gives version 1 up, and runs there only because we ask it to.",
        "boot with systemd.unified_cgroup_hierarchy=1",
    )


def _low_ports() -> Check:
    with socket.socket() as probe:
        try:
            probe.bind((addresses.Block(addresses.BLOCKS[0]).node_ip(200), 80))
            good = True
        except PermissionError:
            good = False
        except OSError:
            good = True
    return Check(
        "ports below 1024",
        "good" if good else "missing",
        "usable" if good else "kept for root",
        "A Service with port 80 answers on port 8080 of its address instead.",
        "sudo sysctl net.ipv4.ip_unprivileged_port_start=80",
    )


def _program(name: str, meaning: str, hint: str, *, version: list[str] | None = None) -> Check:
    path = shutil.which(name)
    found = path or "not found"
    if path and version and (line := _output([path, *version])):
        found = f"{path} ({line.splitlines()[0]})"
    return Check(name, "good" if path else "missing", found, meaning, hint)


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _amount(megabytes: int) -> str:
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1024 else f"{megabytes} MB"


_CHECKS: list[Callable[[], Check]] = [
    _python,
    _system,
    _loopback,
    _state_folder,
    _disk,
    _memory,
    _port,
    _containers,
    _low_ports,
    _kubectl,
    _busybox,
    _dot,
    _chromium,
    _docker,
    _kind,
    _inotify,
    _cgroups,
]

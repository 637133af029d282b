"""What a machine must have before kind can start a cluster on it; each lack with the way out.

kind itself finds most of these out half-way, a minute later and in other words.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kubelearn.containers import dockerengine
from kubelearn.errors import ClusterError, ContainerError

if TYPE_CHECKING:
    from docker import DockerClient

_PAGE = "https://kind.sigs.k8s.io/docs/user/quick-start/#installation"

# Measured with Kubernetes 1.36: what the machines take, and a little for pods.
_FIRST_NODE, _OTHER_NODE, _PODS = 500, 100, 300  # MB
# Instances of inotify that root has open for one machine: systemd, containerd, kubelet, kube-proxy.
_INOTIFY_FREE, _INOTIFY_NODE = 20, 25
_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")


@dataclass(frozen=True)
class Engine:
    """What Docker Engine says of the machine that it runs on."""

    memory: int
    """In MB."""
    cgroup_v1: bool
    local: bool
    """Whether it uses this machine's kernel, rather than that of a virtual machine."""


def docker_client() -> DockerClient:
    """A client of Docker Engine. Raises ClusterError with the reason why there is none."""
    try:
        return dockerengine.connect()
    except ContainerError as error:
        raise ClusterError(error.message, hint=error.hint) from error


def engine(docker: DockerClient) -> Engine:
    """What the engine runs on."""
    info = docker.info()
    return Engine(
        memory=int(info.get("MemTotal") or 0) // 2**20,
        cgroup_v1=str(info.get("CgroupVersion", "2")) == "1",
        local=info.get("Name") == socket.gethostname(),
    )


def check(docker: DockerClient, *, nodes: int, ports: Iterable[int]) -> Engine:
    """What the engine runs on. Raises ClusterError for what this machine lacks."""
    host = engine(docker)
    require_programs()
    require_memory(host, nodes)
    require_inotify(host, nodes)
    require_ports(ports)
    return host


def require_programs() -> None:
    """Raises ClusterError when `kind`, or `docker`, which kind calls, is not on the path."""
    if not shutil.which("kind"):
        raise ClusterError("the program kind is not installed", hint=_PAGE)
    if not shutil.which("docker"):
        raise ClusterError(
            "kind needs the program docker, which is not installed",
            hint="https://docs.docker.com/engine/install/",
        )


def require_memory(host: Engine, nodes: int) -> None:
    """Raises ClusterError when so many nodes would leave no memory."""
    free = min(filter(None, (host.memory, available_memory() if host.local else 0)), default=0)
    wanted = _FIRST_NODE + _OTHER_NODE * (nodes - 1) + _PODS
    if 0 < free < wanted:
        fits = 1 + (free - _PODS - _FIRST_NODE) // _OTHER_NODE
        less = f"kubelearn up --backend kind --nodes {fits}   # or " if fits > 0 else ""
        raise ClusterError(
            f"{nodes} nodes of kind take about {wanted} MB of memory; there are {free} MB",
            hint=f"{less}close other programs, or give Docker more memory",
        )


def available_memory() -> int:
    """What this machine could still give, in MB; 0 where that is not known."""
    try:
        fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        return int(fields["MemAvailable"].split()[0]) // 1024
    except (OSError, KeyError, ValueError):
        return 0


def require_inotify(host: Engine, nodes: int) -> None:
    """Raises ClusterError when the kernel's limit is too low for so many nodes."""
    wanted = _INOTIFY_FREE + _INOTIFY_NODE * nodes
    limit = inotify_instances() if host.local else 0
    if 0 < limit < wanted:
        raise ClusterError(
            f"the kernel allows {limit} instances of inotify, {nodes} nodes of kind need {wanted}: "
            "their pods would fail with `too many open files`",
            hint="sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288",
        )


def inotify_instances() -> int:
    """How many a user may have open; 0 where that is not known."""
    try:
        return int(_INOTIFY.read_text())
    except (OSError, ValueError):
        return 0


def require_ports(ports: Iterable[int]) -> None:
    """Raises ClusterError for the first port of this machine that is taken."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise port_taken(port) from error


def port_taken(port: int | str) -> ClusterError:
    """The error for a port that somebody listens on."""
    return ClusterError(
        f"port {port} of this machine is taken",
        hint=f"another one, or end who has it: sudo ss -ltnp 'sport = :{port}'",
    )

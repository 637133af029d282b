"""The machines of a kind cluster: containers of Docker Engine, found by kind's labels."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubelearn.errors import ClusterError, NotAvailable

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

_CLUSTER = "io.x-k8s.kind.cluster"
_ROLE = "io.x-k8s.kind.role"
_API_PORT = "6443/tcp"


class Machines:
    """The nodes of one cluster, as the containers that they are."""

    def __init__(self, docker: DockerClient, cluster: str) -> None:
        self.docker = docker
        self._cluster = cluster

    def all(self) -> list[Container]:
        """The containers, control plane first, whether they run or not."""
        found = self.docker.containers.list(
            all=True, filters={"label": f"{_CLUSTER}={self._cluster}"}
        )
        return sorted(
            found, key=lambda each: (each.labels.get(_ROLE) != "control-plane", each.name)
        )

    def switched_on(self) -> list[Container]:
        """Those that run."""
        return [each for each in self.all() if each.status == "running"]

    def names(self) -> list[str]:
        """Their names, which are the nodes' names."""
        return [str(each.name) for each in self.all()]

    def control_plane(self) -> Container:
        """The machine of etcd and the API server. Raises ClusterError when there is none."""
        return self.control_plane_of(self.all())

    def control_plane_of(self, machines: list[Container]) -> Container:
        """The one of these machines that is the control plane. Raises ClusterError."""
        if not machines or not _is_control_plane(machines[0]):
            raise ClusterError(
                f"there is no kind cluster {self._cluster}",
                hint=f"kubelearn up --backend kind --name {self._cluster}",
            )
        return machines[0]

    def named(self, name: str) -> Container:
        """The machine of a node. Raises NotAvailable for a name that is none."""
        for container in self.all():
            if container.name == name:
                return container
        raise NotAvailable(f"there is no node {name!r}", hint=f"one of: {', '.join(self.names())}")

    def running(self, name: str) -> Container:
        """The machine of a node, which runs. Raises NotAvailable, and ClusterError if it is off."""
        container = self.named(name)
        if container.status != "running":
            raise ClusterError(f"node {name} is switched off", hint=f"kubelearn start {name}")
        return container


def _is_control_plane(container: Container) -> bool:
    return bool(container.labels.get(_ROLE) == "control-plane")


def published_ports(container: Container) -> dict[int, int]:
    """Ports of this machine and those that they lead to; the API server's is left out."""
    return {
        int(place["HostPort"]): int(port.partition("/")[0])
        for port, places in _bindings(container).items()
        for place in places
        if port != _API_PORT
    }


def api_port(container: Container) -> int:
    """The port of this machine that leads to the API server; 0 for none."""
    places = _bindings(container).get(_API_PORT)
    return int(places[0]["HostPort"]) if places else 0


def _bindings(container: Container) -> Mapping[str, Sequence[Mapping[str, str]]]:
    return container.attrs["HostConfig"]["PortBindings"] or {}


@dataclass(frozen=True)
class Outcome:
    """How a command ended on a machine."""

    code: int
    output: str
    errors: str


def execute(container: Container, command: Sequence[str]) -> Outcome:
    """Run a command on a machine, and give what it prints.

    By the program `docker`: what the SDK's `exec_run` prints is lost now and then, since the first
    bytes may come with the answer's header.
    """
    words = ["docker", "exec", str(container.name), *command]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    return Outcome(done.returncode, done.stdout, done.stderr)


def run(container: Container, command: Sequence[str]) -> str:
    """What a command prints on a machine. Raises ClusterError with its words when it fails."""
    done = execute(container, command)
    if done.code:
        said = (done.errors or done.output).strip().splitlines()
        raise ClusterError(
            f"on {container.name}, {command[0]} failed: {said[-1] if said else done.code}",
            hint=f"docker exec {container.name} {shlex.join(command)}",
        )
    return done.output

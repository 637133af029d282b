"""A virtual machine of the cluster: a container runtime, and the kubelet that uses it.

The runtime outlives the kubelet, as containerd does: stopping the kubelet leaves the containers
running, and only `power_off` ends them.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from pathlib import Path

from kubelearn.containers import processes
from kubelearn.containers.isolation import NamespacesRuntime
from kubelearn.containers.probe import NAMESPACES, Choice
from kubelearn.containers.process import ProcessRuntime
from kubelearn.containers.runtime import ContainerState, ContainerStatus, Runtime, Sandbox
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.launch.component import Component
from kubelearn.embedded.launch.portmap import PortMap
from kubelearn.errors import ClusterError
from kubelearn.objects import Object


class Node:
    """One machine. Its power is on from `start` to `power_off`."""

    def __init__(self, name: str, *, ip: str, runtime: Runtime, kubelet: Component) -> None:
        self.name = name
        self.ip = ip
        self.kubelet = kubelet
        self._runtime = runtime
        self._on = True

    async def clean_up(self) -> None:
        """End what a daemon that was killed left running."""
        await self._runtime.clean_up()

    async def start(self) -> None:
        """Switch it on; the kubelet finds out by itself what should run here."""
        self._on = True
        await self.kubelet.start()

    async def power_off(self, *, grace: float = 0) -> None:
        """Switch it off, as when somebody pulls the plug, or with `grace` seconds to end in."""
        self._on = False
        await self.kubelet.stop()
        if grace:
            await asyncio.gather(*(self._stop(each, grace) for each in self._running()))
        await self._runtime.shut_down()

    def containers(self) -> list[Object]:
        """What `crictl ps -a` would show, newest first. Raises ClusterError when it is off."""
        found = [_shown(sandbox, status) for sandbox, status in self._all()]
        return sorted(found, key=lambda each: str(each["created"]), reverse=True)

    async def processes(self) -> list[Object]:
        """What `ps` would show. Raises ClusterError when it is off."""
        firsts = {status.id: _pid(status) for _, status in self._all()}
        found = await asyncio.to_thread(processes.of_node, firsts, program=os.getpid())
        return [
            {
                "pid": each.pid,
                "ppid": each.ppid,
                "user": each.user,
                "started": each.started.isoformat(),
                "command": each.command,
                "container": each.container,
            }
            for each in found
        ]

    def _all(self) -> Iterator[tuple[Sandbox, ContainerStatus]]:
        if not self._on:
            raise ClusterError(
                f"node {self.name} is switched off", hint=f"kubelearn start {self.name}"
            )
        for sandbox in self._runtime.list_pod_sandboxes():
            for status in self._runtime.list_containers(sandbox.id):
                yield sandbox, status

    def _running(self) -> list[str]:
        return [
            container.id
            for sandbox in self._runtime.list_pod_sandboxes()
            for container in self._runtime.list_containers(sandbox.id)
            if container.state is ContainerState.RUNNING
        ]

    async def _stop(self, container_id: str, grace: float) -> None:
        await self._runtime.stop_container(container_id, grace)


def _shown(sandbox: Sandbox, status: ContainerStatus) -> Object:
    return {
        "id": status.id,
        "name": status.config.name,
        "pod": sandbox.config.name,
        "namespace": sandbox.config.namespace,
        "image": status.config.image.name,
        "state": status.state.value.capitalize(),
        "attempt": status.config.attempt,
        "created": status.created_at.isoformat(),
        "pid": _pid(status),
    }


def _pid(status: ContainerStatus) -> int:
    """A container's first process; 0 when it has ended, for then its number may be another's."""
    return status.pid if status.state is ContainerState.RUNNING else 0


def make_runtime(
    choice: Choice,
    folder: Path,
    *,
    pod_cidr: str,
    host_ip: str,
    clock: Clock,
    random: random.Random,
) -> Runtime:
    """A node's runtime, with its containers in that folder."""
    kind = NamespacesRuntime if choice.runtime == NAMESPACES else ProcessRuntime
    ports = PortMap(host_ip, clock=clock, random=random)
    return kind(folder, pod_cidr=pod_cidr, host_ip=host_ip, now=clock.now, ports=ports)

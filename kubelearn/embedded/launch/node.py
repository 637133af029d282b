"""A virtual machine of the cluster: a container runtime, and the kubelet that uses it.

The runtime outlives the kubelet, as containerd does: stopping the kubelet leaves the containers
running, and only `power_off` ends them.
"""

from __future__ import annotations

import asyncio

from kubelearn.containers.runtime import ContainerState, Runtime
from kubelearn.embedded.launch.component import Component


class Node:
    """One machine. Its power is on from `start` to `power_off`."""

    def __init__(self, name: str, *, ip: str, runtime: Runtime, kubelet: Component) -> None:
        self.name = name
        self.ip = ip
        self.kubelet = kubelet
        self._runtime = runtime

    async def clean_up(self) -> None:
        """End what a daemon that was killed left running."""
        await self._runtime.clean_up()

    async def start(self) -> None:
        """Switch it on; the kubelet finds out by itself what should run here."""
        await self.kubelet.start()

    async def power_off(self, *, grace: float = 0) -> None:
        """Switch it off, as when somebody pulls the plug, or with `grace` seconds to end in."""
        await self.kubelet.stop()
        if grace:
            await asyncio.gather(*(self._stop(each, grace) for each in self._running()))
        await self._runtime.shut_down()

    def _running(self) -> list[str]:
        return [
            container.id
            for sandbox in self._runtime.list_pod_sandboxes()
            for container in self._runtime.list_containers(sandbox.id)
            if container.state is ContainerState.RUNNING
        ]

    async def _stop(self, container_id: str, grace: float) -> None:
        await self._runtime.stop_container(container_id, grace)

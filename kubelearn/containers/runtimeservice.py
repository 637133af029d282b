"""What all runtimes share: sandboxes, the containers in them, and going inside.

Stands for containerd (`internal/cri/server`). How a process is started and what it sees is a
handler's business, as it is runc's there.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from kubelearn.containers import leftovers, sandboxfiles, stats, trees
from kubelearn.containers.addresses import AddressPool, doors
from kubelearn.containers.container import Container
from kubelearn.containers.handler import Handler
from kubelearn.containers.memory import MemoryGuard
from kubelearn.containers.runtime import (
    ContainerConfig,
    ContainerStats,
    ContainerStatus,
    ExecResult,
    PortMapper,
    Resources,
    Sandbox,
    SandboxConfig,
    Stream,
)
from kubelearn.containers.streams import Execution
from kubelearn.errors import ContainerError

# What exec_sync keeps of a command's output; upstream keeps 16 MiB, probes cut it at 10 KiB.
_EXEC_OUTPUT = 2**20


class RuntimeService(ABC):
    """A Runtime for one node; `folder` is where its containers have their files.

    Without `ports` no port of the node leads to a sandbox.
    """

    version = "0.1.0"
    """Of the runtime, as a node tells it: `namespaces://0.1.0`."""

    def __init__(
        self,
        folder: Path,
        *,
        pod_cidr: str,
        host_ip: str,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        ports: PortMapper | None = None,
    ) -> None:
        if not hasattr(os, "pidfd_open"):
            raise ContainerError(
                "containers need Linux 5.3 or newer",
                hint="KUBELEARN_BACKEND=kind   # a cluster in Docker runs everywhere",
            )
        self._folder = folder
        self._handler = self.make_handler(folder)
        self.name = self._handler.name
        self._addresses = AddressPool(pod_cidr)
        self._host_ip = host_ip
        self._now = now
        self._sleep = sleep
        self._ports = ports
        self._sandboxes: dict[str, Sandbox] = {}
        self._containers: dict[str, Container] = {}
        self._listeners: set[Callable[[Sandbox], None]] = set()
        self._guard = MemoryGuard(sleep)

    @abstractmethod
    def make_handler(self, folder: Path) -> Handler:
        """What starts the programs of this runtime's containers."""

    # --- sandboxes ---

    async def run_pod_sandbox(self, config: SandboxConfig) -> Sandbox:
        """Make what the containers of a pod share, with an address of its own."""
        ip = self._host_ip if config.host_network else self._addresses.take()
        sandbox = Sandbox(secrets.token_hex(32), config, ip, self._now())
        folder = self._sandbox_folder(sandbox.id)
        folder.mkdir(parents=True)
        if config.dns:
            sandboxfiles.write(folder / "resolv.conf", sandboxfiles.resolv_conf(config.dns))
        try:
            await self._handler.open_sandbox(sandbox, folder)
            if self._ports and not config.host_network:
                await self._ports.add(sandbox)
        except BaseException:
            await self._close(sandbox)
            raise
        self._sandboxes[sandbox.id] = sandbox
        return sandbox

    async def stop_pod_sandbox(self, sandbox_id: str) -> None:
        """Kill what still runs in it and give its address back."""
        sandbox = self._sandboxes[sandbox_id]
        await asyncio.gather(*(each.kill() for each in self._of(sandbox_id)))
        if sandbox.ready:
            sandbox.ready = False
            await self._close(sandbox)

    async def _close(self, sandbox: Sandbox) -> None:
        if self._ports:
            await self._ports.remove(sandbox)
        self._give_back(sandbox)
        await self._handler.close_sandbox(sandbox)

    async def remove_pod_sandbox(self, sandbox_id: str) -> None:
        """Forget it and its containers."""
        if sandbox_id in self._sandboxes:
            await self.stop_pod_sandbox(sandbox_id)
            for container in self._of(sandbox_id):
                await self.remove_container(container.status.id)
            folder = self._sandbox_folder(sandbox_id)
            await asyncio.to_thread(trees.discard, folder)
            del self._sandboxes[sandbox_id]

    def list_pod_sandboxes(self) -> Sequence[Sandbox]:
        """All that were not removed, oldest first."""
        return list(self._sandboxes.values())

    async def mount_memory(self, folder: Path, size: int, group: int) -> None:
        """Let `size` bytes of a folder that containers get lie in memory, where it is possible."""
        options = f"mode={0o777 if group < 0 else 0o2777:o},size={size}"
        if group >= 0 and os.geteuid() == 0:
            options += f",gid={group}"
        await self._handler.mount_memory(folder, options)

    async def unmount_memory(self, folder: Path) -> None:
        """Let go of what lay there."""
        await self._handler.unmount_memory(folder)

    # --- containers ---

    async def create_container(self, sandbox_id: str, config: ContainerConfig) -> str:
        """Prepare a container's folder and environment; the answer is its id."""
        container_id = secrets.token_hex(32)
        bundle = await self._handler.make_bundle(
            self._folder / container_id,
            config,
            sandbox=self._sandboxes[sandbox_id],
            target=target.bundle if (target := self._containers.get(config.target)) else None,
            files=self._sandbox_files(sandbox_id),
        )
        self._containers[container_id] = Container(
            ContainerStatus(container_id, sandbox_id, config, bundle.user, self._now()),
            bundle,
            now=self._now,
            sleep=self._sleep,
            guard=self._guard,
            tell=partial(self._tell, sandbox_id),
        )
        return container_id

    async def start_container(self, container_id: str) -> None:
        """Start the program: the command, else the image's. Raises StartError."""
        await self._containers[container_id].start()

    async def update_container_resources(self, container_id: str, resources: Resources) -> None:
        """Let a running container take more or less. Raises ContainerError."""
        self._containers[container_id].update(resources)

    async def stop_container(self, container_id: str, grace: float) -> None:
        """Ask it to end, and kill it after `grace` seconds. Returns when it has ended."""
        await self._containers[container_id].stop(grace)

    async def remove_container(self, container_id: str) -> None:
        """Forget a container; one that runs is killed first. Its log stays."""
        container = self._containers.get(container_id)
        if container:
            await container.kill()
            self._containers.pop(container_id, None)
            container.bundle.close()
            await asyncio.to_thread(trees.discard, container.bundle.folder)

    def list_containers(self, sandbox_id: str) -> Sequence[ContainerStatus]:
        """All of a sandbox that were not removed, oldest first."""
        return [container.status for container in self._of(sandbox_id)]

    async def container_stats(self) -> Mapping[str, ContainerStats]:
        """What each running container uses, by id."""
        alone, used = {}, {}
        for container_id, container in self._containers.items():
            if container.runs:
                if container.bundle.cgroup:
                    used[container_id] = container.bundle.cgroup.stats()
                else:
                    alone[container.status.pid] = container_id
        # To look at every process of the machine takes some milliseconds.
        found = await asyncio.to_thread(stats.by_session, alone) if alone else {}
        return used | {alone[pid]: of_session for pid, of_session in found.items()}

    # --- going inside ---

    async def exec_sync(
        self, container_id: str, command: Sequence[str], timeout: float
    ) -> ExecResult:
        """Run a command to its end. Raises StartError, and TimeoutError after so many seconds."""
        stream = await self.exec(container_id, command, stdin=False, tty=False)
        output = bytearray()

        async def run() -> int:
            while piece := await stream.read():
                if len(output) < _EXEC_OUTPUT:
                    output.extend(piece[1])
            return await stream.wait()

        try:
            return ExecResult(await asyncio.wait_for(run(), timeout), bytes(output))
        finally:
            stream.close()

    async def exec(
        self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool
    ) -> Stream:
        """Run a command beside the container's program. Raises StartError."""
        bundle = self._containers[container_id].bundle
        process, ends = await bundle.exec(command, stdin=stdin, tty=tty)
        return Execution(process, ends, translate=bundle.to_container)

    async def attach(self, container_id: str) -> Stream:
        """Connect to the container's own program. Raises StartError if it has none yet."""
        return self._containers[container_id].attach()

    async def port_forward(
        self, sandbox_id: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a port of a sandbox. Raises ContainerError."""
        sandbox = self._sandboxes.get(sandbox_id)
        if sandbox is None or not sandbox.ready:
            raise ContainerError(f'sandbox container "{sandbox_id}" is not running')
        errors = []
        for door in doors(port):
            try:
                return await asyncio.open_connection(sandbox.ip, door)
            except OSError as error:
                errors.append(error)
        reason = os.strerror(errors[0].errno or 0).lower()
        raise ContainerError(
            f"failed to connect to localhost:{port} inside namespace {sandbox.ip}: "
            f"dial tcp4 {sandbox.ip}:{port}: connect: {reason}"
        )

    async def wait_for_log(self, container_id: str) -> None:
        """Wait until the container has written more to its log, or has ended."""
        container = self._containers.get(container_id)
        if container:
            await container.wait_for_log()

    # --- the whole ---

    def add_listener(self, listener: Callable[[Sandbox], None]) -> Callable[[], None]:
        """Call `listener` with the sandbox whenever a container of it starts or ends."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    async def clean_up(self) -> None:
        """End what an earlier run of this runtime left behind."""
        await leftovers.end_all(self._folder)
        await asyncio.to_thread(trees.discard, self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)

    async def shut_down(self) -> None:
        """Kill and forget everything, as when a machine loses power."""
        self._listeners.clear()
        self._guard.close()
        for sandbox_id in list(self._sandboxes):
            await self.remove_pod_sandbox(sandbox_id)
        await self._handler.close()
        # Processes that have left their group are found by their mark.
        await self.clean_up()

    def _sandbox_folder(self, sandbox_id: str) -> Path:
        return self._folder / sandbox_id

    def _sandbox_files(self, sandbox_id: str) -> dict[str, Path]:
        if self._sandboxes[sandbox_id].config.dns is None:
            return {}
        return {"/etc/resolv.conf": self._sandbox_folder(sandbox_id) / "resolv.conf"}

    def _give_back(self, sandbox: Sandbox) -> None:
        if not sandbox.config.host_network:
            self._addresses.give_back(sandbox.ip)

    def _of(self, sandbox_id: str) -> list[Container]:
        return [c for c in self._containers.values() if c.status.sandbox_id == sandbox_id]

    def _tell(self, sandbox_id: str) -> None:
        sandbox = self._sandboxes[sandbox_id]
        for listener in list(self._listeners):
            listener(sandbox)

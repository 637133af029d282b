"""Runtimes with real processes, and a short way to run containers in them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kubelearn.containers import probe
from kubelearn.containers.images import Image, Reference
from kubelearn.containers.isolation import NamespacesRuntime
from kubelearn.containers.machineimages import MachineImages
from kubelearn.containers.process import ProcessRuntime
from kubelearn.containers.runtime import (
    ContainerConfig,
    ContainerState,
    ContainerStatus,
    Sandbox,
    SandboxConfig,
)
from kubelearn.containers.stock import StockImages

# Addresses that no cluster takes, since theirs begin with 127.64, nor another run of the tests.
BLOCK = f"127.{30 + os.getpid() % 30}.{os.getpid() // 30 % 250}"
HOST_IP = "127.29.0.2"
SHELL = Image("docker.io/library/shell:1", cmd=("sh",))


class Node:
    """A runtime, and what a test wants to know of it."""

    def __init__(self, folder: Path, kind: str, roots: Path) -> None:
        self.folder = folder
        self.kind = kind
        isolated = kind == probe.NAMESPACES
        self.images = StockImages(
            folder / "images", roots=MachineImages(roots) if isolated else None
        )
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)
        self.graces: list[float] = []
        self.patient = False
        """Whether a grace never ends."""
        make = NamespacesRuntime if isolated else ProcessRuntime
        self.runtime = make(
            folder / "containers",
            pod_cidr=f"{BLOCK}.0/24",
            host_ip=HOST_IP,
            now=lambda: self.now,
            sleep=self._let_grace_pass,
        )
        self._changed = asyncio.Condition()
        self.runtime.add_listener(lambda _: self._tell())

    async def _let_grace_pass(self, seconds: float) -> None:
        self.graces.append(seconds)
        if self.patient:
            await asyncio.Event().wait()

    def _tell(self) -> None:
        async def notify() -> None:
            async with self._changed:
                self._changed.notify_all()

        self._task = asyncio.ensure_future(notify())

    async def sandbox(self, name: str = "web-0", **config: object) -> Sandbox:
        return await self.runtime.run_pod_sandbox(
            SandboxConfig("default", name, f"uid-of-{name}", name, **config)
        )

    async def start(
        self, sandbox: Sandbox, *command: str, image: Image | str = SHELL, **config: object
    ) -> str:
        if isinstance(image, str):
            image = await self.images.pull(Reference.parse(image))
        elif self.kind == probe.NAMESPACES and image.rootfs is None:
            tools = await self.images.pull(Reference.parse("busybox"))
            image = replace(image, rootfs=tools.rootfs)
        number = len(self.runtime.list_containers(sandbox.id))
        made = await self.runtime.create_container(
            sandbox.id,
            ContainerConfig(
                name="app",
                image=image,
                log_path=self.folder / "logs" / f"{sandbox.id[:8]}-{number}.log",
                command=command,
                **config,
            ),
        )
        await self.runtime.start_container(made)
        return made

    def status(self, container: str) -> ContainerStatus:
        every = [
            status
            for sandbox in self.runtime.list_pod_sandboxes()
            for status in self.runtime.list_containers(sandbox.id)
        ]
        return next(status for status in every if status.id == container)

    async def ended(self, container: str) -> ContainerStatus:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(
                lambda: self.status(container).state is ContainerState.EXITED
            )
        return self.status(container)

    async def log_has(self, container: str, text: str) -> str:
        async with asyncio.timeout(20):
            while text not in self.log(container):
                await self.runtime.wait_for_log(container)
        return self.log(container)

    def log(self, container: str) -> str:
        """What was printed, without the log's own columns."""
        lines = self.status(container).config.log_path.read_text().splitlines()
        return "\n".join(line.split(" ", 3)[3] for line in lines)

    async def output(self, sandbox: Sandbox, *command: str, **config: object) -> str:
        container = await self.start(sandbox, *command, **config)
        await self.ended(container)
        return self.log(container)


@pytest.fixture(scope="session")
def best(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The best runtime that works here."""
    return probe.choose(tmp_path_factory.mktemp("probe")).runtime


@pytest.fixture(scope="session")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where images' root file systems are made, once."""
    return tmp_path_factory.mktemp("roots")


@pytest.fixture(params=[probe.PROCESS, probe.NAMESPACES])
async def node(
    request: pytest.FixtureRequest, tmp_path: Path, best: str, roots: Path
) -> AsyncIterator[Node]:
    """A node whose processes do not outlive the test; grace periods there take no time."""
    if request.param == probe.NAMESPACES != best:
        pytest.skip("this machine lets no container have namespaces")
    made = Node(tmp_path, request.param, roots)
    await made.runtime.clean_up()
    yield made
    await made.runtime.shut_down()


@pytest.fixture
def python() -> str:
    """This Python, for programs that are no containers."""
    return sys.executable


@pytest.fixture
def reference() -> Callable[[str], Reference]:
    """Read an image's name."""
    return Reference.parse

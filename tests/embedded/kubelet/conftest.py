"""A kubelet over real processes, an API server in memory, and time that stands still."""

from __future__ import annotations

import asyncio
import copy
import os
import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kubelearn.containers.images import Image
from kubelearn.containers.process import ProcessRuntime
from kubelearn.containers.runtime import (
    ContainerConfig,
    ContainerState,
    ContainerStatus,
    LinuxUser,
    Sandbox,
    SandboxConfig,
)
from kubelearn.containers.stock import StockImages
from kubelearn.embedded.kubelet import Kubelet, NodeConfig
from kubelearn.embedded.kubelet.containerstatus import Seen
from kubelearn.embedded.kubelet.podstatus import pod_status
from kubelearn.objects import EVENTS, PODS, Object, condition

NODE = "worker"
EARLIER, LATER = "2026-01-01T11:00:00Z", "2026-01-01T12:00:00Z"
POLITE = "trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.05; done"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
# Addresses that no cluster takes, since theirs begin with 127.64, nor another run of the tests.
BLOCK = f"127.{30 + os.getpid() % 30}.{os.getpid() // 30 % 250}"


class Machine:
    """A node with its kubelet, and what a test does with pods."""

    def __init__(self, folder: Path, api: Any, clock: Any) -> None:
        self.api = api
        self.clock = clock
        self.runtime = ProcessRuntime(
            folder / "containers",
            pod_cidr=f"{BLOCK}.0/24",
            host_ip=f"{BLOCK}.1",
            now=clock.now,
            sleep=clock.sleep,
        )
        self.config = NodeConfig(
            NODE, f"{BLOCK}.1", f"{BLOCK}.0/24", folder / "kubelet", cluster_dns=f"{BLOCK}.10"
        )
        self.images = StockImages(folder / "images")
        self.kubelet = self.make_kubelet()
        self._task: asyncio.Task[None] | None = None

    def make_kubelet(self) -> Kubelet:
        return Kubelet(
            self.api,
            node=self.config,
            runtime=self.runtime,
            images=self.images,
            tls=None,
            clock=self.clock,
            random=random.Random(1),
        )

    def start(self) -> None:
        self._task = asyncio.create_task(self.kubelet.run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    # --- pods ---

    async def run(self, pod: Object) -> None:
        await self.api.create(PODS, pod)

    def pod(self, name: str = "p") -> Object:
        found = {pod["metadata"]["name"]: pod for pod in self.api.objects(PODS)}
        return copy.deepcopy(found[name])

    def status(self, name: str = "p") -> Object:
        return self.pod(name).get("status") or {}

    def container(self, container: str = "app", name: str = "p") -> Object:
        every = [*self.status(name).get("initContainerStatuses", [])]
        every += self.status(name).get("containerStatuses", [])
        return next((each for each in every if each["name"] == container), {"state": {}})

    async def until(self, check: Callable[[], object]) -> None:
        await self.api.until(check)

    async def phase(self, phase: str, name: str = "p") -> Object:
        await self.until(lambda: self.status(name).get("phase") == phase)
        return self.status(name)

    async def waits_for(self, reason: str, container: str = "app") -> Object:
        def holds() -> bool:
            waiting = self.container(container)["state"].get("waiting") or {}
            return waiting.get("reason") == reason

        await self.until(holds)
        return self.container(container)

    async def runs(self, container: str = "app", *, restarts: int = 0) -> Object:
        def holds() -> bool:
            status = self.container(container)
            return "running" in status["state"] and status["restartCount"] == restarts

        await self.until(holds)
        return self.container(container)

    async def delete(self, name: str = "p", *, grace: int) -> None:
        """What the API server does with a DELETE: mark it, and let the kubelet remove it."""
        pod = self.pod(name)
        marks = {
            "deletionTimestamp": "2026-01-01T12:00:30Z",
            "deletionGracePeriodSeconds": grace,
            "generation": pod["metadata"].get("generation", 1) + 1,
        }
        await self.api.put(PODS, {**pod, "metadata": {**pod["metadata"], **marks}})

    async def gone(self, name: str = "p") -> None:
        await self.until(
            lambda: name not in [pod["metadata"]["name"] for pod in self.api.objects(PODS)]
        )

    async def events(self) -> list[tuple[str, str]]:
        """Reason and message of everything that was told."""
        await self.kubelet._kube.recorder.flush()
        return [(event["reason"], event["message"]) for event in self.api.objects(EVENTS)]

    async def told(self, reason: str) -> str:
        """Wait for an Event of that reason; its message."""

        def messages() -> list[str]:
            return [e["message"] for e in self.api.objects(EVENTS) if e["reason"] == reason]

        await self.until(messages)
        return messages()[0]

    async def log_has(self, text: str) -> None:
        """Wait until the container has printed something."""
        run = self.kubelet.worker("default", "p").view.runs("app")[-1]
        async with asyncio.timeout(20):
            while text not in run.config.log_path.read_text():
                await self.runtime.wait_for_log(run.id)

    async def settled(self) -> None:
        """Wait until the workers of pods that are gone have cleaned up."""
        present = {pod["metadata"]["uid"] for pod in self.api.objects(PODS)}
        leaving = [task for uid, task in self.kubelet._tasks.items() if uid not in present]
        if leaving:
            await asyncio.wait(leaving)

    def log(self, container: str = "app", name: str = "p") -> str:
        worker = self.kubelet.worker("default", name)
        lines = worker.view.runs(container)[-1].config.log_path.read_text().splitlines()
        return "\n".join(line.split(" ", 3)[3] for line in lines)


@pytest.fixture
async def machine(tmp_path: Path, api: Any, clock: Any) -> AsyncIterator[Machine]:
    """A node whose kubelet runs."""
    made = Machine(tmp_path, api, clock)
    await made.runtime.clean_up()
    made.start()
    yield made
    await made.stop()
    await made.runtime.shut_down()


class MemoryMounts:
    """What of a runtime volumes need: takes note of the folders that lie in memory."""

    def __init__(self) -> None:
        self.mounted: dict[Path, tuple[int, int]] = {}

    async def mount_memory(self, folder: Path, size: int, group: int) -> None:
        self.mounted[folder] = (size, group)

    async def unmount_memory(self, folder: Path) -> None:
        del self.mounted[folder]


@pytest.fixture
async def http(machine: Machine) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the kubelet's server; paths are relative to it."""
    base = f"http://{machine.config.ip}:{machine.config.port}"
    async with aiohttp.ClientSession(base) as session:
        yield session


@pytest.fixture
def in_memory() -> MemoryMounts:
    """Which folders lie in memory, with their sizes and groups."""
    return MemoryMounts()


@pytest.fixture
def pod_of() -> Callable[..., Object]:
    """A pod on the node with one container that runs a shell script; keywords go into its spec."""

    def make(script: str = "sleep 600", *, container: Object | None = None, **spec: Any) -> Object:
        app = {
            "name": "app",
            "image": "kubelearn/hello:1.0",
            "command": ["sh", "-c", script],
            **(container or {}),
        }
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p", "namespace": "default", "uid": "uid-of-p", "generation": 1},
            "spec": {"nodeName": NODE, "containers": [app], **spec},
            "status": {"phase": "Pending", "qosClass": "BestEffort"},
        }

    return make


@pytest.fixture
def sandbox() -> Sandbox:
    """A sandbox that only looks like one."""
    return Sandbox("s1", SandboxConfig("default", "p", "uid-of-p", "p"), "127.64.1.2", NOW)


@pytest.fixture
def run_of() -> Callable[..., ContainerStatus]:
    """A run of a container, as a runtime would show it."""

    def make(name: str = "app", *, code: int | None = None, attempt: int = 0) -> ContainerStatus:
        config = ContainerConfig(
            name,
            Image("docker.io/kubelearn/hello:1.0"),
            Path("/nowhere/0.log"),
            attempt=attempt,
            annotations={"io.kubernetes.container.hash": "any"},
        )
        status = ContainerStatus(
            f"{name}-{attempt}", "s1", config, LinuxUser(1000, 1000, [1000]), NOW, started_at=NOW
        )
        if code is None:
            status.state = ContainerState.RUNNING
            return status
        status.state, status.exit_code, status.finished_at = ContainerState.EXITED, code, NOW
        status.reason = "Error" if code else "Completed"
        return status

    return make


@pytest.fixture
def status_of(sandbox: Sandbox) -> Callable[..., Object]:
    """The status of a pod with these runs; each container's newest run is the last.

    Its sandbox is closed when all have ended, unless told otherwise.
    """

    def make(
        pod,
        *runs,
        old=None,
        waiting=None,
        started=True,
        ready=True,
        network=True,
        closed=None,
        **how,
    ):
        over = bool(runs) and all(run.state is ContainerState.EXITED for run in runs)
        sandbox.ready = not (over if closed is None else closed)
        by_name = {}
        for run in runs:
            by_name.setdefault(run.config.name, []).append(run)
        seen = Seen(
            sandbox=sandbox if network else None,
            runs=by_name,
            waiting=waiting or {},
            started=lambda name: started,
            ready=lambda name: ready,
        )
        before = pod.get("status", {}) if old is None else old
        return pod_status(pod, seen=seen, old=before, node_ip="127.64.0.3", now=LATER, **how)

    return make


def truth(status: Object, kind: str) -> tuple[str, str]:
    """A condition's status, and its reason."""
    found = condition({"status": status}, kind)
    assert found
    return found["status"], found.get("reason", "")

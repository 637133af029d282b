"""What a kubelet asks of a container runtime, in the words of the Container Runtime Interface.

Stands for `cri-api/pkg/apis/runtime/v1/api.proto`: sandboxes (what the containers of a pod share),
containers in them, exec, attach, and word of what happened. Real runtimes answer these calls over
gRPC; here they are methods of an object in the kubelet's own process. Left out: checkpoints.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Protocol

from kubelearn.containers.images import Image
from kubelearn.errors import ContainerError


class StartError(ContainerError):
    """The container's program could not be started."""


@dataclass(frozen=True, slots=True)
class DnsConfig:
    """What a container's `resolv.conf` says."""

    servers: Sequence[str] = ()
    searches: Sequence[str] = ()
    options: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PortMapping:
    """A port of the node that leads to one of a sandbox."""

    host_port: int
    container_port: int
    protocol: str = "TCP"
    host_ip: str = ""
    """The address of the node at which it does; empty for each."""


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """Whose sandbox it is and what its containers share."""

    namespace: str
    name: str
    uid: str
    hostname: str
    attempt: int = 0
    host_network: bool = False
    host_pid: bool = False
    host_ipc: bool = False
    share_processes: bool = False
    """Whether its containers see one another's processes."""
    sysctls: Mapping[str, str] = field(default_factory=dict)
    dns: DnsConfig | None = None
    """None leaves the image's files as they are."""
    port_mappings: Sequence[PortMapping] = ()


@dataclass(slots=True)
class Sandbox:
    """A pod's place on the node, with its address."""

    id: str
    config: SandboxConfig
    ip: str
    created_at: datetime
    ready: bool = True


class PortMapper(Protocol):
    """What makes ports of the node lead to sandboxes, as CNI's plug-in `portmap` does."""

    async def add(self, sandbox: Sandbox) -> None:
        """Let a sandbox's ports of the node lead to it."""
        ...

    async def remove(self, sandbox: Sandbox) -> None:
        """Let them lead nowhere."""
        ...


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of the node that the container sees under a path of its own."""

    container_path: str
    host_path: Path
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Resources:
    """What a container may take; 0 for as much as it likes."""

    memory_limit: int = 0
    """In bytes."""
    cpu_limit: int = 0
    """In thousandths of a processor, as the other."""
    cpu_request: int = 0
    """Its share when there is not enough for all."""


@dataclass(frozen=True, slots=True)
class SecurityContext:
    """What a container's program may do. None leaves it to the image."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    groups: Sequence[int] = ()
    """Further groups of its user."""
    merge_groups: bool = True
    """Whether it is in those groups too that the image says."""
    add: Sequence[str] = ()
    drop: Sequence[str] = ()
    """Capabilities, without the `CAP_`; or `ALL`."""
    privileged: bool = False
    no_new_privileges: bool = False
    read_only_root: bool = False


@dataclass(frozen=True, slots=True)
class ContainerConfig:
    """What to run. An empty command or args stand for the image's own."""

    name: str
    image: Image
    log_path: Path
    attempt: int = 0
    command: Sequence[str] = ()
    args: Sequence[str] = ()
    working_dir: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    security: SecurityContext = field(default_factory=SecurityContext)
    target: str = ""
    """The container whose processes it sees, if not its own."""
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False


class ContainerState(Enum):
    """How far a container has come."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class LinuxUser:
    """Whom a container's program runs as."""

    uid: int
    gid: int
    groups: Sequence[int]

    def as_dict(self) -> dict[str, object]:
        """As the API shows it."""
        return {"uid": self.uid, "gid": self.gid, "supplementalGroups": list(self.groups)}


@dataclass(slots=True)
class ContainerStatus:
    """A container as its runtime sees it. A dead one stays until it is removed."""

    id: str
    sandbox_id: str
    config: ContainerConfig
    user: LinuxUser
    created_at: datetime
    state: ContainerState = ContainerState.CREATED
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    pid: int = 0


@dataclass(frozen=True, slots=True)
class ContainerStats:
    """What the processes of a container use."""

    cpu_seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class ExecResult:
    """How a command ended that was run inside a container."""

    exit_code: int
    output: bytes


class Stream(Protocol):
    """The open ends of a process: what exec and attach give."""

    async def read(self) -> tuple[int, bytes] | None:
        """The next output as (1 for stdout or 2 for stderr, bytes); None at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Send input; nothing happens when the process takes none."""
        ...

    def close_input(self) -> None:
        """Say that no more input will come."""
        ...

    def resize(self, width: int, height: int) -> None:
        """Tell a terminal's new size, in columns and rows."""
        ...

    async def wait(self) -> int:
        """How it ended, once it has: a command's exit code, 0 for a container."""
        ...

    def close(self) -> None:
        """Let go of it; a command that still runs is killed, a container goes on."""
        ...


class Runtime(Protocol):
    """One node's container runtime."""

    name: str
    version: str

    async def run_pod_sandbox(self, config: SandboxConfig) -> Sandbox:
        """Make what the containers of a pod share, with an address of its own."""
        ...

    async def stop_pod_sandbox(self, sandbox_id: str) -> None:
        """Kill what still runs in it and give its address back."""
        ...

    async def remove_pod_sandbox(self, sandbox_id: str) -> None:
        """Forget it and its containers."""
        ...

    def list_pod_sandboxes(self) -> Sequence[Sandbox]:
        """All that were not removed, oldest first."""
        ...

    async def mount_memory(self, folder: Path, size: int, group: int) -> None:
        """Let a folder that containers get lie in memory, where that is possible.

        It holds `size` bytes and belongs to the group, unless that is -1. Raises ContainerError.
        """
        ...

    async def unmount_memory(self, folder: Path) -> None:
        """Let go of what lay there."""
        ...

    async def create_container(self, sandbox_id: str, config: ContainerConfig) -> str:
        """Prepare a container; the answer is its id."""
        ...

    async def start_container(self, container_id: str) -> None:
        """Start its program. Raises StartError."""
        ...

    async def update_container_resources(self, container_id: str, resources: Resources) -> None:
        """Let a running container take more or less. Raises ContainerError."""
        ...

    async def stop_container(self, container_id: str, grace: float) -> None:
        """Ask it to end, and kill it after `grace` seconds. Returns when it has ended."""
        ...

    async def remove_container(self, container_id: str) -> None:
        """Forget a container; one that runs is killed first. Its log stays."""
        ...

    def list_containers(self, sandbox_id: str) -> Sequence[ContainerStatus]:
        """All of a sandbox that were not removed, oldest first."""
        ...

    async def container_stats(self) -> Mapping[str, ContainerStats]:
        """What each running container uses, by id."""
        ...

    async def exec_sync(
        self, container_id: str, command: Sequence[str], timeout: float
    ) -> ExecResult:
        """Run a command to its end. Raises StartError, and TimeoutError after so many seconds."""
        ...

    async def exec(
        self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool
    ) -> Stream:
        """Run a command and stay connected. Raises StartError."""
        ...

    async def attach(self, container_id: str) -> Stream:
        """Connect to the container's own program. Raises StartError if it has none yet."""
        ...

    async def port_forward(
        self, sandbox_id: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a port of a sandbox. Raises ContainerError."""
        ...

    async def wait_for_log(self, container_id: str) -> None:
        """Wait until the container has written more to its log, or has ended."""
        ...

    def add_listener(self, listener: Callable[[Sandbox], None]) -> Callable[[], None]:
        """Call `listener` with the sandbox whenever a container of it starts or ends.

        The answer takes the listener off again.
        """
        ...

    async def clean_up(self) -> None:
        """End what an earlier run of this runtime left behind."""
        ...

    async def shut_down(self) -> None:
        """Kill and forget everything, as when a machine loses power."""
        ...

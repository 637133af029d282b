"""How a runtime starts processes and what those see: the part of its work that is runc's.

A RuntimeService asks a handler; the word is that of a RuntimeClass (`handler: runc`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from kubelearn.containers.cgroup import Cgroup
from kubelearn.containers.child import Ends, Process
from kubelearn.containers.runtime import ContainerConfig, LinuxUser, Sandbox

Started = tuple[Process, Ends]


class Bundle(Protocol):
    """A container's folder, and how to run programs in that container."""

    @property
    def folder(self) -> Path:
        """Where its files are."""
        ...

    @property
    def user(self) -> LinuxUser:
        """Whom its programs run as."""
        ...

    @property
    def cgroup(self) -> Cgroup | None:
        """What limits it; None where somebody else has to."""
        ...

    async def start(self, *, stdin: bool, tty: bool) -> Started:
        """Start the container's own program. Raises StartError."""
        ...

    async def exec(self, command: Sequence[str], *, stdin: bool, tty: bool) -> Started:
        """Start a program beside it. Raises StartError."""
        ...

    def to_container(self, output: bytes) -> bytes:
        """Output as the container should have written it."""
        ...

    def close(self) -> None:
        """Let go of all but the folder."""
        ...


class Handler(Protocol):
    """Makes bundles."""

    name: str

    async def open_sandbox(self, sandbox: Sandbox, folder: Path) -> None:
        """Make what the containers of a pod share. Raises ContainerError."""
        ...

    async def close_sandbox(self, sandbox: Sandbox) -> None:
        """Let go of it; its containers have ended."""
        ...

    async def mount_memory(self, folder: Path, options: str) -> None:
        """Mount a tmpfs at a folder for containers, if this can be done. Raises ContainerError."""
        ...

    async def unmount_memory(self, folder: Path) -> None:
        """Unmount it."""
        ...

    async def make_bundle(
        self,
        folder: Path,
        config: ContainerConfig,
        *,
        sandbox: Sandbox,
        target: Bundle | None,
        files: Mapping[str, Path],
    ) -> Bundle:
        """Lay out a container, in a folder with the container's id for its name.

        It sees the processes of `target`, if there is one. `files` are what its sandbox gives to
        each container. Raises ContainerError.
        """
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...

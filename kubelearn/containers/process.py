"""The process runtime: a container is a plain child process, on any Linux machine, without root.

Each container is a session of its own with its own environment, working folder, log and, through
its pod, address. What it does not have is a view of its own: it sees the machine's files, processes
and users. `paths` and `shim` hide the most of that. Left out: limits but for memory, users,
read-only mounts, capabilities.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from kubelearn.containers.bundle import ProcessBundle, make_bundle
from kubelearn.containers.handler import Bundle, Handler
from kubelearn.containers.runtime import ContainerConfig, LinuxUser, Sandbox
from kubelearn.containers.runtimeservice import RuntimeService


class Processes:
    """A Handler whose containers are plain processes."""

    name = "process"

    def __init__(self) -> None:
        groups = sorted({os.getgid(), *os.getgroups()})
        self._user = LinuxUser(os.getuid(), os.getgid(), groups)

    async def open_sandbox(self, sandbox: Sandbox, folder: Path) -> None:
        """Nothing is shared but what every container can make for itself."""

    async def close_sandbox(self, sandbox: Sandbox) -> None:
        """Nothing is left."""

    async def mount_memory(self, folder: Path, options: str) -> None:
        """The folder lies on the disk."""

    async def unmount_memory(self, folder: Path) -> None:
        """Nothing is mounted."""

    async def make_bundle(
        self,
        folder: Path,
        config: ContainerConfig,
        *,
        sandbox: Sandbox,
        target: Bundle | None,
        files: Mapping[str, Path],
    ) -> ProcessBundle:
        """Lay out a container's folder."""
        return make_bundle(folder, config, sandbox=sandbox, files=files, user=self._user)

    async def close(self) -> None:
        """Nothing is open."""


class ProcessRuntime(RuntimeService):
    """A Runtime for one node; `folder` is where its containers have their files."""

    def make_handler(self, folder: Path) -> Handler:
        """What starts them."""
        return Processes()

"""The namespaces runtime: a container sees its image's files, its own processes, and nothing else.

Stands for runc. Each container has namespaces of its own for mounts, processes and control groups,
and each pod has some for its name and for what processes share (IPC); the network is the machine's,
in which every pod has an address. The zygote does what has to be done inside. Left out: profiles
for seccomp and AppArmor, which devices may be used, and that volumes can show what is mounted in
them later.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kubelearn.containers import capabilities, sandboxfiles, users
from kubelearn.containers.bundle import command_of
from kubelearn.containers.cgroup import Cgroup
from kubelearn.containers.cgroups import Cgroups
from kubelearn.containers.handler import Bundle, Handler
from kubelearn.containers.isolatedbundle import IsolatedBundle
from kubelearn.containers.launcher import LaunchedProcess, Launcher
from kubelearn.containers.leftovers import record
from kubelearn.containers.runtime import ContainerConfig, Sandbox
from kubelearn.containers.runtimeservice import RuntimeService
from kubelearn.containers.sockets import Place
from kubelearn.errors import ContainerError

_SHARED_MEMORY = "mode=1777,size=65536k"


@dataclass
class _Shared:
    """What the containers of a pod share: namespaces, and /dev/shm."""

    namespaces: Mapping[str, int]
    memory: Path | None = None
    init: LaunchedProcess | None = None


class Isolation:
    """A Handler whose containers have namespaces; `owner` is the folder of the runtime."""

    name = "namespaces"

    def __init__(self, owner: Path) -> None:
        self._owner = owner
        self._launcher = Launcher()
        self._shared: dict[str, _Shared] = {}
        self._groups: Cgroups | None = None
        self._looked_for_groups = False

    # --- sandboxes ---

    async def open_sandbox(self, sandbox: Sandbox, folder: Path) -> None:
        """Make a pod's namespaces. Raises ContainerError."""
        config = sandbox.config
        sandboxfiles.write(folder / "hostname", f"{config.hostname}\n")
        names = ["uts"] if config.host_ipc else ["uts", "ipc"]
        if config.share_processes:
            names.append("pid")
        request = {
            "action": "sandbox",
            "namespaces": names,
            "hostname": config.hostname,
            "sysctls": dict(config.sysctls),
        }
        answer = await self._launcher.ask(request)
        namespaces = {name: answer.files[name] for name in names}
        shared = self._shared[sandbox.id] = _Shared(namespaces)
        if config.share_processes:
            shared.init = LaunchedProcess(answer)
            with contextlib.suppress(OSError):
                record(folder, shared.init.pid)
        else:
            answer.rest.close()
            os.close(answer.files["process"])
        if not config.host_ipc:
            shared.memory = folder / "shm"
            await self.mount_memory(shared.memory, _SHARED_MEMORY)

    async def close_sandbox(self, sandbox: Sandbox) -> None:
        """Let go of them."""
        shared = self._shared.pop(sandbox.id, None)
        if shared is None:
            return
        if shared.init:
            shared.init.kill()
            ended = asyncio.Event()
            shared.init.when_ended(lambda _: ended.set())
            await ended.wait()
        for descriptor in shared.namespaces.values():
            os.close(descriptor)
        if shared.memory:
            await self.unmount_memory(shared.memory)

    async def mount_memory(self, folder: Path, options: str) -> None:
        """Let a folder lie in memory, for containers. Raises ContainerError."""
        folder.mkdir(parents=True, exist_ok=True)
        request = {"action": "mount", "path": str(folder), "options": options}
        (await self._launcher.ask(request)).close()

    async def unmount_memory(self, folder: Path) -> None:
        """Let go of what lay there in memory."""
        with contextlib.suppress(ContainerError):
            (await self._launcher.ask({"action": "unmount", "path": str(folder)})).close()

    # --- containers ---

    async def make_bundle(
        self,
        folder: Path,
        config: ContainerConfig,
        *,
        sandbox: Sandbox,
        target: Bundle | None,
        files: Mapping[str, Path],
    ) -> Bundle:
        """Lay out a container. Raises ContainerError."""
        if config.image.rootfs is None:
            # Never as a plain process instead: its files would be the machine's.
            raise ContainerError(f"image {config.image.name} has no root file system")
        user = users.resolve(config.image, config.security)
        cgroup, pod = self._cgroup(folder.name, config), sandbox.config
        join, others = dict(self._shared[sandbox.id].namespaces), _processes_of(target)
        if others is not None:
            join["pid"] = others
        own_processes = not (pod.host_pid or "pid" in join)
        request = {
            "namespaces": ["mnt", "cgroup", *(["pid"] if own_processes else [])],
            **self._groups_of(cgroup),
            "root": _root(folder, config),
            "mounts": self._mounts(config, sandbox=sandbox, files=files),
            "privileged": config.security.privileged,
            "gate": not pod.host_network,
            "process": _process(config, user, hostname=pod.hostname),
        }
        return IsolatedBundle(
            folder=folder,
            user=user.linux,
            request=request,
            join=join,
            launcher=self._launcher,
            place=None if pod.host_network else Place(sandbox.ip),
            cgroup=cgroup,
            own_processes=own_processes,
            target=others,
        )

    def _mounts(
        self, config: ContainerConfig, *, sandbox: Sandbox, files: Mapping[str, Path]
    ) -> list[dict[str, Any]]:
        shared = self._shared[sandbox.id]
        own = {
            "/dev/shm": shared.memory or Path("/dev/shm"),
            "/etc/hostname": self._owner / sandbox.id / "hostname",
            **files,
        }
        mounts = {path: (source, False) for path, source in own.items()}
        for mount in config.mounts:
            mounts[mount.container_path.rstrip("/")] = (mount.host_path, mount.read_only)
        # Outer ones first, so that a mount inside another one lands in it.
        return [
            {"path": path, "source": str(source), "read_only": read_only}
            for path, (source, read_only) in sorted(mounts.items(), key=lambda each: len(each[0]))
        ]

    def _cgroup(self, container_id: str, config: ContainerConfig) -> Cgroup | None:
        if not self._looked_for_groups:
            self._groups, self._looked_for_groups = Cgroups.find(self._owner), True
        if self._groups is None:
            return None
        group = self._groups.make(container_id)
        group.set(config.resources)
        return group

    def _groups_of(self, cgroup: Cgroup | None) -> dict[str, Any]:
        return {
            "cgroups": [str(door) for door in cgroup.doors] if cgroup else [],
            "cgroup_hierarchies": self._groups.hierarchies if self._groups else [],
        }

    # --- the whole ---

    async def close(self) -> None:
        """End the zygote, and with it all that is left."""
        await asyncio.to_thread(self._launcher.close)
        self._looked_for_groups = False


def _processes_of(target: Bundle | None) -> int | None:
    """The open namespace in which another container's processes are."""
    if isinstance(target, IsolatedBundle) and target.process:
        return os.open(f"/proc/{target.process.pid}/ns/pid", os.O_RDONLY)
    return None


def _root(folder: Path, config: ContainerConfig) -> dict[str, Any]:
    """Folders for an overlay over the image's files."""
    own = {name: folder / name for name in ("layer", "root")}
    for path in own.values():
        path.mkdir(parents=True)
    return {
        "path": str(own["root"]),
        "lower": str(config.image.rootfs),
        "layer": str(own["layer"]),
        "read_only": config.security.read_only_root,
    }


def _process(config: ContainerConfig, user: users.User, *, hostname: str) -> dict[str, Any]:
    security = config.security
    env = {"HOSTNAME": hostname, "HOME": user.home, **config.image.env, **config.env}
    return {
        "args": command_of(config),
        "env": env,
        "cwd": config.working_dir or config.image.working_dir or "/",
        "user": asdict(user.linux),
        "capabilities": capabilities.chosen(
            add=security.add, drop=security.drop, privileged=security.privileged
        ),
        "no_new_privileges": security.no_new_privileges,
    }


class NamespacesRuntime(RuntimeService):
    """A Runtime for one node; `folder` is where its containers have their files."""

    def make_handler(self, folder: Path) -> Handler:
        """What starts them."""
        return Isolation(folder)

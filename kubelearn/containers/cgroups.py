"""Control groups: limits that the kernel keeps, and what is used (cgroups(7), both versions).

Stands for runc's `libcontainer/cgroups`. Each runtime has a group of its own, and in it one for
each container. Left out: groups of pods, of which the kubelet makes some, and huge pages.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from kubelearn.containers.runtime import ContainerStats, Resources
from kubelearn.errors import ContainerError

_CONTROLLERS = ("memory", "cpu", "cpuacct", "pids")
_PERIOD = 100_000  # microseconds, in which a limit of CPU is counted
_LEAST_QUOTA, _LEAST_SHARES, _MOST_SHARES = 1000, 2, 262_144
_TRIES, _REST = 50, 0.02


class Cgroup(Protocol):
    """The groups of one container."""

    @property
    def doors(self) -> Sequence[Path]:
        """Who writes 0 into each of these files is in."""
        ...

    def set(self, resources: Resources) -> None:
        """Limit what is in. Raises ContainerError."""
        ...

    def stats(self) -> ContainerStats:
        """What is used."""
        ...

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has ever killed something in here for memory."""
        ...

    def kill(self) -> None:
        """Kill all that is in here."""
        ...

    def remove(self) -> None:
        """Remove the groups, which are empty."""
        ...


class _Folders:
    """The same group in each of the hierarchies that count."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders
        self._each = list(dict.fromkeys(folders.values()))
        for folder in self._each:
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def doors(self) -> Sequence[Path]:
        """Who writes 0 into each of these files is in."""
        return [folder / "cgroup.procs" for folder in self._each]

    def kill(self) -> None:
        """Kill all that is in here."""
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def remove(self) -> None:
        """Remove the groups."""
        for folder in self._each:
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _pids(self) -> list[int]:
        try:
            return [int(line) for line in self.doors[0].read_text().split()]
        except OSError:
            return []

    def _write(self, controller: str, name: str, value: object) -> None:
        if controller in self._folders:
            (self._folders[controller] / name).write_text(str(value))

    def _read(self, controller: str, name: str) -> str:
        try:
            return (self._folders[controller] / name).read_text()
        except (OSError, KeyError):
            return ""

    def _number(self, controller: str, name: str) -> int:
        return int(self._read(controller, name) or 0)

    def _field(self, controller: str, name: str, field: str) -> int:
        words = self._read(controller, name).split()
        return int(words[words.index(field) + 1]) if field in words else 0


class V1(_Folders):
    """Of a hierarchy a controller."""

    def set(self, resources: Resources) -> None:
        """Limit what is in. Raises ContainerError."""
        shares, quota = _shares(resources), _quota(resources)
        self._write("cpu", "cpu.shares", shares)
        self._write("cpu", "cpu.cfs_period_us", _PERIOD)
        self._write("cpu", "cpu.cfs_quota_us", quota or -1)
        try:
            self._set_memory(resources.memory_limit or -1)
        except OSError as error:
            raise _refused(resources, error) from error

    def _set_memory(self, limit: int) -> None:
        # With swap never less than without; and not every kernel counts it.
        with contextlib.suppress(OSError):
            self._write("memory", "memory.memsw.limit_in_bytes", -1)
        self._write("memory", "memory.limit_in_bytes", limit)
        with contextlib.suppress(OSError):
            self._write("memory", "memory.memsw.limit_in_bytes", limit)

    def stats(self) -> ContainerStats:
        """What is used."""
        memory = self._number("memory", "memory.usage_in_bytes")
        idle = self._field("memory", "memory.stat", "total_inactive_file")
        return ContainerStats(self._number("cpuacct", "cpuacct.usage") / 1e9, max(0, memory - idle))

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has ever killed something in here for memory."""
        return self._field("memory", "memory.oom_control", "oom_kill") > 0


class V2(_Folders):
    """Of the one hierarchy."""

    def set(self, resources: Resources) -> None:
        """Limit what is in. Raises ContainerError."""
        shares, quota = _shares(resources), _quota(resources)
        # How runc turns shares of version 1 (2 to 262144) into weights (1 to 10000).
        weight = 1 + (shares - 2) * 9999 // 262_142
        try:
            self._write("cpu", "cpu.weight", weight)
            self._write("cpu", "cpu.max", f"{quota or 'max'} {_PERIOD}")
            self._write("memory", "memory.max", resources.memory_limit or "max")
            # As a kubelet sets it: a container ends as a whole.
            self._write("memory", "memory.oom.group", 1)
            with contextlib.suppress(OSError):
                self._write("memory", "memory.swap.max", 0)
        except OSError as error:
            raise _refused(resources, error) from error

    def stats(self) -> ContainerStats:
        """What is used."""
        memory = self._number("memory", "memory.current")
        idle = self._field("memory", "memory.stat", "inactive_file")
        seconds = self._field("cpu", "cpu.stat", "usage_usec") / 1e6
        return ContainerStats(seconds, max(0, memory - idle))

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has ever killed something in here for memory."""
        return self._field("memory", "memory.events", "oom_kill") > 0


def _shares(resources: Resources) -> int:
    wanted = (resources.cpu_request or resources.cpu_limit) * 1024 // 1000
    return min(max(wanted, _LEAST_SHARES), _MOST_SHARES)


def _quota(resources: Resources) -> int:
    quota = resources.cpu_limit * _PERIOD // 1000
    return max(quota, _LEAST_QUOTA) if quota else 0


def _refused(resources: Resources, error: OSError) -> ContainerError:
    return ContainerError(
        f"a memory limit of {resources.memory_limit} bytes cannot be set: {error.strerror}"
    )


class Cgroups:
    """The group in which a runtime has its containers' groups."""

    def __init__(self, version: int, folders: Mapping[str, Path]) -> None:
        self.version = version
        self._folders = folders

    @property
    def hierarchies(self) -> list[str]:
        """What to mount so that a container sees its groups: `unified`, or controllers."""
        if self.version == 2:
            return ["unified"]
        by_folder: dict[Path, list[str]] = {}
        for kind, folder in self._folders.items():
            by_folder.setdefault(folder, []).append(kind)
        return [",".join(kinds) for kinds in by_folder.values()]

    @classmethod
    def find(cls, owner: Path) -> Cgroups | None:
        """The group of the runtime with that folder, which may be new.

        None if this machine does not let us have one.
        """
        name = _name(owner)
        for version, parents in _parents():
            group = cls(version, {kind: parent / name for kind, parent in parents.items()})
            try:
                group._make()
            except OSError:
                continue
            return group
        return None

    def _make(self) -> None:
        for folder in self._folders.values():
            if self.version == 2:
                _delegate(folder.parent)
            folder.mkdir(exist_ok=True)
            if self.version == 2:
                _delegate(folder)
            if not os.access(folder / "cgroup.procs", os.W_OK):
                raise PermissionError(folder)

    def make(self, container_id: str) -> Cgroup:
        """The group of a container, which is new. Raises ContainerError."""
        folders = {kind: folder / container_id for kind, folder in self._folders.items()}
        try:
            return V1(folders) if self.version == 1 else V2(folders)
        except OSError as error:
            raise ContainerError(f"no group for container {container_id}: {error}") from error

    def remove(self) -> None:
        """Kill what is left in here, and remove it all."""
        _remove(self._folders.values())


def remove_all(owner: Path) -> None:
    """Kill and remove what a runtime with that folder, which is gone, may have left."""
    for _, parents in _parents():
        _remove(parent / _name(owner) for parent in parents.values())


def _name(owner: Path) -> str:
    return f"kubelearn-{hashlib.sha256(os.fsencode(owner)).hexdigest()[:12]}"


def _remove(folders: Iterable[Path]) -> None:
    for folder in dict.fromkeys(folders):
        for inner in _folders_in(folder):
            _empty(inner)
        with contextlib.suppress(OSError):
            folder.rmdir()


def _folders_in(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.is_dir()] if folder.is_dir() else []


def _empty(folder: Path) -> None:
    group = _Folders({"": folder})
    for _ in range(_TRIES):
        group.kill()
        with contextlib.suppress(OSError):
            folder.rmdir()
        if not folder.exists():
            break
        time.sleep(_REST)  # a process that was killed takes a moment to go


# --- where groups can be made ------------------------------------------------------------------


def _parents() -> Iterator[tuple[int, dict[str, Path]]]:
    """Places to try: each with its version, and the folder of each controller."""
    own, unified = _own(), None
    version_1: dict[str, Path] = {}
    for kind, place, options in _hierarchies():
        if kind == "cgroup2":
            unified = place
        for controller in {*_CONTROLLERS} & {*options}:
            inner = place / own.get(controller, "").lstrip("/")
            version_1[controller] = inner if inner.is_dir() else place
    if "memory" in version_1:
        yield 1, version_1
    elif unified:
        for parent in (unified, unified / own.get("", "").lstrip("/")):
            yield 2, dict.fromkeys(_CONTROLLERS, parent)


def _hierarchies() -> Iterator[tuple[str, Path, list[str]]]:
    """What is mounted: cgroup or cgroup2, where, and its options (proc_pid_mountinfo(5))."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind in ("cgroup", "cgroup2"):
            yield kind, Path(before.split()[4]), options.split(",")


def _own() -> dict[str, str]:
    """This process's group in each hierarchy, by controller; that of version 2 has no name."""
    lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    return {name: path for _, names, path in lines for name in names.split(",")}


def _delegate(folder: Path) -> None:
    """Have controllers in the groups below."""
    control = folder / "cgroup.subtree_control"
    missing = {"memory", "cpu", "pids"} - {*control.read_text().split()}
    if missing:
        control.write_text(" ".join(f"+{name}" for name in missing))

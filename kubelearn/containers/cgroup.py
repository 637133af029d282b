"""The control groups of one container: its limits, which the kernel keeps, and what it uses.

Stands for runc's `libcontainer/cgroups/{fs,fs2}`; see cgroups(7) for both versions. Left out: huge
pages.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from kubelearn.containers.runtime import ContainerStats, Resources
from kubelearn.errors import ContainerError

_PERIOD = 100_000  # microseconds, in which a limit of CPU is counted
_LEAST_QUOTA, _LEAST_SHARES, _MOST_SHARES = 1000, 2, 262_144


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


class Folders:
    """The same group in each of the hierarchies that count; it is made if there is none."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders
        self._each = list(dict.fromkeys(folders.values()))
        for folder in self._each:
            folder.mkdir(parents=True, exist_ok=True)
            # Whatever the umask is: a container's ordinary users may read its limits.
            folder.chmod(0o755)

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


class V1(Folders):
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


class V2(Folders):
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

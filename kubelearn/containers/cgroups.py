"""Where control groups can be made: a runtime has one of its own, and in it one a container.

Stands for runc's `libcontainer/cgroups/manager`; see cgroups(7) for both versions. Left out: groups
of pods, of which the kubelet makes some.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kubelearn.containers.cgroup import V1, V2, Cgroup, Folders
from kubelearn.errors import ContainerError

_CONTROLLERS = ("memory", "cpu", "cpuacct", "pids")
_TRIES, _REST = 50, 0.02


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
    group = Folders({"": folder})
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

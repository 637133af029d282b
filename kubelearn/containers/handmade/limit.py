"""A control group with a memory limit: a folder, a number in one file, processes in another."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_TRIES, _REST = 100, 0.02


class MemoryLimit:
    """A group of `size` bytes, where this user may make one; `reason` says why there is none."""

    def __init__(self, name: str, size: int) -> None:
        self.size = size
        self.folder: Path | None = None
        self.reason = "" if size else "no limit was asked for"
        for parent, file in _places() if size else ():
            folder = parent / name
            try:
                folder.mkdir()
                (folder / file).write_text(str(size))
                with contextlib.suppress(OSError):  # not every kernel counts swap
                    (folder / _SWAP[file][0]).write_text(_SWAP[file][1] or str(size))
                if not os.access(folder / "cgroup.procs", os.W_OK):
                    raise PermissionError("cgroup.procs cannot be written")
            except OSError as error:
                self.reason = f"no control group of its own: {error.strerror or error} ({parent})"
                with contextlib.suppress(OSError):
                    folder.rmdir()
                continue
            self.folder, self.reason = folder, ""
            return

    @property
    def files(self) -> dict[str, str]:
        """What the kernel tells of it: the limit, what is used, how often it killed."""
        if self.folder is None:
            return {}
        names = ("memory.max", "memory.current", "memory.events")
        old = ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.oom_control")
        found = names if (self.folder / names[0]).exists() else old
        return {name: (self.folder / name).read_text().strip() for name in found}

    @property
    def kills(self) -> int:
        """How often the kernel has killed in it for memory."""
        words = " ".join(self.files.values()).split()
        return int(words[words.index("oom_kill") + 1]) if "oom_kill" in words else 0

    def join(self, command: Sequence[str]) -> list[str]:
        """The command line that does the same in this group."""
        if self.folder is None:
            return list(command)
        door = shlex.quote(str(self.folder / "cgroup.procs"))
        return ["sh", "-c", f'echo 0 > {door}; exec "$@"', "sh", *command]

    def remove(self) -> None:
        """Remove the group, once its last process has gone; that takes a moment."""
        for _ in range(_TRIES if self.folder else 0):
            try:
                os.rmdir(str(self.folder))
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(_REST)


_SWAP = {
    "memory.max": ("memory.swap.max", "0"),
    "memory.limit_in_bytes": ("memory.memsw.limit_in_bytes", ""),
}


def _places() -> Iterator[tuple[Path, str]]:
    """Where groups can be made, and the file of the limit there (cgroups(7), both versions)."""
    own = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().split())
    if (_GROUPS / "memory").is_dir():
        yield _GROUPS / "memory", "memory.limit_in_bytes"
        return
    for parent in (_GROUPS, _GROUPS / own.get("", "").strip("/")):
        with contextlib.suppress(OSError):
            control = parent / "cgroup.subtree_control"
            if "memory" not in control.read_text().split():
                control.write_text("+memory")
        yield parent, "memory.max"

"""One container, seen from the machine and from within, namespace by namespace."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kubelearn.containers.handmade.kinds import KINDS

_SHOWN, _INTERFACES = 3, 6
# The folders that every Linux system has (hier(7)); people's own are only counted.
_STANDARD = (
    "bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root",
    "run", "sbin", "srv", "sys", "tmp", "usr", "var",
)  # fmt: skip


class Container(Protocol):
    """What is looked at."""

    @property
    def own(self) -> tuple[str, ...]:
        """The kinds of namespaces that it has of its own."""
        ...

    @property
    def pid(self) -> int:
        """Its first process, as the machine counts; 0 if it does not run."""
        ...

    def refused(self, kind: str) -> str:
        """Why it cannot have a namespace of that kind; nothing if it can."""
        ...

    def run(self, *command: str, quiet: bool = False, seconds: float = 10) -> object:
        """Run a program inside."""
        ...


@dataclass(frozen=True)
class NamespaceView:
    """One kind of namespace: who has which, and what the same question gets for an answer."""

    kind: str
    isolates: str
    own: bool
    host_id: int
    """The namespace of this machine, by its inode."""
    inside_id: int
    """The container's; 0 if it does not run."""
    host: tuple[str, ...]
    inside: tuple[str, ...]
    refused: str
    """Why it cannot be switched on here."""


# One run of a shell answers all questions: a container is looked at every second.
_QUESTIONS = r"""
echo "# uts"; cat /proc/sys/kernel/hostname
echo "# pid"; for d in /proc/[0-9]*; do
  { read -r line < $d/stat; } 2>/dev/null || continue
  name=${line#*(}; echo "${d#/proc/} ${name%)*}"
done
echo "# mnt"; cd /; echo */; while read -r line; do echo mount; done < /proc/self/mountinfo
echo "# net"; cat /proc/net/dev
echo "# ipc"; cat /proc/sysvipc/shm
echo "# user"; cat /proc/self/uid_map
echo "# cgroup"; cat /proc/self/cgroup
"""


def look(container: Container) -> list[NamespaceView]:
    """All kinds, in the order of the course."""
    inside = _answers(container)
    host = _host_answers(container.pid)
    return [
        NamespaceView(
            kind.name,
            kind.isolates,
            kind.name in container.own,
            _inode("self", kind.name),
            _inode(str(container.pid), kind.name) if container.pid else 0,
            host[kind.name],
            inside.get(kind.name, ()),
            container.refused(kind.name),
        )
        for kind in KINDS.values()
    ]


def _answers(container: Container) -> dict[str, tuple[str, ...]]:
    if not container.pid:
        return {}
    said = str(container.run("sh", "-c", _QUESTIONS, quiet=True))
    answers = dict(_parts(said))
    if "pid" in answers:
        # The shell that asks is no part of the answer.
        answers["pid"] = [line for line in answers["pid"] if not line.endswith(" sh")]
    first = 1 if "pid" in container.own else container.pid
    found = {name: _READ[name](lines) for name, lines in answers.items()}
    return {**found, "pid": _processes(answers.get("pid", []), first)}


def _host_answers(pid: int) -> dict[str, tuple[str, ...]]:
    return {
        "uts": (socket.gethostname(),),
        "pid": _processes([f"{n} {_name(n)}" for n in os.listdir("/proc") if n.isdigit()], pid),
        "mnt": _files([_folders(), *_mounts()]),
        "net": _interfaces(_lines("/proc/net/dev")),
        "ipc": _segments(_lines("/proc/sysvipc/shm")),
        "user": _users(_lines("/proc/self/uid_map")),
        "cgroup": _group(_lines("/proc/self/cgroup")),
    }


def _parts(said: str) -> Iterator[tuple[str, list[str]]]:
    for part in said.split("# ")[1:]:
        name, *lines = part.splitlines()
        if name in _READ:
            yield name, lines


def _processes(lines: list[str], first: int = 1) -> tuple[str, ...]:
    """How many there are, the first few, and the container's own first one."""
    found = sorted((line.split(" ", 1) for line in lines), key=lambda pair: int(pair[0]))
    names = [f"{pid} {name}" for pid, name in found]
    own = [f"{pid} {name}" for pid, name in found if pid == str(first)]
    shown = list(dict.fromkeys([*names[:_SHOWN], *own]))
    return (_count(len(found), "process", "processes"), *shown)


def _files(lines: list[str]) -> tuple[str, ...]:
    folders, mounts = lines[:1], lines[1:]
    names = [name.strip("/") for line in folders for name in line.split()]
    known = [f"{name}/" for name in names if name in _STANDARD]
    more = [name for name in names if name not in _STANDARD]
    return (_count(len(mounts), "mount", "mounts"), _some([*known, *more], most=len(known)))


def _interfaces(lines: list[str]) -> tuple[str, ...]:
    names = [line.partition(":")[0].strip() for line in lines if ":" in line]
    return (_count(len(names), "interface", "interfaces"), _some(names, most=_INTERFACES))


def _segments(lines: list[str]) -> tuple[str, ...]:
    count = max(len(lines) - 1, 0)
    return (_count(count, "segment of shared memory", "segments of shared memory"),)


def _users(lines: list[str]) -> tuple[str, ...]:
    inside, outside, count = (int(word) for word in (lines or ["0 0 1"])[0].split())
    if count > 1:
        return ("users as the machine counts them",)
    return (f"only user {inside}, who is user {outside} outside",)


def _group(lines: list[str]) -> tuple[str, ...]:
    found = [line for line in lines if ":memory:" in line or line.startswith("0::")]
    return (found[0].split(":", 2)[2] if found else "none",)


_READ: dict[str, Callable[[list[str]], tuple[str, ...]]] = {
    "uts": lambda lines: tuple(lines[:1]),
    "pid": _processes,
    "mnt": _files,
    "net": _interfaces,
    "ipc": _segments,
    "user": _users,
    "cgroup": _group,
}


def _inode(pid: str, kind: str) -> int:
    # The first process may have ended since; a namespace of processes counts for children.
    try:
        return os.stat(f"/proc/{pid}/ns/{kind}").st_ino
    except OSError:
        return 0


def _name(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "gone"


def _folders() -> str:
    return " ".join(f"{name}/" for name in sorted(os.listdir("/")) if os.path.isdir(f"/{name}"))


def _mounts() -> list[str]:
    return ["mount" for _ in _lines("/proc/self/mountinfo")]


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _some(names: list[str], *, most: int) -> str:
    more = len(names) - most
    return " ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _count(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"

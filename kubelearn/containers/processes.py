"""Which processes a node has, from /proc: what `ps` on it would show.

A process is a container's if it says so (the mark in its environment), if it is in the session of
the container's first process, or if its parent is the container's. Beside these a node has the
program that started them, which is where its kubelet runs.
"""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from kubelearn.containers.leftovers import MARK

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """One process; `container` is the id of the container that it belongs to, if to any."""

    pid: int
    ppid: int
    session: int
    user: str
    started: datetime
    command: str
    container: str = ""


def of_node(containers: Mapping[str, int], *, program: int) -> list[Process]:
    """The processes of these containers (first process by id), and the program that has them."""
    booted = _booted()
    everybody = {each.pid: each for pid in _pids() if (each := _read(pid, booted, containers))}
    mine = _assigned(everybody, {pid: name for name, pid in containers.items() if pid})
    own = {program: everybody[program]}
    for process in mine.values():
        own.update((each.pid, each) for each in _between(process, everybody, program=program))
    return sorted((own | mine).values(), key=lambda process: process.pid)


def _between(process: Process, everybody: Mapping[int, Process], *, program: int) -> list[Process]:
    """What stands between the program and a process of a container; nothing if it was left."""
    chain: list[Process] = []
    while parent := everybody.get(process.ppid):
        if parent.pid == program:
            return chain
        chain.append(process := parent)
    return []


def _assigned(everybody: Mapping[int, Process], firsts: Mapping[int, str]) -> dict[int, Process]:
    found: dict[int, Process] = {}

    def owner(process: Process) -> str:
        for pid in (process.pid, process.session):
            if pid in firsts:
                return firsts[pid]
        parent = everybody.get(process.ppid)
        return process.container or (owner(parent) if parent else "")

    for process in everybody.values():
        if name := owner(process):
            found[process.pid] = replace(process, container=name)
    return found


def _pids() -> Iterable[int]:
    return [int(entry.name) for entry in os.scandir(_PROC) if entry.name.isdigit()]


def _read(pid: int, booted: float, containers: Mapping[str, int]) -> Process | None:
    folder = _PROC / str(pid)
    try:
        head, _, tail = (folder / "stat").read_text().rpartition(")")
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        owner = folder.stat().st_uid
    except OSError:  # it has ended meanwhile
        return None
    fields = tail.split()
    return Process(
        pid=pid,
        ppid=int(fields[1]),
        session=int(fields[3]),
        user=_user_name(owner),
        started=datetime.fromtimestamp(booted + int(fields[19]) / _TICKS, UTC),
        # A kernel's thread, and a process that has ended, have a name only.
        command=command.strip() or f"[{head.partition('(')[2]}]",
        container=_marked(folder, containers),
    )


def _marked(folder: Path, containers: Mapping[str, int]) -> str:
    with contextlib.suppress(OSError):  # another user's
        environment = b"\0" + (folder / "environ").read_bytes()
        mark = environment.partition(f"\0{MARK}=".encode())[2].partition(b"\0")[0]
        name = mark.decode(errors="replace")
        return name if name in containers else ""
    return ""


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _booted() -> float:
    """When the machine started, in seconds since 1970."""
    lines = (_PROC / "stat").read_text().splitlines()
    return float(next(line for line in lines if line.startswith("btime ")).split()[1])

"""Processes of containers whose daemon is gone: how they are known again, and ended.

A daemon that is killed with -9 cannot take its containers along. So each container's first process
is written down with its start time, and every process of a container carries the container's id in
its environment. Only what either of the two proves is killed, through a pidfd that was opened
before looking, so that a process number used again never hits a stranger.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

from kubelearn.containers import cgroups

MARK = "KUBERNETES_RUNTIME_CONTAINER"
_PROC = Path("/proc")
_RECORD = "process.json"
_SECONDS = 5.0


def start_time(pid: int) -> int:
    """When a process started, in clock ticks since the machine did: field 22 of `stat`."""
    # The second field, the name, may hold spaces and brackets; nothing after it does.
    return int((_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19])


def record(folder: Path, pid: int) -> None:
    """Write down the first process of the container that owns this folder."""
    (folder / _RECORD).write_text(json.dumps({"pid": pid, "start": start_time(pid)}))


async def end_all(folder: Path) -> int:
    """Kill what still runs of the containers that have a folder in here; tells how many.

    Their control groups go as well.
    """
    if not folder.is_dir():
        return 0
    containers = {entry.name: _recorded(entry) for entry in folder.iterdir() if entry.is_dir()}
    killed = await asyncio.to_thread(_end, containers) if containers else 0
    await asyncio.to_thread(cgroups.remove_all, folder)
    return killed


def _recorded(folder: Path) -> tuple[int, int] | None:
    try:
        found = json.loads((folder / _RECORD).read_text())
        return found["pid"], found["start"]
    except (OSError, ValueError, KeyError):
        return None  # it was never started, or the daemon died while writing this


def _end(containers: Mapping[str, tuple[int, int] | None]) -> int:
    ends = list(_find(containers))
    poll = select.poll()
    for pidfd in ends:
        with contextlib.suppress(ProcessLookupError):  # it ended with another one of them
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        poll.register(pidfd, select.POLLIN)
    waiting = set(ends)
    while waiting and (ended := poll.poll(_SECONDS * 1000)):
        for pidfd, _ in ended:
            poll.unregister(pidfd)
            waiting.remove(pidfd)
    for pidfd in ends:
        os.close(pidfd)
    return len(ends)


def _find(containers: Mapping[str, tuple[int, int] | None]) -> Iterator[int]:
    firsts = set(containers.values()) - {None}
    for entry in _PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            pidfd = os.pidfd_open(int(entry.name))
        except OSError:  # it has ended meanwhile
            continue
        if _belongs(int(entry.name), containers, firsts):
            yield pidfd
        else:
            os.close(pidfd)


def _belongs(
    pid: int, containers: Mapping[str, object], firsts: set[tuple[int, int] | None]
) -> bool:
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
        mark = environment.partition(f"\0{MARK}=".encode())[2].partition(b"\0")[0]
        return mark.decode(errors="replace") in containers or (pid, start_time(pid)) in firsts
    except OSError:  # another user's process, or one that has ended meanwhile
        return False

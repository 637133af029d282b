"""What processes use, from /proc: processor time and memory of whole sessions.

The real kubelet asks cgroups. A container here is a session, so the sum over its session is what
it uses, but for processes that have left it.
"""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Container, Iterator
from pathlib import Path

from kubelearn.containers.runtime import ContainerStats

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def by_session(sessions: Container[int]) -> dict[int, ContainerStats]:
    """What the processes of each of these sessions use together."""
    cpu: defaultdict[int, float] = defaultdict(float)
    memory: defaultdict[int, int] = defaultdict(int)
    for session, fields, _ in _processes(sessions):
        # User and system time, its own and of children it has waited for; resident pages.
        cpu[session] += sum(map(int, fields[11:15])) / _TICKS
        memory[session] += int(fields[21]) * _PAGE
    return {session: ContainerStats(cpu[session], memory[session]) for session in cpu}


def own_memory(sessions: Container[int]) -> dict[int, int]:
    """The bytes that the processes of each session have for themselves, without what is shared."""
    memory: defaultdict[int, int] = defaultdict(int)
    for session, _, folder in _processes(sessions):
        with contextlib.suppress(OSError):
            _, resident, shared, *_ = map(int, Path(folder, "statm").read_text().split())
            memory[session] += (resident - shared) * _PAGE
    return memory


def _processes(sessions: Container[int]) -> Iterator[tuple[int, list[str], str]]:
    """The processes of these sessions: (session, fields of `stat` from the third on, folder)."""
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if (session := int(fields[3])) in sessions:
            yield session, fields, entry.path

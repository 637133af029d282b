"""Memory limits without cgroups: who takes too much is killed, a moment later than by the kernel.

Stands for the OOM killer of a memory cgroup with `memory.oom.group`, as a kubelet sets it: all
processes of the container are killed. What the kernel counts at once is looked at here now and
then, so a program may have taken more than its limit for a fraction of a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from kubelearn.containers import stats

# Seconds between two looks; more where looking takes long, so that it never costs much.
_REST, _TIMES_AS_LONG = 0.1, 20


class MemoryGuard:
    """Looks after the containers that have a limit, each a session of processes."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep
        self._watched: dict[int, tuple[int, Callable[[], None]]] = {}
        self._task: asyncio.Task[None] | None = None

    def watch(self, session: int, limit: int, kill: Callable[[], None]) -> None:
        """Call `kill` when the session takes more bytes than `limit`."""
        self._watched[session] = (limit, kill)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="memory guard")

    def forget(self, session: int) -> None:
        """The session has ended."""
        self._watched.pop(session, None)

    def close(self) -> None:
        """Look after nobody any more."""
        self._watched.clear()
        if self._task:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._watched:
            began = loop.time()
            used = await asyncio.to_thread(stats.own_memory, frozenset(self._watched))
            for session, size in used.items():
                limit, kill = self._watched.get(session, (size, None))
                if kill and size > limit:
                    self.forget(session)
                    kill()
            await self._sleep(max(_REST, (loop.time() - began) * _TIMES_AS_LONG))
        self._task = None

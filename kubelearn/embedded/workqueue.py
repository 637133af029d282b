"""Keys that wait for a worker: client-go's `util/workqueue`, for one event loop.

Three promises hold it together. A key that is added many times before a worker takes it is worked
on once. A key that is added while a worker holds it is worked on again afterwards, never at the
same time. A key that failed comes back later each time. Left out: metrics, priorities and shutting
down by draining, because whoever owns a queue cancels its workers. Not upstream's is that a queue
can be suspended, and then hands out the keys that somebody chooses: to look at a controller.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from kubelearn.embedded.clock import Clock

_FIRST_DELAY = 0.005
# Upstream goes on to 1000 seconds. Somebody who mends the cause wants to see it heal.
_LONGEST_DELAY = 30.0


class WorkQueue:
    """A queue of keys with delays and back-off; call `done` for every key that `get` returned."""

    def __init__(self, clock: Clock, *, name: str) -> None:
        self.name = name
        self._clock = clock
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        # Keys to be worked on, in the order in which they came.
        self._dirty: dict[str, None] = {}
        self._processing: set[str] = set()
        self._failures: Counter[str] = Counter()
        self._timers: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._resting: set[asyncio.Task[None]] = set()
        self.suspended = False
        # While it is suspended: keys that came to their turn, and those that may be worked on.
        self._kept: dict[str, None] = {}
        self._released: set[str] = set()

    def __len__(self) -> int:
        return self._queue.qsize()

    def add(self, key: str) -> None:
        """Have the key worked on soon."""
        if key in self._dirty:
            return
        self._dirty[key] = None
        if key not in self._processing:
            self._queue.put_nowait(key)

    def add_after(self, key: str, seconds: float) -> None:
        """Have the key worked on in that many seconds, or earlier if asked to before."""
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock.monotonic() + seconds
        if key in self._timers:
            earlier, timer = self._timers[key]
            if earlier <= due:
                return
            timer.cancel()
        timer = asyncio.create_task(self._later(key, seconds), name=f"{self.name}: {key} later")
        self._timers[key] = due, timer

    def add_rate_limited(self, key: str) -> None:
        """Have a failed key worked on again, later each time."""
        exponent = min(self._failures[key], 20)
        self._failures[key] += 1
        self.add_after(key, min(_FIRST_DELAY * 2**exponent, _LONGEST_DELAY))

    def failures(self, key: str) -> int:
        """How often in a row the key has failed."""
        return self._failures[key]

    def forget(self, key: str) -> None:
        """The key succeeded: its next failure is its first."""
        self._failures.pop(key, None)

    async def get(self) -> str:
        """Take the next key, waiting for one."""
        while True:
            key = await self._queue.get()
            if not self.suspended or key in self._released:
                break
            self._kept[key] = None
        self._released.discard(key)
        self._processing.add(key)
        del self._dirty[key]
        return key

    def done(self, key: str, *, rest: float = 0.0) -> None:
        """Give a key back; if it was added in the meantime, it waits again.

        With `rest` it counts as being worked on for so many more seconds.
        """
        if rest > 0:
            resting = asyncio.create_task(self._rest(key, rest), name=f"{self.name}: {key} rests")
            self._resting.add(resting)
            resting.add_done_callback(self._resting.discard)
            return
        self._processing.discard(key)
        if key in self._dirty:
            self._queue.put_nowait(key)

    # --- looking at it, and going step by step ---

    def waiting(self) -> list[str]:
        """The keys that will be worked on as soon as it can be, first come first."""
        return list(self._dirty)

    def working(self) -> list[str]:
        """The keys that are worked on now, or rest."""
        return sorted(self._processing)

    def later(self) -> dict[str, float]:
        """The keys that will be added in so many seconds."""
        now = self._clock.monotonic()
        return {key: max(due - now, 0) for key, (due, _) in self._timers.items()}

    def suspend(self) -> None:
        """Hand out no more keys; they are collected."""
        self.suspended = True

    def resume(self) -> None:
        """Hand out keys again, those first that were collected."""
        self.suspended = False
        self._released.clear()
        for key in self._kept:
            self._queue.put_nowait(key)
        self._kept.clear()

    def release(self, key: str) -> None:
        """Hand out this key all the same, once; it has to be waiting."""
        self._released.add(key)
        if key in self._kept:
            del self._kept[key]
            self._queue.put_nowait(key)

    def close(self) -> None:
        """Cancel every delay."""
        for _, timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for resting in self._resting:
            resting.cancel()

    async def _rest(self, key: str, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self.done(key)

    async def _later(self, key: str, seconds: float) -> None:
        await self._clock.sleep(seconds)
        del self._timers[key]
        self.add(key)

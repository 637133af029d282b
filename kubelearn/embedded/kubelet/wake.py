"""A worker's alarm clock: it rings when something happens, or at the earliest time asked for."""

from __future__ import annotations

import asyncio

from kubelearn.embedded.clock import Clock


class Wake:
    """One worker waits; others wake it, now or later. Ringing twice before it looks is once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._event = asyncio.Event()
        self._soonest: float | None = None

    def now(self) -> None:
        """Wake the worker."""
        self._event.set()

    def after(self, seconds: float) -> None:
        """Wake it after a while, unless it wakes before."""
        self._soonest = min(seconds, self._soonest) if self._soonest is not None else seconds

    async def wait(self) -> None:
        """Wait to be woken. What was asked for before is forgotten then."""
        seconds, self._soonest = self._soonest, None
        timer = None if seconds is None else asyncio.create_task(self._ring(seconds))
        try:
            await self._event.wait()
        finally:
            if timer:
                timer.cancel()
        self._event.clear()
        self._soonest = None

    async def _ring(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._event.set()

"""Priority levels: seats, and those who wait for one.

Stands for k8s.io/apiserver `pkg/util/flowcontrol/fairqueuing/queueset`, as far as it is here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from kubelearn.objects import Object


class Rejected(Exception):
    """A level has neither a seat nor room to wait."""


class Level:
    """One level; requests `enter` it and `leave` it."""

    def __init__(self, uid: str) -> None:
        self.uid = uid
        self.seats: int | None = None
        """How many requests it serves at once; None if it has no limit."""
        self.room = 0
        """How many may wait."""
        self._seated = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def configure(self, spec: Object, *, total: int, shares: int) -> None:
        """Give it its part of all seats, as its share is of all shares."""
        limited = spec.get("limited")
        if limited is None:
            self.seats = None
            return
        own = limited.get("nominalConcurrencyShares", 0)
        self.seats = -(-total * own // shares) if shares else 0
        queuing = limited["limitResponse"].get("queuing")
        self.room = queuing["queues"] * queuing["queueLengthLimit"] if queuing else 0

    async def enter(self) -> None:
        """Take a seat, or wait for one. Raises Rejected."""
        if self.seats is None or self._seated < self.seats:
            self._seated += 1
            return
        if len(self._waiting) >= self.room:
            raise Rejected
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # It may have been given a seat in the same moment, which is for the next one then.
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a seat back, to who waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._seated -= 1


@dataclass(frozen=True, slots=True)
class Flow:
    """To what a request belongs: a FlowSchema, by its uid, and its level."""

    schema: str
    level: Level

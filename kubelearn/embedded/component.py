"""A part of the cluster that can be stopped and started alone: what systemd and static pods do.

A component that crashes is started again with back-off (`supervise`); one that was stopped stays
stopped until somebody starts it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Literal

from kubelearn.embedded.clock import Clock
from kubelearn.embedded.controller import supervise

State = Literal["running", "stopped"]


class Component:
    """A named task. `run` makes the component anew and runs it until cancelled."""

    def __init__(
        self,
        name: str,
        run: Callable[[], Awaitable[None]],
        *,
        clock: Clock,
        node: str = "",
    ) -> None:
        self.name = name
        self.node = node
        self._run = run
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """Whether it is meant to run."""
        return "running" if self._task else "stopped"

    def start(self) -> None:
        """Have it run from now on; harmless when it does."""
        if self._task is None:
            run = supervise(self.name, self._run, clock=self._clock)
            self._task = asyncio.create_task(run, name=self.name)

    async def stop(self) -> None:
        """End it, and wait until it has ended; harmless when it has."""
        if self._task is None:
            return
        task, self._task = self._task, None
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

"""A part of the cluster that can be stopped and started alone: what systemd and static pods do.

A component that crashes is started again, later each time; one that was stopped stays stopped
until somebody starts it. Whatever it logs carries its name, so that one log file serves all.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextvars import Context, ContextVar, copy_context

from kubelearn.embedded.clock import Clock
from kubelearn.embedded.controller import supervise
from kubelearn.objects import Object

_current: ContextVar[str] = ContextVar("component", default="kubelearn")


class Component(ABC):
    """Something with a name that runs or does not."""

    def __init__(self, name: str, *, node: str = "") -> None:
        self.name = name
        self.node = node
        self.running = False

    async def start(self) -> None:
        """Have it run from now on; harmless when it does."""
        if not self.running:
            self.running = True
            await self._start()

    async def stop(self) -> None:
        """End it, and wait until it has ended; harmless when it has."""
        if self.running:
            self.running = False
            await self._stop()

    def describe(self) -> Object:
        """What the control socket tells of it."""
        state = "running" if self.running else "stopped"
        return {"name": self.name, "node": self.node, "state": state, "restarts": self.restarts}

    @property
    def restarts(self) -> int:
        """How often it was started again after a crash."""
        return 0

    @abstractmethod
    async def _start(self) -> None: ...

    @abstractmethod
    async def _stop(self) -> None: ...


class Switch(Component):
    """A component that is switched by two functions."""

    def __init__(
        self,
        name: str,
        *,
        on: Callable[[], Awaitable[None]],
        off: Callable[[], Awaitable[None]],
        node: str = "",
    ) -> None:
        super().__init__(name, node=node)
        self._on, self._off = on, off

    async def _start(self) -> None:
        await asyncio.create_task(_awaited(self._on), context=_named(self.name))

    async def _stop(self) -> None:
        await self._off()


class Loop(Component):
    """A component that is a coroutine: `run` makes it anew and runs it until cancelled."""

    def __init__(
        self, name: str, run: Callable[[], Awaitable[None]], *, clock: Clock, node: str = ""
    ) -> None:
        super().__init__(name, node=node)
        self._run = run
        self._clock = clock
        self._begun = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def restarts(self) -> int:
        """How often it was started again after a crash."""
        return max(self._begun - 1, 0)

    async def _start(self) -> None:
        self._begun = 0
        self._task = asyncio.create_task(
            supervise(self.name, self._begin, clock=self._clock),
            name=self.name,
            context=_named(self.name),
        )

    async def _begin(self) -> None:
        self._begun += 1
        await self._run()

    async def _stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])


def name_records(handler: logging.Handler) -> None:
    """Give each record that passes the handler the name of the component that logs."""

    def add_name(record: logging.LogRecord) -> bool:
        record.component = _current.get()
        return True

    handler.addFilter(add_name)


async def _awaited(function: Callable[[], Awaitable[None]]) -> None:
    await function()


def _named(name: str) -> Context:
    context = copy_context()
    context.run(_current.set, name)
    return context

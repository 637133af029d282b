"""The loop that every controller is: informers wake keys, workers make the world match them.

The shape is sample-controller's: handlers put keys into a queue, workers take a key and call
`sync`, which reads the cache, never the event, and may fail: then the key comes back later. What
all controllers of one process share is a `ControllerContext` (upstream:
cmd/kube-controller-manager/app `ControllerContext`).
"""

from __future__ import annotations

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.events import EventRecorder
from kubelearn.embedded.informer import Informer, Informers
from kubelearn.embedded.stopwatch import Stopwatch
from kubelearn.embedded.workqueue import WorkQueue
from kubelearn.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    KubelearnError,
    NotFound,
    Unreachable,
)
from kubelearn.objects import Object, Resource, key

_log = logging.getLogger(__name__)

_FIRST_DELAY, _LONGEST_DELAY = 1.0, 30.0
# A sync that works longer than this many seconds rests so many times as long.
_LONG, _REST = 0.02, 19.0


@dataclass(frozen=True)
class ControllerContext:
    """What the controllers of one process share."""

    client: Client
    informers: Informers
    clock: Clock
    random: random.Random


class Controller(ABC):
    """One control loop. Subclasses name themselves and say how one key is synced."""

    name: ClassVar[str]
    account: ClassVar[str] = ""
    """The ServiceAccount of kube-system that it acts as, if not the one of its name."""
    workers: ClassVar[int] = 5

    def __init__(self, context: ControllerContext) -> None:
        self.client = context.client
        self.clock = context.clock
        self.random = context.random
        self.queue = WorkQueue(context.clock, name=self.name)
        self.events = EventRecorder(context.client, self.name, clock=context.clock)
        self._informers = context.informers
        self._needed: list[Informer] = []
        self._steps: dict[str, asyncio.Future[str]] = {}

    def informer(self, resource: Resource) -> Informer:
        """The shared informer of a resource; the workers wait until it knows its objects."""
        found = self._informers.get(resource)
        self._needed.append(found)
        return found

    def enqueue(self, obj: Object) -> None:
        """Have an object synced soon."""
        self.queue.add(key(obj))

    @abstractmethod
    async def sync(self, object_key: str) -> None:
        """Make the world match the object of that key. Raising means: again, later."""

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            for informer in self._needed:
                await informer.synced.wait()
            async with asyncio.TaskGroup() as group:
                for number in range(1, self.workers + 1):
                    group.create_task(self._work(), name=f"{self.name} worker {number}")
        finally:
            self.queue.close()
            self.events.close()
            for key in list(self._steps):
                self._end_step(key, "the controller was stopped")

    async def step(self, object_key: str) -> str:
        """Let a suspended controller sync one key that waits; gives what went wrong, if anything.

        For those who want to watch: no part of upstream's controllers.
        """
        self._steps[object_key] = asyncio.get_running_loop().create_future()
        self.queue.release(object_key)
        return await self._steps[object_key]

    def _end_step(self, object_key: str, problem: str) -> None:
        if (step := self._steps.pop(object_key, None)) and not step.done():
            step.set_result(problem)

    async def _work(self) -> None:
        while True:
            object_key = await self.queue.get()
            work = Stopwatch(self.sync(object_key), clock=self.clock)
            try:
                await work
            except Exception as error:
                self._log_failure(object_key, error)
                self.queue.add_rate_limited(object_key)
                self._end_step(object_key, str(error) or type(error).__name__)
            else:
                self.queue.forget(object_key)
                self._end_step(object_key, "")
            finally:
                self.queue.done(object_key, rest=rest_after(work))

    def _log_failure(self, object_key: str, error: Exception) -> None:
        # Losing a race against another writer is a controller's daily bread.
        expected = isinstance(error, AlreadyExists | Conflict | NotFound | RetryLater | Unreachable)
        _log.log(
            logging.DEBUG if expected else logging.WARNING,
            "%s: %s: %s",
            self.name,
            object_key,
            error,
            exc_info=None if expected or isinstance(error, ApiError) else error,
        )


def rest_after(work: Stopwatch) -> float:
    """Seconds for which a key is left alone after a sync.

    What takes long, such as an object with thousands of pods, must not take all the time: the
    more there is to look at, the less often it is looked at.
    """
    return _REST * work.seconds if work.seconds > _LONG else 0.0


class RetryLater(Exception):
    """A sync that cannot go on yet, for a reason that needs no traceback."""


async def supervise(name: str, run: Callable[[], Awaitable[None]], *, clock: Clock) -> None:
    """Run a loop again, later each time, whenever it crashes; end only by being cancelled."""
    delay = _FIRST_DELAY
    while True:
        started = clock.monotonic()
        try:
            await run()
        except KubelearnError as error:
            # It could not do its work, and the error says why: a full disk, an unreachable API.
            _log.error("%s ended, again in %.0f s: %s", name, delay, error.message)
        except Exception:
            _log.exception("%s crashed, again in %.0f s", name, delay)
        if clock.monotonic() - started > _LONGEST_DELAY:
            delay = _FIRST_DELAY
        await clock.sleep(delay)
        delay = min(delay * 2, _LONGEST_DELAY)

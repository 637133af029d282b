"""Pods that wait to be scheduled: now, after a pause, or when something changes.

Upstream: pkg/scheduler/backend/queue. A pod that fits nowhere waits until a change happens that
could help the plugins which rejected it; if that comes soon after its last attempt it pauses
first, longer after each attempt. Left out: gates on entering (`PreEnqueue`; the API server and
`Scheduler` leave gated pods out), but for the one that holds a pod whose victims are being evicted.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kubelearn.embedded.clock import Clock
from kubelearn.embedded.scheduler.cache import PodInfo

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0
# However unlikely a pod is to fit, it is tried again after this long.
_FORGOTTEN = 300.0


@dataclass
class QueuedPod:
    """A pod in the queue, and how it fared so far."""

    info: PodInfo
    order: int
    attempts: int = 0
    last_attempt: float = 0.0
    rejected_by: frozenset[str] = frozenset()


class SchedulingQueue:
    """Active pods by priority, then first come first served; and those that wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pods: dict[str, QueuedPod] = {}
        self._active: list[tuple[int, int, QueuedPod]] = []
        self._unschedulable: set[str] = set()
        # Pods that are held back, and whether something happened meanwhile that may help.
        self._held: dict[str, bool] = {}
        self._pauses: dict[str, asyncio.Task[None]] = {}
        self._waiting = asyncio.Event()
        self._numbers = itertools.count()
        self.suspended = False
        # The pod that may be tried although it is suspended.
        self._chosen = ""

    def __len__(self) -> int:
        return len(self._pods)

    def add(self, info: PodInfo) -> None:
        """A pod without a node appeared."""
        self.remove(info.key)
        queued = QueuedPod(info, next(self._numbers))
        self._pods[info.key] = queued
        self._activate(queued)

    def update(self, info: PodInfo, *, worth_a_try: bool) -> None:
        """A waiting pod changed; if in a way that matters, it is tried again."""
        queued = self._pods.get(info.key)
        if queued is None:
            if worth_a_try:
                self.add(info)
            return
        queued.info = info
        if worth_a_try and info.key in self._unschedulable:
            self._move(queued)

    def remove(self, pod_key: str) -> None:
        """A pod is gone, or has a node."""
        self._pods.pop(pod_key, None)
        self._unschedulable.discard(pod_key)
        self._held.pop(pod_key, None)
        if pause := self._pauses.pop(pod_key, None):
            pause.cancel()

    def hold(self, pod_key: str) -> None:
        """Let nothing bring back a pod that fits nowhere, until it is released."""
        self._held[pod_key] = False

    def release(self, pod_key: str, *, retry: bool = False) -> None:
        """Let it be tried again if something happened that may help, or with `retry` anyway."""
        happened = self._held.pop(pod_key, False)
        if (happened or retry) and pod_key in self._unschedulable:
            self._move(self._pods[pod_key])

    async def pop(self) -> QueuedPod:
        """The next pod to try, waiting for one."""
        while (queued := self._next()) is None:
            self._waiting.clear()
            await self._waiting.wait()
        queued.attempts += 1
        queued.last_attempt = self._clock.monotonic()
        return queued

    def _next(self) -> QueuedPod | None:
        if self.suspended:
            chosen, self._chosen = self._chosen, ""
            entry = next((each for each in self._active if self._is(each[-1], chosen)), None)
            if entry is None:
                return None
            self._active.remove(entry)
            heapq.heapify(self._active)
            return entry[-1]
        while self._active:
            queued = heapq.heappop(self._active)[-1]
            if self._is(queued, queued.info.key):
                return queued
        return None

    def _is(self, queued: QueuedPod, pod_key: str) -> bool:
        """Whether it is that pod, as it is now and not as it was under the same name."""
        return queued.info.key == pod_key and self._pods.get(pod_key) is queued

    def waiting(self) -> list[str]:
        """The pods that will be tried as soon as it can be, in that order."""
        alive = (each[-1] for each in sorted(self._active, key=lambda each: each[:2]))
        return [each.info.key for each in alive if self._is(each, each.info.key)]

    def suspend(self) -> None:
        """Give no more pods to try; they are collected."""
        self.suspended = True

    def resume(self) -> None:
        """Give pods to try again."""
        self.suspended, self._chosen = False, ""
        self._waiting.set()

    def choose(self, pod_key: str) -> None:
        """Give this pod to try all the same, once; it has to be waiting."""
        self._chosen = pod_key
        self._waiting.set()

    def put_back(self, queued: QueuedPod, rejected_by: Iterable[str]) -> None:
        """A pod fits nowhere: it waits for a change that helps one of those plugins.

        Without any, it was no plugin's fault, and the pod is tried again after a pause.
        """
        queued.rejected_by = frozenset(rejected_by)
        if self._pods.get(queued.info.key) is not queued:
            return
        if queued.rejected_by:
            self._unschedulable.add(queued.info.key)
            self._pause(queued, _FORGOTTEN)
        else:
            self._move(queued)

    def move_all(self, is_helped: Callable[[PodInfo, Iterable[str]], bool]) -> None:
        """Something changed: try again the pods that this may help, given who rejected them."""
        for pod_key in list(self._unschedulable):
            queued = self._pods[pod_key]
            if is_helped(queued.info, queued.rejected_by):
                self._move(queued)

    def close(self) -> None:
        """Cancel every pause."""
        for pause in self._pauses.values():
            pause.cancel()
        self._pauses.clear()

    def _move(self, queued: QueuedPod) -> None:
        if queued.info.key in self._held:
            self._held[queued.info.key] = True
            return
        pause = min(_FIRST_PAUSE * 2 ** (queued.attempts - 1), _LONGEST_PAUSE)
        left = queued.last_attempt + pause - self._clock.monotonic()
        self._unschedulable.discard(queued.info.key)
        if left > 0:
            self._pause(queued, left)
        else:
            self._activate(queued)

    def _pause(self, queued: QueuedPod, seconds: float) -> None:
        if earlier := self._pauses.pop(queued.info.key, None):
            earlier.cancel()
        self._pauses[queued.info.key] = asyncio.create_task(
            self._activate_later(queued, seconds), name=f"{queued.info.key} pauses"
        )

    async def _activate_later(self, queued: QueuedPod, seconds: float) -> None:
        await self._clock.sleep(seconds)
        del self._pauses[queued.info.key]
        self._activate(queued)

    def _activate(self, queued: QueuedPod) -> None:
        self._unschedulable.discard(queued.info.key)
        if pause := self._pauses.pop(queued.info.key, None):
            pause.cancel()
        heapq.heappush(self._active, (-queued.info.priority, queued.order, queued))
        self._waiting.set()

"""Watches over running containers: startup, readiness and liveness probes (`pkg/kubelet/prober`).

A difference in the learner's favour: upstream looks first when a period is over, or when something
else happens to the pod. Here a container is looked at often in its first period, and failures then
are neither told nor counted. So it is ready when it is, without false alarms at the start.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from kubelearn.containers.runtime import ContainerStatus
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.kubelet.handlers import Outcome
from kubelearn.objects import Object

_KINDS = {"startup": "startupProbe", "readiness": "readinessProbe", "liveness": "livenessProbe"}
_FIRST_LOOK = 0.05


@dataclass
class Verdict:
    """What the probes of a container have come to."""

    started: bool
    ready: bool
    # The probe because of which it has to be restarted.
    failed: str = ""


class ContainerProbes:
    """The probes of one run of a container, from its start to its end.

    `run` does one probe; `on_change` is called when the verdict changes, `on_failure` with the
    kind of probe and its message for each failure.
    """

    def __init__(
        self,
        container: Object,
        *,
        run: Callable[[Object], Awaitable[Outcome]],
        on_change: Callable[[], None],
        on_failure: Callable[[str, str], None],
        clock: Clock,
    ) -> None:
        self._run = run
        self._on_change = on_change
        self._on_failure = on_failure
        self._clock = clock
        self._started = asyncio.Event()
        self.verdict = Verdict(
            started="startupProbe" not in container, ready="readinessProbe" not in container
        )
        if self.verdict.started:
            self._started.set()
        self._tasks = {
            kind: asyncio.create_task(
                self._follow(kind, container[field]), name=f"{kind} probe of {container['name']}"
            )
            for kind, field in _KINDS.items()
            if container.get(field)
        }

    def stop(self, *kinds: str) -> None:
        """Stop these kinds of probes, or all."""
        for kind in kinds or tuple(self._tasks):
            if task := self._tasks.pop(kind, None):
                task.cancel()

    async def _follow(self, kind: str, probe: Object) -> None:
        if kind != "startup":
            await self._started.wait()
        begin, period = self._clock.monotonic(), float(probe.get("periodSeconds") or 10)
        delay = float(probe.get("initialDelaySeconds") or 0)
        tick = max(math.ceil(delay / period), 1)
        successes = await self._look_early(kind, probe, begin + delay, begin + tick * period)
        failures = 0
        while kind == "readiness" or not self._is_settled(kind):
            await self._clock.sleep(begin + tick * period - self._clock.monotonic())
            outcome = await self._run(probe)
            successes, failures = (successes + 1, 0) if outcome.ok else (0, failures + 1)
            if not outcome.ok:
                self._on_failure(kind, outcome.message)
            if successes >= (probe.get("successThreshold") or 1):
                self._settle(kind, True)
            elif failures >= (probe.get("failureThreshold") or 3):
                self._settle(kind, False)
            # A probe that took longer than a period skips the ticks that it missed.
            tick = max(tick + 1, math.floor((self._clock.monotonic() - begin) / period) + 1)

    async def _look_early(self, kind: str, probe: Object, start: float, end: float) -> int:
        """Look for success before the first tick; how many there were."""
        wait, look = _FIRST_LOOK, start + _FIRST_LOOK
        if kind == "liveness" or (probe.get("successThreshold") or 1) > 1:
            return 0
        while look < end:
            await self._clock.sleep(look - self._clock.monotonic())
            if (await self._run(probe)).ok:
                self._settle(kind, True)
                return 1
            wait *= 1.5
            look = self._clock.monotonic() + wait
        return 0

    def _is_settled(self, kind: str) -> bool:
        """Startup and liveness probes are done with when they fail, startup also by success."""
        return bool(self.verdict.failed) or (kind == "startup" and self.verdict.started)

    def _settle(self, kind: str, good: bool) -> None:
        before = (self.verdict.started, self.verdict.ready, self.verdict.failed)
        if kind == "readiness":
            self.verdict.ready = good
        elif not good:
            self.verdict.failed = kind
        elif kind == "startup":
            self.verdict.started = True
            self._started.set()
        if before != (self.verdict.started, self.verdict.ready, self.verdict.failed):
            self._on_change()


class PodProbes:
    """The probes of a pod's running containers, by container name."""

    def __init__(self, make: Callable[[ContainerStatus], ContainerProbes]) -> None:
        self._make = make
        self._probes: dict[str, tuple[str, ContainerProbes]] = {}

    def match(self, running: Iterable[ContainerStatus]) -> None:
        """Probe exactly these runs: new ones from now on, others no longer."""
        ids = {run.config.name: run for run in running}
        for name, (container_id, probes) in list(self._probes.items()):
            if name not in ids or ids[name].id != container_id:
                probes.stop()
                del self._probes[name]
        for name, run in ids.items():
            if name not in self._probes:
                self._probes[name] = (run.id, self._make(run))

    def stop(self, *kinds: str) -> None:
        """Stop these kinds of probes, or all."""
        for _, probes in self._probes.values():
            probes.stop(*kinds)

    def verdict(self, name: str) -> Verdict:
        """What is known of a container; of one that does not run, that it is not ready."""
        if name not in self._probes:
            return Verdict(started=False, ready=False)
        return self._probes[name][1].verdict

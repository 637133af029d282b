"""One look at one autoscaler: its target, its metrics, a decision, and the report.

Upstream: `reconcileAutoscaler` of pkg/controller/podautoscaler/horizontal.go.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

from kubelearn.embedded.client import Client
from kubelearn.embedded.controllers.podautoscaler.behavior import Bounds, History, Why, decide
from kubelearn.embedded.controllers.podautoscaler.sources import (
    Proposal,
    Source,
    Unmeasured,
    tolerances_of,
)
from kubelearn.embedded.events import EventRecorder
from kubelearn.errors import ApiError, Conflict
from kubelearn.objects import HORIZONTAL_POD_AUTOSCALERS, Object, Resource, set_condition, timestamp

_ATTEMPTS = 5
_GOT_SCALE = (
    "SucceededGetScale",
    "the HPA controller was able to get the target's current scale",
)
_DISABLED = (
    "ScalingDisabled",
    "scaling is disabled since the replica count of the target is zero",
)

_BELOW = "All metrics below target"


class Failed(Exception):
    """The look ends here; the status says why."""


class Reconciliation:
    """What is known of one autoscaler in one round, and the status that tells of it."""

    def __init__(
        self,
        hpa: Object,
        *,
        client: Client,
        events: EventRecorder,
        history: History,
        now: datetime,
    ) -> None:
        self._client = client
        self._events = events
        self._history = history
        self._now = now
        self._hpa = copy.deepcopy(hpa)
        self._before = copy.deepcopy(hpa.get("status") or {})
        self._status: Object = self._hpa.setdefault("status", {})
        self._metrics: list[Object] | None = None
        self._namespace: str = hpa["metadata"]["namespace"]
        self.spec: Object = hpa["spec"]

    # --- the target ---

    async def scale(self, resources: Sequence[Resource]) -> tuple[Resource, Object]:
        """The target's resource and scale. Raises Failed."""
        reference = self.spec["scaleTargetRef"]
        group, slash, _ = reference.get("apiVersion", "").rpartition("/")
        problem = f'no matches for kind "{reference["kind"]}" in group "{group if slash else ""}"'
        for resource in resources:
            try:
                name = reference["name"]
                found = await self._client.get(resource, name, self._namespace, sub="scale")
            except ApiError as error:
                problem = str(error)
            else:
                self._condition("AbleToScale", True, _GOT_SCALE)
                return resource, found
        self._event("Warning", "FailedGetScale", problem)
        message = f"the HPA controller was unable to get the target's current scale: {problem}"
        self._condition("AbleToScale", False, ("FailedGetScale", message))
        await self._write()
        raise Failed(problem)

    async def rescale(
        self, resource: Resource, scale: Object, desired: int, *, reason: str
    ) -> None:
        """Change the target's number of replicas. Raises Failed."""
        current = scale["spec"].get("replicas", 0)
        words = f"New size: {desired}; reason: {reason}"
        try:
            await self._update(resource, scale, desired)
        except ApiError as error:
            self._event("Warning", "FailedRescale", f"{words}; error: {error}")
            message = f"the HPA controller was unable to update the target scale: {error}"
            self._condition("AbleToScale", False, ("FailedUpdateScale", message))
            await self.report(current)
            raise Failed(str(error)) from error
        done = f"the HPA controller was able to update the target scale to {desired}"
        self._condition("AbleToScale", True, ("SucceededRescale", done))
        self._event("Normal", "SuccessfulRescale", words)
        self._history.scaled(current, desired, self._now)
        self._status["lastScaleTime"] = timestamp(self._now)

    async def _update(self, resource: Resource, scale: Object, desired: int) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                wanted = {**scale, "spec": {**scale["spec"], "replicas": desired}}
                await self._client.update(resource, wanted, sub="scale")
                return
            except Conflict:
                if attempt == _ATTEMPTS:
                    raise
                name = scale["metadata"]["name"]
                scale = await self._client.get(resource, name, self._namespace, sub="scale")

    # --- the decision ---

    def bounded(self, current: int) -> tuple[int, str] | None:
        """The number that is right whatever is used, and why; None where metrics decide."""
        least, most = self.spec.get("minReplicas", 1), self.spec["maxReplicas"]
        if current == 0:
            self._condition("ScalingActive", False, _DISABLED)
            return 0, ""
        if current > most:
            return most, "Current number of replicas above Spec.MaxReplicas"
        if current < least:
            return least, "Current number of replicas below Spec.MinReplicas"
        return None

    async def measured(
        self, pods: Sequence[Object], *, selector: str, current: int
    ) -> tuple[int, str]:
        """The number by the metrics, and why. Raises Failed."""
        source = Source(
            client=self._client,
            namespace=self._namespace,
            selector=selector,
            pods=pods,
            current=current,
            tolerances=tolerances_of(self.spec.get("behavior")),
            now=self._now,
        )
        best = await self._best(source)
        bounds = Bounds(self.spec.get("minReplicas", 1), self.spec["maxReplicas"], current)
        behavior = self.spec.get("behavior")
        decision = decide(best.replicas, bounds, behavior, self._history, now=self._now)
        self._condition("AbleToScale", True, decision.stabilized)
        self._condition("ScalingLimited", decision.limited, decision.limit)
        above = best.replicas > current
        return decision.replicas, f"{best.name} above target" if above else _BELOW

    async def _best(self, source: Source) -> Proposal:
        """What the metric proposes that asks for the most."""
        metrics, proposals, failures = self.spec.get("metrics") or [], [], []
        self._metrics = []
        for metric in metrics:
            try:
                proposals.append(await source.proposal(metric))
                self._metrics.append(proposals[-1].status)
            except Unmeasured as failure:
                self._event("Warning", failure.reason, failure.problem)
                failures.append(failure)
                self._metrics.append({"type": ""})
        best = max(proposals, key=lambda each: each.replicas, default=None)
        # With a part of the metrics it may go up, for the others could only ask for more.
        if best is None or (failures and best.replicas < source.current):
            problem = failures[0].problem
            message = f"the HPA was unable to compute the replica count: {problem}"
            self._condition("ScalingActive", False, (failures[0].reason, message))
            count = f"{len(failures)} invalid out of {len(metrics)}"
            await self.give_up(
                source.current, f"invalid metrics ({count}), first error is: {failures[0]}"
            )
        message = f"the HPA was able to successfully calculate a replica count from {best.name}"
        self._condition("ScalingActive", True, ("ValidMetricFound", message))
        return best

    # --- the report ---

    async def refuse(self, current: int, event: str, *, why: Why, problem: str) -> NoReturn:
        """The target cannot be scaled by its metrics. Raises Failed."""
        self._event("Warning", event, problem)
        self._condition("ScalingActive", False, why)
        await self.give_up(current, problem)

    async def give_up(self, current: int, problem: str) -> NoReturn:
        """Report why nothing can be computed. Raises Failed."""
        await self.report(current)
        self._event("Warning", "FailedComputeMetricsReplicas", problem)
        raise Failed(problem)

    async def report(self, current: int, desired: int | None = None) -> None:
        """Write the status; without a new decision the desired number stays."""
        self._status["currentReplicas"] = current
        if desired is not None:
            self._status["desiredReplicas"] = desired
        self._status.setdefault("desiredReplicas", 0)
        self._status["currentMetrics"] = self._metrics
        await self._write()

    async def _write(self) -> None:
        if self._status != self._before:
            try:
                await self._client.update(HORIZONTAL_POD_AUTOSCALERS, self._hpa, sub="status")
            except ApiError as error:
                self._event("Warning", "FailedUpdateStatus", str(error))
                raise

    def _condition(self, kind: str, holds: bool, why: Why) -> None:
        reason, message = why
        new = {"type": kind, "status": str(holds), "reason": reason, "message": message}
        new["lastTransitionTime"] = timestamp(self._now)
        self._status["conditions"] = set_condition(self._status.get("conditions") or [], new)

    def _event(self, kind: str, reason: str, message: str) -> None:
        self._events.event(self._hpa, kind, reason, message)

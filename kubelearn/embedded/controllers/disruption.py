"""Says how many pods of a PodDisruptionBudget may be evicted now.

Upstream: pkg/controller/disruption. How many pods there should be is asked of their controllers,
so that an application that is down does not seem small. Left out: controllers of kinds that only a
custom resource's scale subresource would tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.events import EventRecorder
from kubelearn.labelselector import format_selector, matches
from kubelearn.objects import (
    DEPLOYMENTS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
    Object,
    controller_of,
    is_ready,
    is_terminal,
    key,
    labels_of,
    parse_time,
    scaled_value,
    set_condition,
    timestamp,
)

# An eviction that was granted and did not happen is forgotten after this time.
_EVICTION = timedelta(minutes=2)


class DisruptionController(Controller):
    """Works on keys of PodDisruptionBudgets."""

    name: ClassVar[str] = "disruption-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        # Upstream tells of its events in the name of the whole program.
        self.events = EventRecorder(context.client, "controllermanager", clock=context.clock)
        self._budgets = self.informer(POD_DISRUPTION_BUDGETS)
        self._pods = self.informer(PODS)
        self._scales = {
            resource.kind: self.informer(resource)
            for resource in (DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, REPLICATION_CONTROLLERS)
        }
        self._budgets.add_index("namespace", _namespace)
        self._pods.add_index("namespace", _namespace)
        self._budgets.follow(self.enqueue)
        self._pods.add_handler(
            on_add=self._pod_changed, on_update=self._pod_updated, on_delete=self._pod_changed
        )
        for informer in self._scales.values():
            informer.add_handler(on_update=self._resized)

    def _pod_updated(self, old: Object, new: Object) -> None:
        if old["metadata"].get("labels") != new["metadata"].get("labels"):
            self._pod_changed(old)
        self._pod_changed(new)

    def _pod_changed(self, pod: Object) -> None:
        for budget in self._budgets.by_index("namespace", pod["metadata"]["namespace"]):
            if _guards(budget, pod):
                self.enqueue(budget)

    def _resized(self, old: Object, new: Object) -> None:
        if old["spec"].get("replicas") != new["spec"].get("replicas"):
            for budget in self._budgets.by_index("namespace", new["metadata"]["namespace"]):
                self.enqueue(budget)

    async def sync(self, object_key: str) -> None:
        """Count one budget's pods."""
        budget = self._budgets.get(object_key)
        if budget is None or budget["metadata"].get("deletionTimestamp"):
            return
        namespace, now = budget["metadata"]["namespace"], self.clock.now()
        pods = [p for p in self._pods.by_index("namespace", namespace) if _guards(budget, p)]
        if not pods:
            self.events.event(budget, "Normal", "NoPods", "No matching pods found")
        expected, unmanaged = self._expected(pods)
        if unmanaged and _needs_scale(budget):
            message = (
                "Pods selected by this PodDisruptionBudget (selector: &LabelSelector"
                f"{{{format_selector(budget['spec'].get('selector'))}}}) were found to be "
                "unmanaged. As a result, the status of the PDB cannot be calculated correctly, "
                "which may result in undefined behavior. To account for these pods please set "
                '".spec.minAvailable" field of the PDB to an integer value.'
            )
            self.events.event(budget, "Warning", "UnmanagedPods", message)
        status = calculate_status(budget, pods, expected=expected, now=now)
        if status != budget.get("status"):
            changed = {**budget, "status": status}
            await self.client.update(POD_DISRUPTION_BUDGETS, changed, sub="status")
        if status.get("disruptedPods"):
            self.queue.add_after(key(budget), _EVICTION.total_seconds())

    def _expected(self, pods: Sequence[Object]) -> tuple[int, list[Object]]:
        """How many pods their controllers want, and the pods without a known controller."""
        wanted: dict[str, int] = {}
        unmanaged = []
        for pod in pods:
            owner = self._scalable(pod)
            if owner:
                wanted[owner["metadata"]["uid"]] = owner["spec"].get("replicas", 1)
            else:
                unmanaged.append(pod)
        return sum(wanted.values()), unmanaged

    def _scalable(self, obj: Object) -> Object | None:
        """What decides how many pods like this there are: a Deployment rather than its sets."""
        ref = controller_of(obj)
        if not ref or ref["kind"] not in self._scales:
            return None
        found = self._scales[ref["kind"]].get(f"{obj['metadata']['namespace']}/{ref['name']}")
        if found is None or found["metadata"]["uid"] != ref["uid"]:
            return None
        return self._scalable(found) or found


def calculate_status(
    budget: Object, pods: Sequence[Object], *, expected: int, now: datetime
) -> Object:
    """What a budget's status has to say; `expected` is what the pods' controllers want."""
    old = budget.get("status") or {}
    expected, desired = _desired(budget["spec"], len(pods), expected)
    disrupted = _still_disrupted(old.get("disruptedPods") or {}, pods, now)
    leaving = {pod["metadata"]["name"] for pod in pods if pod["metadata"].get("deletionTimestamp")}
    gone = leaving | disrupted.keys()
    healthy = sum(is_ready(pod) and pod["metadata"]["name"] not in gone for pod in pods)
    allowed = max(healthy - desired, 0) if expected else 0
    condition = {
        "type": "DisruptionAllowed",
        "status": str(allowed > 0),
        "observedGeneration": budget["metadata"]["generation"],
        "reason": "SufficientPods" if allowed else "InsufficientPods",
        "message": "",
        "lastTransitionTime": timestamp(now),
    }
    return {
        "observedGeneration": budget["metadata"]["generation"],
        **({"disruptedPods": disrupted} if disrupted else {}),
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        "conditions": set_condition(old.get("conditions") or [], condition),
    }


def _desired(spec: Object, count: int, scale: int) -> tuple[int, int]:
    """How many pods there should be, and how many of them have to be healthy."""
    if spec.get("maxUnavailable") is not None:
        may_miss = scaled_value(spec["maxUnavailable"], scale, round_up=True)
        return scale, max(scale - may_miss, 0)
    least = spec.get("minAvailable")
    if isinstance(least, str):
        return scale, scaled_value(least, scale, round_up=True)
    return count, least or 0


def _needs_scale(budget: Object) -> bool:
    spec = budget["spec"]
    return spec.get("maxUnavailable") is not None or isinstance(spec.get("minAvailable"), str)


def _still_disrupted(
    disrupted: dict[str, str], pods: Sequence[Object], now: datetime
) -> dict[str, str]:
    """The granted evictions of which the pods are still there, and not on their way out."""
    waiting = {
        pod["metadata"]["name"] for pod in pods if not pod["metadata"].get("deletionTimestamp")
    }
    return {
        name: since
        for name, since in disrupted.items()
        if name in waiting and parse_time(since) + _EVICTION > now
    }


def _guards(budget: Object, pod: Object) -> bool:
    return matches(budget["spec"].get("selector"), labels_of(pod)) and not is_terminal(pod)


def _namespace(obj: Object) -> list[str]:
    return [obj["metadata"]["namespace"]]

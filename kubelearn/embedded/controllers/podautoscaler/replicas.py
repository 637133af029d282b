"""How many replicas a metric asks for.

Upstream: pkg/controller/podautoscaler/replica_calculator.go. In short: as many as there are, times
what is used over what should be, rounded up; nothing changes within the tolerance. The rest is
caution: pods that tell nothing, or not yet, count so that the change becomes smaller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kubelearn.embedded.controllers.podautoscaler.metrics import (
    MetricsError,
    PodMetric,
    thousandths,
)
from kubelearn.embedded.podresources import has_pod_level_resources, pod_requests, requests_of
from kubelearn.objects import Object, condition, parse_time

# How long a pod may need more CPU just to start, and how long until its first readiness counts.
_CPU_INITIALIZATION = timedelta(minutes=5)
_INITIAL_READINESS = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far usage may be from the target without a change."""

    down: float = 0.1
    up: float = 0.1

    def hold(self, ratio: float) -> bool:
        """Whether a ratio of usage to target is near enough to one."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


@dataclass(frozen=True, slots=True)
class Measured:
    """How much is used of what should be, on average; `utilization` in percent of the requests."""

    ratio: float
    average: int
    utilization: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A metric's target: how to measure, and what a silent pod counts on the way down."""

    measure: Callable[[Mapping[str, int]], Measured]
    fallback: Callable[[str], int]


@dataclass(slots=True)
class _Groups:
    """Pods by what their metrics are worth."""

    ready: int = 0
    unready: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)


def average_value(target: int) -> Target:
    """So many thousandths a pod."""

    def measure(values: Mapping[str, int]) -> Measured:
        average = sum(values.values()) // len(values)
        return Measured(average / target, average)

    return Target(measure, lambda _: target)


def utilization(target: int, requests: Mapping[str, int]) -> Target:
    """So many percent of what the pods request. `measure` raises MetricsError without requests."""

    def measure(values: Mapping[str, int]) -> Measured:
        known = {name: value for name, value in values.items() if name in requests}
        total, requested = sum(known.values()), sum(requests[name] for name in known)
        if not requested:
            raise MetricsError("no metrics returned matched known pods")
        percent = total * 100 // requested
        return Measured(percent / target, total // len(known), percent)

    return Target(measure, lambda name: requests[name] * max(100, target) // 100)


def replicas_for(
    metrics: Mapping[str, PodMetric],
    pods: Sequence[Object],
    target: Target,
    *,
    current: int,
    resource: str,
    tolerances: Tolerances,
    now: datetime,
) -> tuple[int, Measured]:
    """How many replicas there should be, and what was measured. Raises MetricsError."""
    groups = _group(pods, metrics, resource, now)
    left_out = groups.ignored | groups.unready
    values = {name: each.value for name, each in metrics.items() if name not in left_out}
    if not values:
        raise MetricsError("did not receive metrics for targeted pods (pods might be unready)")
    measured = target.measure(values)
    ratio = measured.ratio
    cautious = {name: 0 for name in groups.unready if ratio > 1.0}
    if not cautious and not groups.missing:
        if tolerances.hold(ratio):
            return current, measured
        return math.ceil(ratio * groups.ready), measured
    if ratio != 1.0:
        cautious |= {name: target.fallback(name) if ratio < 1.0 else 0 for name in groups.missing}
    values |= cautious
    return _cautiously(
        target.measure(values).ratio, ratio, len(values), current, tolerances
    ), measured


def _cautiously(new: float, old: float, count: int, current: int, tolerances: Tolerances) -> int:
    """The number by the new ratio, unless that would change the direction."""
    if tolerances.hold(new) or (old < 1.0 < new) or (new < 1.0 < old):
        return current
    wanted = math.ceil(new * count)
    turned = (new < 1.0 and wanted > current) or (new > 1.0 and wanted < current)
    return current if turned else wanted


def _group(
    pods: Sequence[Object], metrics: Mapping[str, PodMetric], resource: str, now: datetime
) -> _Groups:
    groups = _Groups()
    for pod in pods:
        name, phase = pod["metadata"]["name"], (pod.get("status") or {}).get("phase")
        if "deletionTimestamp" in pod["metadata"] or phase == "Failed":
            groups.ignored.add(name)
        elif phase == "Pending":
            groups.unready.add(name)
        elif name not in metrics:
            groups.missing.add(name)
        elif resource == "cpu" and _is_starting(pod, metrics[name], now):
            groups.unready.add(name)
        else:
            groups.ready += 1
    return groups


def _is_starting(pod: Object, metric: PodMetric, now: datetime) -> bool:
    """Whether the CPU that a pod uses may be that of its start."""
    ready, started = condition(pod, "Ready"), (pod.get("status") or {}).get("startTime")
    if ready is None or not started:
        return True
    start, since = parse_time(started), parse_time(ready["lastTransitionTime"])
    is_unready = ready["status"] == "False"
    if start + _CPU_INITIALIZATION > now:
        return is_unready or metric.timestamp < since + metric.window
    # It has never been ready.
    return is_unready and start + _INITIAL_READINESS > since


def requests_for(pods: Sequence[Object], container: str, resource: str) -> dict[str, int]:
    """What each pod requests in thousandths; of one container if it is named."""
    return {pod["metadata"]["name"]: _request(pod, container, resource) for pod in pods}


def _request(pod: Object, container: str, resource: str) -> int:
    spec, name = pod["spec"], pod["metadata"]["name"]
    if not container and requests_of(spec) and has_pod_level_resources(spec):
        total = pod_requests(pod)
        if resource not in total:
            raise MetricsError(f"missing pod-level request for {resource} in Pod {name}")
        return thousandths(total[resource])
    sidecars = [e for e in spec.get("initContainers") or [] if e.get("restartPolicy") == "Always"]
    every = [*spec["containers"], *sidecars]
    chosen = [each for each in every if not container or each["name"] == container]
    if not chosen:
        raise MetricsError(f"container {container} not found in Pod {name}")
    requested = 0
    for each in chosen:
        requests = requests_of(each)
        if resource not in requests:
            raise MetricsError(
                f"missing request for {resource} in container {each['name']} of Pod {name}"
            )
        requested += thousandths(requests[resource])
    return requested

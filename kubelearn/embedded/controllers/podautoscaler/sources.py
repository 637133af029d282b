"""What one metric of an autoscaler proposes, and what the status says about it.

Upstream: the functions `computeStatusFor...Metric` of pkg/controller/podautoscaler/horizontal.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from kubelearn.embedded.client import Client
from kubelearn.embedded.controllers.podautoscaler.metrics import (
    NO_CUSTOM_METRICS,
    NO_EXTERNAL_METRICS,
    MetricsError,
    resource_metric,
    thousandths,
)
from kubelearn.embedded.controllers.podautoscaler.replicas import (
    Measured,
    Tolerances,
    average_value,
    replicas_for,
    requests_for,
    utilization,
)
from kubelearn.embedded.resourcelists import text
from kubelearn.objects import Object
from kubelearn.quantity import quantity

_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Proposal:
    """How many replicas, in the name of which metric, and its entry in the status."""

    replicas: int
    name: str
    status: Object


class Unmeasured(Exception):
    """A metric that tells nothing: `reason` names the event, `problem` is its message."""

    def __init__(self, reason: str, what: str, problem: object) -> None:
        super().__init__(f"failed to get {what}: {problem}")
        self.reason = reason
        self.problem = str(problem)


@dataclass(frozen=True, slots=True)
class Source:
    """What all metrics of one autoscaler have in common."""

    client: Client
    namespace: str
    selector: str
    pods: Sequence[Object]
    current: int
    tolerances: Tolerances
    now: datetime

    async def proposal(self, metric: Object) -> Proposal:
        """What one metric asks for. Raises Unmeasured."""
        match metric["type"]:
            case "Resource":
                return await self._resource(metric["resource"])
            case "ContainerResource":
                return await self._container(metric["containerResource"])
            case "Pods":
                name = metric["pods"]["metric"]["name"]
                problem = f"unable to get metric {name}: {NO_CUSTOM_METRICS}"
                raise Unmeasured("FailedGetPodsMetric", "pods metric value", problem)
            case "Object":
                about, name = (
                    metric["object"]["describedObject"],
                    metric["object"]["metric"]["name"],
                )
                where = f"{about['kind']} {self.namespace}/{about['name']}"
                problem = f"unable to get metric {name}: {where} {NO_CUSTOM_METRICS}"
                raise Unmeasured("FailedGetObjectMetric", "object metric value", problem)
        name = metric["external"]["metric"]["name"]
        problem = f"unable to get external metric {self.namespace}/{name}: {NO_EXTERNAL_METRICS}"
        raise Unmeasured("FailedGetExternalMetric", f"{name} external metric value", problem)

    async def _resource(self, source: Object) -> Proposal:
        name = source["name"]
        try:
            replicas, words, value = await self._measure(source, container="")
        except MetricsError as error:
            raise Unmeasured(
                "FailedGetResourceMetric", f"{name} resource metric value", error
            ) from error
        status = {"name": name, "current": value}
        return Proposal(replicas, words, {"type": "Resource", "resource": status})

    async def _container(self, source: Object) -> Proposal:
        name, container = source["name"], source["container"]
        try:
            replicas, words, value = await self._measure(source, container=container)
        except MetricsError as error:
            raise Unmeasured(
                "FailedGetContainerResourceMetric", f"{container} container metric value", error
            ) from error
        status = {"name": name, "container": container, "current": value}
        entry = {"type": "ContainerResource", "containerResource": status}
        return Proposal(replicas, words, entry)

    async def _measure(self, source: Object, *, container: str) -> tuple[int, str, Object]:
        """The number of replicas, the metric in words, and what is used now."""
        resource, target = source["name"], source["target"]
        by_value = target.get("averageValue")
        try:
            replicas, measured = await self._compute(target, resource, container)
        except MetricsError as error:
            what = "usage" if by_value is not None else "utilization"
            raise MetricsError(f"failed to get {resource} {what}: {error}") from error
        if by_value is not None:
            return replicas, f"{resource} resource", {"averageValue": _amount(resource, measured)}
        of_container = "container " if container else ""
        words = f"{resource} {of_container}resource utilization (percentage of request)"
        value = {"averageUtilization": measured.utilization}
        return replicas, words, {**value, "averageValue": _amount(resource, measured)}

    async def _compute(self, target: Object, resource: str, container: str) -> tuple[int, Measured]:
        try:
            metrics = await resource_metric(
                self.client,
                self.namespace,
                self.selector,
                resource=resource,
                container=container,
            )
        except MetricsError as error:
            problem = f"unable to get metrics for resource {resource}: {error}"
            raise MetricsError(problem) from error
        if not self.pods:
            raise MetricsError("no pods returned by selector while calculating replica count")
        if "averageValue" in target:
            goal = average_value(thousandths(target["averageValue"]))
        else:
            requests = requests_for(self.pods, container, resource)
            goal = utilization(target["averageUtilization"], requests)
        return replicas_for(
            metrics,
            self.pods,
            goal,
            current=self.current,
            resource=resource,
            tolerances=self.tolerances,
            now=self.now,
        )


def tolerances_of(behavior: Object | None) -> Tolerances:
    """A tenth in both directions, unless the behavior says otherwise."""
    down, up = (_tolerance((behavior or {}).get(name)) for name in ("scaleDown", "scaleUp"))
    return Tolerances(down, up)


def _tolerance(rules: Any) -> float:
    stated = (rules or {}).get("tolerance")
    return _TOLERANCE if stated is None else float(quantity(stated))


def _amount(resource: str, measured: Measured) -> str:
    """Memory in powers of two, as the metrics server writes it."""
    value = Decimal(measured.average) / 1000
    return text(value, like="1Ki" if resource == "memory" else "1")

"""What pods use, asked of the metrics API as anybody would ask.

Upstream: pkg/controller/podautoscaler/metrics. Numbers are thousandths: of a processor, of a byte.
Left out: custom and external metrics, whose APIs are there only where somebody installs an adapter;
the messages are those of a cluster without one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kubelearn.embedded.client import Client
from kubelearn.errors import ApiError
from kubelearn.objects import Object, Resource, parse_time
from kubelearn.quantity import quantity

POD_METRICS = Resource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics")

NO_CUSTOM_METRICS = (
    "unable to fetch metrics from custom metrics API: "
    "no custom metrics API (custom.metrics.k8s.io) registered"
)
NO_EXTERNAL_METRICS = (
    "unable to fetch metrics from external metrics API: "
    "no external metrics API (external.metrics.k8s.io) registered"
)
# What client-go says of an answer that is no `Status`.
_PLAIN = {
    404: "the server could not find the requested resource (get pods.metrics.k8s.io)",
    503: "the server is currently unable to handle the request (get pods.metrics.k8s.io)",
}


class MetricsError(Exception):
    """Why a number of replicas cannot be computed."""


@dataclass(frozen=True, slots=True)
class PodMetric:
    """What one pod, or one container of it, used over a window."""

    value: int
    timestamp: datetime
    window: timedelta


async def resource_metric(
    client: Client, namespace: str, selector: str, *, resource: str, container: str
) -> dict[str, PodMetric]:
    """What the selected pods use, by name; of one container if it is named. Raises MetricsError."""
    try:
        found = await client.list(POD_METRICS, namespace, labelSelector=selector)
    except ApiError as error:
        problem = _PLAIN.get(error.code, str(error)) if not error.reason else str(error)
        raise MetricsError(
            f"unable to fetch metrics from resource metrics API: {problem}"
        ) from error
    if not found["items"]:
        raise MetricsError("no metrics returned from resource metrics API")
    metrics = {}
    for item in found["items"]:
        used = _used(item, resource, container)
        if used is not None:
            window = timedelta(seconds=seconds(item["window"]))
            moment = parse_time(item["timestamp"])
            metrics[item["metadata"]["name"]] = PodMetric(used, moment, window)
    return metrics


def _used(item: Object, resource: str, container: str) -> int | None:
    """The sum over all containers, each of which has to be there; or one of them."""
    containers = [each for each in item["containers"] if not container or each["name"] == container]
    usages: list[Mapping[str, Any]] = [each["usage"] for each in containers]
    if not usages or any(resource not in usage for usage in usages):
        return None
    return sum(thousandths(usage[resource]) for usage in usages)


def thousandths(amount: str) -> int:
    """A quantity in thousandths, rounded up."""
    return math.ceil(quantity(amount) * 1000)


def seconds(text: str) -> float:
    """A duration as Go writes it, in seconds: `1m0.5s`."""
    total = 0.0
    for unit, factor in (("h", 3600.0), ("m", 60.0), ("s", 1.0)):
        number, found, rest = text.partition(unit)
        if found:
            total, text = total + float(number) * factor, rest
    return total

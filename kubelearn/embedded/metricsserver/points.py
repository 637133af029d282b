"""Points: what one container, or one node, has used by one moment, as a kubelet tells it.

Stands for kubernetes-sigs/metrics-server `pkg/scraper/client/resource/decode.go`. The text is
Prometheus' own; only the few names that count are looked at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

_LINE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+) (\d+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_CPU, _MEMORY = "cpu_usage_seconds_total", "memory_working_set_bytes"
_START = "container_start_time_seconds"

Pod = tuple[str, str]
"""A pod's namespace and name."""


@dataclass(frozen=True, slots=True)
class Point:
    """Processor seconds since the start, and bytes of memory. Times are seconds of the epoch."""

    moment: float
    cpu_seconds: float
    memory_bytes: int
    start: float = 0.0


@dataclass(slots=True)
class Batch:
    """The points of one round through all nodes."""

    nodes: dict[str, Point] = field(default_factory=dict)
    pods: dict[Pod, dict[str, Point]] = field(default_factory=dict)


@dataclass(slots=True)
class _Readings:
    """What is told of one thing, by metric, and when."""

    values: dict[str, float] = field(default_factory=dict)
    moment: float = 0.0

    def point(self, what: str) -> Point | None:
        """None unless both CPU and memory are told."""
        cpu, memory = (self.values.get(f"{what}_{name}") for name in (_CPU, _MEMORY))
        if cpu is None or memory is None:
            return None
        return Point(self.moment, cpu, int(memory), self.values.get(_START, 0.0))


def read_points(text: str, node: str, batch: Batch) -> None:
    """Add the points in a kubelet's answer to a batch."""
    found: defaultdict[tuple[str, str, str], _Readings] = defaultdict(_Readings)
    for line in text.splitlines():
        if not (match := _LINE.fullmatch(line)):
            continue
        name, labels, value, milliseconds = match.groups()
        label = dict(_LABEL.findall(labels or ""))
        whose = tuple(label.get(each, "") for each in ("namespace", "pod", "container"))
        readings = found[whose[0], whose[1], whose[2]]
        readings.values[name] = float(value)
        if name.endswith(_CPU):
            readings.moment = int(milliseconds) / 1000
    for (namespace, pod, container), readings in found.items():
        if container and (point := readings.point("container")):
            batch.pods.setdefault((namespace, pod), {})[container] = point
        elif not pod and (point := readings.point("node")):
            batch.nodes[node] = point

"""The last two points of everything, and what follows from them: how much is used now.

Stands for kubernetes-sigs/metrics-server `pkg/storage`. CPU is a difference over time, so it takes
two points without a restart between them; a container that is too young for a second one is
measured from its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from kubelearn.embedded.metricsserver.points import Batch, Pod, Point
from kubelearn.quantity import format_quantity

# Seconds after its start in which a container's use says nothing about it.
_FRESH = 10.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used, over so many seconds up to a moment."""

    cpu_nanocores: int
    memory_bytes: int
    moment: float
    window: float

    def quantities(self) -> dict[str, str]:
        """As the API tells it."""
        cpu = Decimal(self.cpu_nanocores).scaleb(-9)
        memory = Decimal(self.memory_bytes)
        # Whole nanocores, as upstream writes them, unless there is a shorter way to say the same.
        return {"cpu": format_quantity(cpu), "memory": format_quantity(memory, binary=True)}


class Storage:
    """Keeps two batches; `resolution` is the time between them in seconds."""

    def __init__(self, resolution: float) -> None:
        self._resolution = resolution
        self._last = Batch()
        self._previous = Batch()

    @property
    def ready(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self._previous.nodes)

    def store(self, new: Batch) -> None:
        """Take in a new batch; what is not in it any more is forgotten."""
        previous = Batch()
        for node, point in new.nodes.items():
            before = _earlier(point, self._last.nodes.get(node), self._previous.nodes.get(node))
            if before:
                previous.nodes[node] = before
        for pod, containers in new.pods.items():
            for name, point in containers.items():
                before = self._container_before(pod, name, point)
                if before:
                    previous.pods.setdefault(pod, {})[name] = before
        self._last, self._previous = new, previous

    def node(self, name: str) -> Usage | None:
        """What a node uses."""
        last, previous = self._last.nodes.get(name), self._previous.nodes.get(name)
        return _usage(last, previous) if last and previous else None

    def pod(self, pod: Pod) -> Mapping[str, Usage] | None:
        """What each of a pod's containers uses; None unless all of them can be told."""
        last, previous = self._last.pods.get(pod), self._previous.pods.get(pod)
        if not last or not previous or last.keys() - previous.keys():
            return None
        used = {name: _usage(point, previous[name]) for name, point in last.items()}
        return {name: usage for name, usage in used.items() if usage}

    def _container_before(self, pod: Pod, name: str, point: Point) -> Point | None:
        age = point.moment - point.start
        if _FRESH <= age < self._resolution:
            return Point(point.start, 0.0, point.memory_bytes, point.start)
        last = self._last.pods.get(pod, {}).get(name)
        if last is None or point.start >= last.moment:
            return None
        return _earlier(point, last, self._previous.pods.get(pod, {}).get(name))


def _earlier(point: Point, last: Point | None, previous: Point | None) -> Point | None:
    """The newest known point before this one: a kubelet may tell the same twice."""
    return next((each for each in (last, previous) if each and each.moment < point.moment), None)


def _usage(last: Point, previous: Point) -> Usage | None:
    """None where the counter has fallen, which it must not do."""
    used = last.cpu_seconds - previous.cpu_seconds
    if used < 0 or last.start < previous.start:
        return None
    window = last.moment - previous.moment
    return Usage(int(used / window * 1e9), last.memory_bytes, last.moment, window)

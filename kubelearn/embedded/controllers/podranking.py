"""Which pods go first when there are too many.

Upstream: `ActivePodsWithRanks` of pkg/controller/controller_utils.go. What serves least goes
first: a pod without a node, then one that is pending, not ready, cheap to delete by its own
annotation, beside a sibling on its node, ready for a short time, often restarted, or young.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from kubelearn.objects import Object, annotations_of, condition, is_active, is_ready, parse_time

_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def choose_to_delete(
    pods: Sequence[Object], related: Iterable[Object], count: int, *, now: datetime
) -> list[Object]:
    """`count` of the pods; `related` are all pods of the same owner's owner, on whatever node."""
    if count >= len(pods):
        return list(pods)
    per_node = Counter(pod["spec"].get("nodeName") for pod in related if is_active(pod))
    return sorted(pods, key=lambda pod: _rank(pod, per_node, now))[:count]


def _rank(pod: Object, per_node: Counter[str | None], now: datetime) -> tuple[Any, ...]:
    spec, ready = pod["spec"], is_ready(pod)
    restarts, sidecar_restarts = _restarts(pod)
    return (
        bool(spec.get("nodeName")),
        _PHASES.get((pod.get("status") or {}).get("phase", ""), 0),
        ready,
        _deletion_cost(pod),
        -per_node[spec.get("nodeName")],
        _magnitude(_ready_since(pod), now) if ready else 0,
        -restarts,
        -sidecar_restarts,
        _magnitude(pod["metadata"]["creationTimestamp"], now),
        pod["metadata"]["uid"],
    )


def _magnitude(moment: str | None, now: datetime) -> int:
    # Ages that are alike to a factor of two count as equal and the uid decides: a newer version
    # that was rolled out one zone after the other must not lose all its pods in one zone.
    if moment is None:
        return -1
    nanoseconds = (now - parse_time(moment)).total_seconds() * 1e9
    return int(math.log2(nanoseconds)) if nanoseconds > 0 else -1


def _ready_since(pod: Object) -> str | None:
    found = condition(pod, "Ready")
    return found.get("lastTransitionTime") if found else None


def _deletion_cost(pod: Object) -> int:
    try:
        return int(annotations_of(pod).get(_DELETION_COST, "0"))
    except ValueError:
        return 0


def _restarts(pod: Object) -> tuple[int, int]:
    status = pod.get("status") or {}
    sidecars = {
        container["name"]
        for container in pod["spec"].get("initContainers") or []
        if container.get("restartPolicy") == "Always"
    }
    return (
        _most_restarts(status.get("containerStatuses") or []),
        _most_restarts(
            item for item in status.get("initContainerStatuses") or [] if item["name"] in sidecars
        ),
    )


def _most_restarts(statuses: Iterable[Object]) -> int:
    return max((item.get("restartCount", 0) for item in statuses), default=0)

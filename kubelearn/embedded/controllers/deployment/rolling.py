"""The arithmetic of a rollout: how large each ReplicaSet may be next.

Pure functions over plain objects. Upstream: pkg/controller/deployment/rolling.go, the scaling part
of sync.go, and `ResolveFenceposts` and `NewRSNewReplicas` of util/deployment_util.go. Replica
counts come from specs where intentions matter and from statuses where running pods do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from kubelearn.objects import Object, annotations_of, scaled_value

DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"

Sizes = dict[str, int]


def wanted(scalable: Object) -> int:
    """The replicas that a Deployment or ReplicaSet says it wants."""
    return int(scalable["spec"]["replicas"])


def is_rolling_update(deployment: Object) -> bool:
    """Whether the strategy replaces pods bit by bit."""
    return bool(deployment["spec"]["strategy"]["type"] == "RollingUpdate")


def fenceposts(deployment: Object) -> tuple[int, int]:
    """How many pods more, and how many fewer, than wanted there may be during a rollout.

    Surge is rounded up and unavailability down; were both nothing, the rollout could never
    begin, so one pod may be missing then.
    """
    rolling = deployment["spec"]["strategy"].get("rollingUpdate") or {}
    desired = wanted(deployment)
    surge = scaled_value(rolling.get("maxSurge"), desired, round_up=True)
    unavailable = scaled_value(rolling.get("maxUnavailable"), desired, round_up=False)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def max_surge(deployment: Object) -> int:
    """How many pods more than wanted there may be."""
    return fenceposts(deployment)[0] if is_rolling_update(deployment) else 0


def max_unavailable(deployment: Object) -> int:
    """How many pods fewer than wanted there may be."""
    if not is_rolling_update(deployment):
        return 0
    return min(fenceposts(deployment)[1], wanted(deployment))


def replicas(replica_sets: Iterable[Object]) -> int:
    """The pods that ReplicaSets ought to have."""
    return sum(wanted(item) for item in replica_sets)


def available(replica_sets: Iterable[Object]) -> int:
    """The pods of ReplicaSets that are available."""
    return sum((item.get("status") or {}).get("availableReplicas", 0) for item in replica_sets)


def replica_annotations(deployment: Object) -> dict[str, str]:
    """What a ReplicaSet remembers of the Deployment's size, to be scaled in proportion later."""
    desired = wanted(deployment)
    return {
        DESIRED_REPLICAS: str(desired),
        MAX_REPLICAS: str(desired + max_surge(deployment)),
    }


def annotated(replica_set: Object, name: str) -> int | None:
    """The number in one of those annotations, if there is one that can be read."""
    text = annotations_of(replica_set).get(name, "")
    return int(text) if text.isdecimal() else None


def active(replica_sets: Iterable[Object]) -> list[Object]:
    """The ReplicaSets that ought to have pods."""
    return [item for item in replica_sets if wanted(item) > 0]


def new_size(deployment: Object, replica_sets: Sequence[Object], new: Object) -> int:
    """How large the newest ReplicaSet may be, given all of them.

    It grows into what the surge leaves free, and never past what is wanted.
    """
    desired, size = wanted(deployment), wanted(new)
    if size >= desired or not is_rolling_update(deployment):
        return desired
    room = desired + max_surge(deployment) - replicas(replica_sets)
    return size + max(min(room, desired - size), 0)


def unhealthy_sizes(deployment: Object, old: Sequence[Object], new: Object) -> Sizes:
    """Sizes of old ReplicaSets without their unavailable pods, as far as those may go now.

    Removing a pod that does not serve costs nothing, and a broken revision would else block
    the one that mends it.
    """
    budget = (
        replicas([*old, new])
        - (wanted(deployment) - max_unavailable(deployment))
        - (wanted(new) - available([new]))
    )
    sizes: Sizes = {}
    for item in old:
        size = wanted(item)
        removed = min(budget, size - available([item]))
        if removed > 0:
            sizes[item["metadata"]["name"]] = size - removed
            budget -= removed
    return sizes


def may_scale_down(deployment: Object, old: Sequence[Object], new: Object) -> bool:
    """Whether any old pod may go: not while all that is missing, is missing in the new one."""
    least = wanted(deployment) - max_unavailable(deployment)
    missing = wanted(new) - available([new])
    return replicas(old) > 0 and replicas([*old, new]) - least - missing > 0


def old_sizes(deployment: Object, old: Sequence[Object], new: Object) -> Sizes:
    """Sizes of old ReplicaSets when as many pods go as the available ones allow."""
    least = wanted(deployment) - max_unavailable(deployment)
    budget = available([*old, new]) - least
    sizes: Sizes = {}
    for item in old:
        removed = min(wanted(item), budget)
        if removed > 0:
            sizes[item["metadata"]["name"]] = wanted(item) - removed
            budget -= removed
    return sizes


def proportional_sizes(deployment: Object, replica_sets: Sequence[Object]) -> Sizes:
    """Sizes of active ReplicaSets, oldest first, when a Deployment is scaled in mid-rollout.

    Each changes by its share, so that the rollout is neither hurried nor set back; what rounding
    leaves goes to the largest.
    """
    desired = wanted(deployment)
    allowed = desired + max_surge(deployment) if desired > 0 else 0
    to_add = allowed - replicas(replica_sets)
    # Largest first; among equals the newer one grows first and the older one shrinks first.
    ordered = list(reversed(replica_sets)) if to_add > 0 else list(replica_sets)
    ordered.sort(key=lambda item: -wanted(item))
    sizes: Sizes = {}
    added = 0
    for item in ordered:
        share = _share(deployment, item)
        left = to_add - added
        share = 0 if left == 0 else min(share, left) if to_add > 0 else max(share, left)
        sizes[item["metadata"]["name"]] = wanted(item) + share
        added += share
    if ordered:
        largest = ordered[0]["metadata"]["name"]
        sizes[largest] = max(sizes[largest] + to_add - added, 0)
    return sizes


def _share(deployment: Object, replica_set: Object) -> int:
    desired, size = wanted(deployment), wanted(replica_set)
    if desired == 0:
        return -size
    before = annotated(replica_set, MAX_REPLICAS)
    before = before or (deployment.get("status") or {}).get("replicas", 0)
    if not before:
        return 0
    return math.floor(size * (desired + max_surge(deployment)) / before + 0.5) - size


def is_scaling(deployment: Object, replica_sets: Iterable[Object]) -> bool:
    """Whether the Deployment was resized since its ReplicaSets were last sized."""
    marks = (annotated(item, DESIRED_REPLICAS) for item in active(replica_sets))
    return any(mark not in (None, wanted(deployment)) for mark in marks)


def scaled_sizes(deployment: Object, replica_sets: Sequence[Object], new: Object | None) -> Sizes:
    """Sizes of ReplicaSets, oldest first, that make up a new size without moving a rollout on."""
    running = active(replica_sets)
    if len(running) <= 1:
        # All replicas are in one place, or go to the newest if there are none.
        target = running[0] if running else new or (replica_sets[-1] if replica_sets else None)
        return {target["metadata"]["name"]: wanted(deployment)} if target else {}
    if new is not None and _is_saturated(deployment, new):
        return {item["metadata"]["name"]: 0 for item in running if item is not new}
    return proportional_sizes(deployment, running) if is_rolling_update(deployment) else {}


def _is_saturated(deployment: Object, new: Object) -> bool:
    sizes = (wanted(new), annotated(new, DESIRED_REPLICAS), available([new]))
    return all(size == wanted(deployment) for size in sizes)

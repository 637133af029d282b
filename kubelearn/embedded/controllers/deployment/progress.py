"""What a Deployment's status says about its rollout.

Pure functions. Upstream: pkg/controller/deployment/progress.go and `calculateStatus` of sync.go.
Numbers that are zero are left out, as Go's `omitempty` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kubelearn.embedded.controllers.deployment.rolling import available, max_unavailable, replicas
from kubelearn.objects import Object, condition, parse_time, timestamp

_FOREVER = 2**31 - 1
_TIMED_OUT = "ProgressDeadlineExceeded"
_AVAILABLE = "NewReplicaSetAvailable"
_PAUSED = "DeploymentPaused"


def has_deadline(deployment: Object) -> bool:
    """Whether a rollout without progress is to be called failed."""
    return deployment["spec"].get("progressDeadlineSeconds") not in (None, _FOREVER)


# --- conditions --------------------------------------------------------------------------------


def make_condition(kind: str, status: str, reason: str, message: str, *, now: datetime) -> Object:
    """A Deployment's condition."""
    moment = timestamp(now)
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": moment,
        "lastTransitionTime": moment,
        "reason": reason,
        "message": message,
    }


def with_condition(conditions: Iterable[Object], new: Object) -> list[Object]:
    """Conditions with the new one last, unless status and reason are those that are there."""
    conditions = list(conditions)
    for old in conditions:
        if old["type"] == new["type"] and old["status"] == new["status"]:
            if old["reason"] == new["reason"]:
                return conditions
            new = {**new, "lastTransitionTime": old["lastTransitionTime"]}
    return [*without_condition(conditions, new["type"]), new]


def without_condition(conditions: Iterable[Object], kind: str) -> list[Object]:
    """Conditions but for those of one type."""
    return [item for item in conditions if item["type"] != kind]


def add_condition(deployment: Object, new: Object) -> None:
    """Put a condition into the status of a Deployment that may be changed."""
    status = deployment["status"]
    status["conditions"] = with_condition(status.get("conditions") or [], new)


def pause_condition(deployment: Object, *, now: datetime) -> Object | None:
    """The Progressing condition of a rollout that was paused or resumed since the last look."""
    current = condition(deployment, "Progressing")
    reason = current["reason"] if current else None
    if not has_deadline(deployment) or reason == _TIMED_OUT:
        return None
    paused = bool(deployment["spec"].get("paused"))
    if paused == (reason == _PAUSED):
        return None
    reason, message = (
        (_PAUSED, "Deployment is paused")
        if paused
        else ("DeploymentResumed", "Deployment is resumed")
    )
    return make_condition("Progressing", "Unknown", reason, message, now=now)


# --- status ------------------------------------------------------------------------------------


def calculate_status(
    deployment: Object, replica_sets: Sequence[Object], new: Object | None, *, now: datetime
) -> Object:
    """Counts and the Available condition; the other conditions stay as they are."""
    old = deployment.get("status") or {}
    ready = available(replica_sets)
    counts = {
        "replicas": _count(replica_sets, "replicas"),
        "updatedReplicas": _count([new] if new else [], "replicas"),
        "readyReplicas": _count(replica_sets, "readyReplicas"),
        "availableReplicas": ready,
        "unavailableReplicas": max(replicas(replica_sets) - ready, 0),
    }
    status: Object = {
        "observedGeneration": deployment["metadata"]["generation"],
        **{name: value for name, value in counts.items() if value},
        "terminatingReplicas": _count(replica_sets, "terminatingReplicas"),
        "conditions": with_condition(
            old.get("conditions") or [], _availability(deployment, ready, now=now)
        ),
    }
    if "collisionCount" in old:
        status["collisionCount"] = old["collisionCount"]
    return status


def _availability(deployment: Object, ready: int, *, now: datetime) -> Object:
    least = deployment["spec"]["replicas"] - max_unavailable(deployment)
    status, reason, message = (
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        if ready >= least
        else (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    )
    return make_condition("Available", status, reason, message, now=now)


def rollout_status(
    deployment: Object, replica_sets: Sequence[Object], new: Object | None, *, now: datetime
) -> Object:
    """The status in a rollout: `calculate_status` and how the rollout gets on."""
    status = calculate_status(deployment, replica_sets, new, now=now)
    conditions = status["conditions"]
    if has_deadline(deployment):
        conditions = _with_progress(deployment, status, new, now=now)
    else:
        conditions = without_condition(conditions, "Progressing")
    failure = _replica_failure(replica_sets, new)
    status["conditions"] = (
        with_condition(conditions, failure)
        if failure
        else without_condition(conditions, "ReplicaFailure")
    )
    return status


def _with_progress(
    deployment: Object, status: Object, new: Object | None, *, now: datetime
) -> list[Object]:
    conditions: list[Object] = status["conditions"]
    current = condition(deployment, "Progressing")
    all_new = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if all_new and current and current["reason"] == _AVAILABLE:
        return conditions  # the rollout is over; what happens to its pods now is not progress
    subject = f'ReplicaSet "{new["metadata"]["name"]}"' if new else _quoted(deployment)
    if complete(deployment, status):
        message = f"{subject} has successfully progressed."
        done = make_condition("Progressing", "True", _AVAILABLE, message, now=now)
        return with_condition(conditions, done)
    if _progressed(deployment, status):
        message = f"{subject} is progressing."
        going = make_condition("Progressing", "True", "ReplicaSetUpdated", message, now=now)
        if current and current["status"] == "True":
            going["lastTransitionTime"] = current["lastTransitionTime"]
        # Put in even if it was there: its lastUpdateTime is what the deadline counts from.
        return [*without_condition(conditions, "Progressing"), going]
    if timed_out(deployment, now=now):
        message = f"{subject} has timed out progressing."
        failed = make_condition("Progressing", "False", _TIMED_OUT, message, now=now)
        return with_condition(conditions, failed)
    return conditions


def _quoted(deployment: Object) -> str:
    return f'Deployment "{deployment["metadata"]["name"]}"'


def complete(deployment: Object, status: Object) -> bool:
    """Whether all pods are new and available, and no old one is left."""
    desired = deployment["spec"]["replicas"]
    counts = ("updatedReplicas", "replicas", "availableReplicas")
    return (
        all(status.get(name, 0) == desired for name in counts)
        and status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    )


def _progressed(deployment: Object, status: Object) -> bool:
    before = deployment.get("status") or {}

    def gain(name: str) -> int:
        return int(status.get(name, 0) - before.get(name, 0))

    old_pods_went = gain("replicas") < gain("updatedReplicas")
    return old_pods_went or any(
        gain(name) > 0 for name in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )


def timed_out(deployment: Object, *, now: datetime) -> bool:
    """Whether the last progress is longer ago than the deadline."""
    current = condition(deployment, "Progressing")
    if current is None or current["reason"] == _AVAILABLE:
        return False
    return current["reason"] == _TIMED_OUT or _deadline(deployment, current) < now


def _deadline(deployment: Object, progressing: Object) -> datetime:
    seconds = deployment["spec"]["progressDeadlineSeconds"]
    return parse_time(progressing["lastUpdateTime"]) + timedelta(seconds=seconds)


def next_check(deployment: Object, status: Object, *, now: datetime) -> float | None:
    """In how many seconds the deadline has to be looked at, None if it does not matter."""
    current = condition({"status": status}, "Progressing")
    if not has_deadline(deployment) or current is None:
        return None
    if complete(deployment, status) or current["reason"] in (_TIMED_OUT, _AVAILABLE):
        return None
    # A second later, because the times in conditions have none of the fractions.
    return max((_deadline(deployment, current) - now).total_seconds(), 0) + 1


def _replica_failure(replica_sets: Sequence[Object], new: Object | None) -> Object | None:
    for replica_set in [*([new] if new else []), *replica_sets]:
        found = condition(replica_set, "ReplicaFailure")
        if found:
            return {**found, "lastUpdateTime": found["lastTransitionTime"]}
    return None


def _count(replica_sets: Iterable[Object], name: str) -> int:
    return sum((item.get("status") or {}).get(name, 0) for item in replica_sets)

"""What control loops want beside what there is: the spec, the status, and the objects themselves.

The loops are those of the kube-controller-manager that work on an object and on what is made of
it, and as the last one the scheduler. What each counts is upstream's `pkg/controller/...`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubelearn.objects import (
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    Object,
    Resource,
    controller_of,
    is_active,
    is_ready,
    key,
)

Row = dict[str, Any]
SCHEDULER = "kube-scheduler"


@dataclass(frozen=True)
class Loop:
    """One control loop: its name among the controllers, and the account that it acts as."""

    name: str
    account: str
    about: str


LOOPS = {
    each.name: each
    for each in (
        Loop(
            "deployment-controller", "deployment-controller", "keeps ReplicaSets as Deployments say"
        ),
        Loop("replicaset-controller", "replicaset-controller", "keeps as many pods as wanted"),
        Loop("statefulset-controller", "statefulset-controller", "keeps pods with names and order"),
        Loop("daemonset-controller", "daemon-set-controller", "keeps a pod on every node"),
        Loop("job-controller", "job-controller", "runs pods until enough have succeeded"),
        Loop(SCHEDULER, SCHEDULER, "gives a node to pods without one"),
    )
}
KINDS: dict[str, tuple[Resource, tuple[str, ...]]] = {
    "Deployment": (DEPLOYMENTS, ("deployment-controller", "replicaset-controller", SCHEDULER)),
    "ReplicaSet": (REPLICA_SETS, ("replicaset-controller", SCHEDULER)),
    "StatefulSet": (STATEFUL_SETS, ("statefulset-controller", SCHEDULER)),
    "DaemonSet": (DAEMON_SETS, ("daemonset-controller", SCHEDULER)),
    "Job": (JOBS, ("job-controller", SCHEDULER)),
}
SCALABLE = ("Deployment", "ReplicaSet", "StatefulSet")


def watched(kind: str) -> list[Resource]:
    """The collections that its loops are about."""
    resource, _ = KINDS[kind]
    return list(dict.fromkeys([resource, REPLICA_SETS, PODS]))


class Family:
    """One object, and all that was made of it, as far as it is known."""

    def __init__(self, root: Object | None, others: Iterable[Object]) -> None:
        self.root = root
        listed = list(others)
        self.sets = self._made_by([root] if root else [], listed, kind="ReplicaSet")
        owners = [*([root] if root else []), *self.sets]
        self.pods = self._made_by(owners, listed, kind="Pod")

    def _made_by(self, owners: list[Object], others: list[Object], *, kind: str) -> list[Object]:
        uids = {owner["metadata"].get("uid") for owner in owners}
        mine = (
            o for o in others if o["kind"] == kind and (controller_of(o) or {}).get("uid") in uids
        )
        return sorted(mine, key=key)

    def pods_of(self, owner: Object) -> list[Object]:
        """The pods of one owner that count."""
        uid = owner["metadata"].get("uid")
        return [p for p in self.pods if (controller_of(p) or {}).get("uid") == uid and is_active(p)]

    def cards(self) -> dict[str, list[Row]]:
        """By loop: the objects that it works on, each with what is wanted and what there is."""
        found: dict[str, list[Row]] = {}
        if self.root:
            kind = self.root["kind"]
            found[KINDS[kind][1][0]] = [_card(self.root, _ROWS[kind](self, self.root))]
        for each in self.sets:
            # Old revisions, which want nothing and have nothing, are kept for a rollback only.
            if each["spec"].get("replicas") or self.pods_of(each):
                card = _card(each, _replica_rows(self, each))
                found.setdefault("replicaset-controller", []).append(card)
        found[SCHEDULER] = [self._scheduling()]
        return found

    def _scheduling(self) -> Row:
        without = [p for p in self.pods if is_active(p) and not p["spec"].get("nodeName")]
        row = _row("pods without a node", desired=0, live=len(without))
        return {"title": f"{len(self.pods)} pods", "key": "", "rows": [row]}


def _card(obj: Object, rows: list[Row]) -> Row:
    return {"title": f"{obj['kind']} {obj['metadata']['name']}", "key": key(obj), "rows": rows}


def _row(what: str, *, desired: Any, observed: Any = None, live: Any = None) -> Row:
    """What is wanted, what the status says, what is counted now; None where nothing tells."""
    told = [each for each in (observed, live) if each is not None]
    agrees = all(each == desired for each in told)
    return {"what": what, "desired": desired, "observed": observed, "live": live, "agrees": agrees}


def _generation(obj: Object) -> Row:
    observed = (obj.get("status") or {}).get("observedGeneration") or 0
    return _row("generation", desired=obj["metadata"].get("generation") or 0, observed=observed)


def _counts(obj: Mapping[str, Any], name: str) -> int:
    return int((obj.get("status") or {}).get(name) or 0)


def _wanted(obj: Mapping[str, Any]) -> int:
    # The default is in the spec by now; None only while it is being read from an old file.
    return int(obj["spec"].get("replicas", 1))


def _deployment_rows(family: Family, obj: Object) -> list[Row]:
    wanted = _wanted(obj)
    pods = [pod for each in family.sets for pod in family.pods_of(each)]
    asked = sum(_wanted(each) for each in family.sets)
    ready = sum(map(is_ready, pods))
    return [
        _generation(obj),
        _row("replicas of its ReplicaSets", desired=wanted, live=asked),
        _row("replicas", desired=wanted, observed=_counts(obj, "replicas"), live=len(pods)),
        _row("updated", desired=wanted, observed=_counts(obj, "updatedReplicas")),
        _row("ready", desired=wanted, observed=_counts(obj, "readyReplicas"), live=ready),
    ]


def _replica_rows(family: Family, obj: Object) -> list[Row]:
    pods, wanted = family.pods_of(obj), _wanted(obj)
    ready = sum(map(is_ready, pods))
    return [
        _generation(obj),
        _row("replicas", desired=wanted, observed=_counts(obj, "replicas"), live=len(pods)),
        _row("ready", desired=wanted, observed=_counts(obj, "readyReplicas"), live=ready),
    ]


def _daemon_rows(family: Family, obj: Object) -> list[Row]:
    pods, wanted = family.pods_of(obj), _counts(obj, "desiredNumberScheduled")
    ready = sum(map(is_ready, pods))
    return [
        _generation(obj),
        _row(
            "nodes with a pod",
            desired=wanted,
            observed=_counts(obj, "currentNumberScheduled"),
            live=len(pods),
        ),
        _row("ready", desired=wanted, observed=_counts(obj, "numberReady"), live=ready),
    ]


def _job_rows(family: Family, obj: Object) -> list[Row]:
    spec = obj["spec"]
    done = sum((p.get("status") or {}).get("phase") == "Succeeded" for p in family.pods)
    wanted = spec.get("completions") or 1
    left = min(spec.get("parallelism", 1), wanted - _counts(obj, "succeeded"))
    return [
        _row("succeeded", desired=wanted, observed=_counts(obj, "succeeded"), live=done),
        _row(
            "active", desired=left, observed=_counts(obj, "active"), live=len(family.pods_of(obj))
        ),
    ]


_ROWS = {
    "Deployment": _deployment_rows,
    "ReplicaSet": _replica_rows,
    "StatefulSet": _replica_rows,
    "DaemonSet": _daemon_rows,
    "Job": _job_rows,
}


def summary(cards: Mapping[str, list[Row]], *, paused: Iterable[str] = ()) -> str:
    """`all as wanted`, or what differs; and which loops are paused."""
    if not any(name != SCHEDULER for name in cards):
        return "it is not there"
    rows = [
        (card["title"], row) for each in cards.values() for card in each for row in card["rows"]
    ]
    different = [f"{title}: {_words(row)}" for title, row in rows if not row["agrees"]]
    words = "; ".join(different) or "all as wanted"
    names = ", ".join(sorted(paused))
    return f"{words} ({names} paused)" if names else words


def _words(row: Row) -> str:
    told = (each for each in (row["observed"], row["live"]) if each is not None)
    there = next(each for each in told if each != row["desired"])
    return f"{row['what']} {there} of {row['desired']}"

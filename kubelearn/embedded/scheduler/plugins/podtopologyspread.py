"""Spreads sibling pods over nodes and zones (upstream: plugins/podtopologyspread).

A pod's own `topologySpreadConstraints` filter where they are hard, and score where they are soft.
A pod without any is spread by default, which only scores.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from kubelearn.embedded.informer import Informer
from kubelearn.embedded.nodeaffinity import matches_node
from kubelearn.embedded.scheduler.cache import LabelSet, NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import (
    MAX_SCORE,
    Change,
    Filter,
    Plugin,
    Rejection,
    Score,
)
from kubelearn.embedded.scheduler.plugins.tainttoleration import tolerated
from kubelearn.embedded.serviceselectors import index_services, services_of
from kubelearn.labelselector import matches
from kubelearn.objects import Object, controller_of, labels_of

_HOSTNAME = "kubernetes.io/hostname"
_ZONE = "topology.kubernetes.io/zone"
_UNEQUAL = "node(s) didn't match pod topology spread constraints"

# The score of a node that lacks a label of the pod's own constraints: as bad as can be.
_IGNORED = -1


@dataclass(frozen=True)
class _Constraint:
    """Keep the pods that `selects` takes about equal in number over the values of a label."""

    label: str
    skew: int
    selects: Callable[[LabelSet], bool]
    honor_affinity: bool = True
    honor_taints: bool = False
    least_domains: int = 1

    def counts(self, pod: PodInfo, info: NodeInfo) -> bool:
        """Whether the pods on that node are counted at all."""
        if self.honor_affinity and not matches_node(pod.pod, info.name, info.labels):
            return False
        if not self.honor_taints:
            return True
        tolerations = pod.pod["spec"].get("tolerations") or []
        keeping_away = (t for t in info.taints if t["effect"] != "PreferNoSchedule")
        return all(tolerated(tolerations, taint) for taint in keeping_away)


class PodTopologySpread(Plugin):
    """Rejects by hard constraints; prefers nodes and zones with the fewest siblings of the pod."""

    name: ClassVar[str] = "PodTopologySpread"
    weight: ClassVar[int] = 2
    helped_by: ClassVar[frozenset[str]] = frozenset(
        {"NodeAdd", "NodeUpdate", "NodeDelete", "PodAdd", "PodUpdate", "PodDelete"}
    )

    def __init__(
        self,
        *,
        services: Informer,
        replica_sets: Informer,
        stateful_sets: Informer,
        replication_controllers: Informer,
    ) -> None:
        self._services = services
        self._owners = {
            "ReplicaSet": replica_sets,
            "StatefulSet": stateful_sets,
            "ReplicationController": replication_controllers,
        }
        index_services(services)

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Reject nodes where the pod would make the numbers too unequal."""
        constraints = _chosen(pod, "DoNotSchedule")
        if not constraints:
            return None
        labelled = [info for info in nodes if _has_labels(info, constraints)]
        unlabelled = Rejection(self.name, (f"{_UNEQUAL} (missing required label)",))
        unequal = Rejection(self.name, (_UNEQUAL,), final=False)
        limits = [_limit(item, pod, labelled) for item in constraints]

        def check(info: NodeInfo) -> Rejection | None:
            for constraint, (siblings, most) in zip(constraints, limits, strict=True):
                value = info.labels.get(constraint.label)
                if value is None:
                    return unlabelled
                if siblings[value] > most:
                    return unequal
            return None

        return check

    def is_helped(self, pod: PodInfo, change: Change) -> bool:
        """Look whether the pod's siblings, or the places to count them in, are others now."""
        constraints = _chosen(pod, "DoNotSchedule")
        if change.name.startswith("Node"):
            old, new = (_places(node, constraints) for node in (change.old, change.new))
            return old != new
        old_set, new_set = (
            PodInfo(other).label_set if other else None for other in (change.old, change.new)
        )
        return any(
            (old_set is not None and item.selects(old_set))
            != (new_set is not None and item.selects(new_set))
            for item in constraints
        )

    def score_for(
        self, pod: PodInfo, feasible: Sequence[NodeInfo], nodes: Sequence[NodeInfo]
    ) -> Score | None:
        """Count siblings where the pod would be."""
        own = bool(pod.pod["spec"].get("topologySpreadConstraints"))
        constraints = _chosen(pod, "ScheduleAnyway") if own else self._defaults(pod)
        if not constraints:
            return None
        if own:
            nodes = [info for info in nodes if _has_labels(info, constraints)]
        scored = [info for info in feasible if not own or _has_labels(info, constraints)]
        parts = [
            _score_of(item, pod, scored, nodes=nodes)
            for item in constraints
            if any(item.label in info.labels for info in scored)
        ]

        def score(info: NodeInfo) -> int:
            if own and not _has_labels(info, constraints):
                return _IGNORED
            total = 0.5
            for part in parts:
                total += part(info)
            return math.floor(total)

        return score

    def normalize(self, scores: dict[str, int]) -> dict[str, int]:
        """The fewer siblings the better."""
        counted = [score for score in scores.values() if score != _IGNORED]
        highest, lowest = max(counted, default=0), min(counted, default=0)

        def normal(score: int) -> int:
            if score == _IGNORED:
                return 0
            return MAX_SCORE * (highest + lowest - score) // highest if highest else MAX_SCORE

        return {name: normal(score) for name, score in scores.items()}

    def _defaults(self, pod: PodInfo) -> list[_Constraint]:
        selector = self._sibling_selector(pod)
        if not selector["matchLabels"] and not selector["matchExpressions"]:
            return []
        selects = _selection(pod.namespace, selector)
        return [_Constraint(_HOSTNAME, 3, selects), _Constraint(_ZONE, 5, selects)]

    def _sibling_selector(self, pod: PodInfo) -> Object:
        """What the Services that select the pod and its owner select, all together."""
        labels: dict[str, str] = {}
        expressions: list[Object] = []
        for service in services_of(self._services, pod.pod):
            labels.update(service["spec"]["selector"])
        ref = controller_of(pod.pod)
        if ref and (owners := self._owners.get(ref["kind"])):
            owner = owners.get(f"{pod.namespace}/{ref['name']}")
            if owner and ref["kind"] == "ReplicationController":
                labels.update(owner["spec"].get("selector") or {})
            elif owner:
                labels.update(owner["spec"]["selector"].get("matchLabels") or {})
                expressions += owner["spec"]["selector"].get("matchExpressions") or []
        return {"matchLabels": labels, "matchExpressions": expressions}


def _chosen(pod: PodInfo, when: str) -> list[_Constraint]:
    """The pod's own constraints that are hard, or those that are soft."""
    own = pod.pod["spec"].get("topologySpreadConstraints") or []
    return [_from_spec(item, pod) for item in own if item["whenUnsatisfiable"] == when]


def _from_spec(spec: Mapping[str, Any], pod: PodInfo) -> _Constraint:
    selector = spec.get("labelSelector")
    if selector is not None:
        keys = spec.get("matchLabelKeys") or []
        same = {name: pod.labels[name] for name in keys if name in pod.labels}
        selector = {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), **same}}
    return _Constraint(
        spec["topologyKey"],
        spec["maxSkew"],
        _selection(pod.namespace, selector),
        honor_affinity=spec.get("nodeAffinityPolicy") != "Ignore",
        honor_taints=spec.get("nodeTaintsPolicy") == "Honor",
        least_domains=spec.get("minDomains") or 1,
    )


def _selection(namespace: str, selector: Object | None) -> Callable[[LabelSet], bool]:
    """Whether a namespace and labels are of those that count; each is looked at once."""
    return cache(lambda known: known[0] == namespace and matches(selector, dict(known[1])))


def _has_labels(info: NodeInfo, constraints: Sequence[_Constraint]) -> bool:
    return all(constraint.label in info.labels for constraint in constraints)


def _places(node: Object | None, constraints: Sequence[_Constraint]) -> object:
    """What of a node makes a difference to the constraints; None if the node takes no part."""
    labels = labels_of(node) if node else {}
    if not node or not all(constraint.label in labels for constraint in constraints):
        return None
    return [labels[constraint.label] for constraint in constraints], node["spec"].get("taints")


def _limit(
    constraint: _Constraint, pod: PodInfo, nodes: Sequence[NodeInfo]
) -> tuple[Counter[str], int]:
    """The siblings in each value of the label, and how many a place may have to take the pod."""
    siblings: Counter[str] = Counter()
    for info in nodes:
        if constraint.counts(pod, info):
            siblings[info.labels[constraint.label]] += info.count_pods(constraint.selects)
    enough = len(siblings) >= constraint.least_domains
    least = min(siblings.values(), default=0) if enough else 0
    return siblings, constraint.skew + least - constraint.selects(pod.label_set)


def _score_of(
    constraint: _Constraint,
    pod: PodInfo,
    scored: Sequence[NodeInfo],
    *,
    nodes: Sequence[NodeInfo],
) -> Callable[[NodeInfo], float]:
    """What one constraint adds to a node's score: more where there are more siblings."""
    label, lift = constraint.label, constraint.skew - 1
    if label == _HOSTNAME:
        weight = math.log(len(scored) + 2)
        return lambda info: (
            info.count_pods(constraint.selects) * weight + lift if label in info.labels else 0.0
        )
    siblings: Counter[str | None] = Counter()
    values = {info.labels.get(label) for info in scored}
    weight = math.log(len(values) + 2)
    values.discard(None)
    for info in nodes if values else ():
        if (value := info.labels.get(label)) in values and constraint.counts(pod, info):
            siblings[value] += info.count_pods(constraint.selects)
    return lambda info: (
        siblings[info.labels[label]] * weight + lift if label in info.labels else 0.0
    )

"""Spreads sibling pods over nodes and zones (upstream: plugins/podtopologyspread).

A pod's own `topologySpreadConstraints` filter where they are hard, and score where they are soft.
A pod without any is spread by default, which only scores.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kubelearn.embedded.informer import Informer
from kubelearn.embedded.nodeaffinity import matches_node
from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import MAX_SCORE, Filter, Plugin, Rejection, Score
from kubelearn.embedded.scheduler.plugins.tainttoleration import tolerated
from kubelearn.objects import Object, controller_of, matches

_HOSTNAME = "kubernetes.io/hostname"
_ZONE = "topology.kubernetes.io/zone"
_UNEQUAL = "node(s) didn't match pod topology spread constraints"

Selects = Callable[[dict[str, str]], bool]


@dataclass(frozen=True)
class _Constraint:
    """Keep the pods that `selects` takes about equal in number over the values of a label."""

    label: str
    skew: int
    selects: Selects
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
    """Prefers nodes and zones with the fewest siblings of the pod."""

    name: ClassVar[str] = "PodTopologySpread"
    weight: ClassVar[int] = 2
    helped_by: ClassVar[frozenset[str]] = frozenset(
        {"NodeAdd", "NodeUpdate", "PodAdd", "PodDelete"}
    )

    def __init__(self, *, services: Informer, replica_sets: Informer) -> None:
        self._services = services
        self._replica_sets = replica_sets
        services.add_index("namespace", lambda service: [service["metadata"]["namespace"]])

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Reject nodes where the pod would make the numbers too unequal."""
        own = pod.pod["spec"].get("topologySpreadConstraints") or []
        constraints = _chosen(own, pod, "DoNotSchedule")
        if not constraints:
            return None
        # Only nodes that have all of the labels take part.
        labels = {constraint.label for constraint in constraints}
        labelled = [info for info in nodes if labels <= info.labels.keys()]
        counted = [(item, _counted(item, pod, labelled)) for item in constraints]

        def check(info: NodeInfo) -> Rejection | None:
            for constraint, siblings in counted:
                value = info.labels.get(constraint.label)
                if value is None:
                    return Rejection(self.name, (f"{_UNEQUAL} (missing required label)",))
                least = min(siblings.values(), default=0)
                if len(siblings) < constraint.least_domains:
                    least = 0
                itself = constraint.selects(pod.labels)
                if siblings[value] + itself - least > constraint.skew:
                    return Rejection(self.name, (_UNEQUAL,), final=False)
            return None

        return check

    def score_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Score | None:
        """Count siblings where the pod would be."""
        own = pod.pod["spec"].get("topologySpreadConstraints") or []
        constraints = _chosen(own, pod, "ScheduleAnyway") if own else self._defaults(pod)
        if not constraints:
            return None
        weighed = [(item, *_domains(item, pod, nodes)) for item in constraints]

        def score(info: NodeInfo) -> int:
            total = 0.0
            for constraint, siblings, size in weighed:
                value = info.labels.get(constraint.label)
                if value is not None:
                    weight = math.log(size + 2)
                    total += siblings[value] * weight + constraint.skew - 1
            return math.floor(total + 0.5)

        return score

    def normalize(self, scores: dict[str, int]) -> dict[str, int]:
        """The fewer siblings the better."""
        highest, lowest = max(scores.values(), default=0), min(scores.values(), default=0)
        if not highest:
            return dict.fromkeys(scores, MAX_SCORE)
        return {n: MAX_SCORE * (highest + lowest - s) // highest for n, s in scores.items()}

    def _defaults(self, pod: PodInfo) -> list[_Constraint]:
        selector = self._sibling_selector(pod)
        if not selector["matchLabels"] and not selector["matchExpressions"]:
            return []

        def selects(labels: dict[str, str]) -> bool:
            return matches(selector, labels)

        return [_Constraint(_HOSTNAME, 3, selects), _Constraint(_ZONE, 5, selects)]

    def _sibling_selector(self, pod: PodInfo) -> Object:
        """What the Services that select the pod and its ReplicaSet select, all together."""
        labels: dict[str, str] = {}
        expressions: list[Object] = []
        for service in self._services.by_index("namespace", pod.namespace):
            wanted = service["spec"].get("selector")
            if wanted and wanted.items() <= pod.labels.items():
                labels.update(wanted)
        ref = controller_of(pod.pod)
        if ref and ref["kind"] == "ReplicaSet":
            replica_set = self._replica_sets.get(f"{pod.namespace}/{ref['name']}")
            if replica_set:
                labels.update(replica_set["spec"]["selector"].get("matchLabels") or {})
                expressions += replica_set["spec"]["selector"].get("matchExpressions") or []
        return {"matchLabels": labels, "matchExpressions": expressions}


def _chosen(
    constraints: Sequence[Mapping[str, object]], pod: PodInfo, when: str
) -> list[_Constraint]:
    return [
        _from_spec(dict(item), pod) for item in constraints if item["whenUnsatisfiable"] == when
    ]


def _from_spec(spec: Object, pod: PodInfo) -> _Constraint:
    selector = spec.get("labelSelector")
    if selector is not None:
        keys = spec.get("matchLabelKeys") or []
        same = {name: pod.labels[name] for name in keys if name in pod.labels}
        selector = {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), **same}}
    return _Constraint(
        spec["topologyKey"],
        spec["maxSkew"],
        lambda labels: matches(selector, labels),
        honor_affinity=spec.get("nodeAffinityPolicy") != "Ignore",
        honor_taints=spec.get("nodeTaintsPolicy") == "Honor",
        least_domains=spec.get("minDomains") or 1,
    )


def _domains(
    constraint: _Constraint, pod: PodInfo, nodes: Sequence[NodeInfo]
) -> tuple[Counter[str], int]:
    """The siblings in each value of the constraint's label, and how many values there are."""
    siblings: Counter[str] = Counter()
    for info in nodes:
        value = info.labels.get(constraint.label)
        if value is not None:
            siblings[value] += (
                info.count_pods(pod.namespace, constraint.selects)
                if constraint.counts(pod, info)
                else 0
            )
    return siblings, len(siblings)


def _counted(constraint: _Constraint, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Counter[str]:
    """The siblings in each value of a hard constraint's label, on the nodes that count."""
    siblings, _ = _domains(
        constraint, pod, [info for info in nodes if constraint.counts(pod, info)]
    )
    return siblings

"""Brings pods near some pods and away from others (upstream: plugins/interpodaffinity).

Near means: on nodes with the same value of a label, the term's `topologyKey`. What a pod wants
holds in both directions: one that cannot stand its like keeps later ones away as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from kubelearn.embedded.informer import Informer
from kubelearn.embedded.nodeaffinity import PREFERRED, REQUIRED
from kubelearn.embedded.scheduler.cache import LabelSet, NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import (
    MAX_SCORE,
    Change,
    Filter,
    Plugin,
    Rejection,
    Score,
)
from kubelearn.labelselector import matches
from kubelearn.objects import labels_of

_AFFINITY, _ANTI_AFFINITY = "podAffinity", "podAntiAffinity"

# A label and its value: everything that is in the same place.
Place = tuple[str, str]


@dataclass(frozen=True)
class _Term:
    """Pods that somebody wants, or does not want, in the same place."""

    label: str
    selects: Callable[[LabelSet], bool]
    weight: int = 1

    def place(self, info: NodeInfo) -> Place | None:
        value = info.labels.get(self.label)
        return None if value is None else (self.label, value)


class InterPodAffinity(Plugin):
    """Rejects by required terms, of the pod and of those that run; scores by preferred ones."""

    name: ClassVar[str] = "InterPodAffinity"
    weight: ClassVar[int] = 2
    helped_by: ClassVar[frozenset[str]] = frozenset(
        {"NodeAdd", "NodeUpdate", "PodAdd", "PodUpdate", "PodDelete"}
    )

    def __init__(self, *, namespaces: Informer) -> None:
        self._namespaces = namespaces

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Find out once which places are wanted and which are forbidden."""
        wanted = list(self._required(pod, _AFFINITY))
        unwanted = list(self._required(pod, _ANTI_AFFINITY))
        refusing = self._refusing(pod, nodes)
        if not (wanted or unwanted or refusing):
            return None
        near = _places(nodes, wanted, every=True)
        # The first of a group that wants to be together has nobody to go to.
        alone = not near and all(term.selects(pod.label_set) for term in wanted)
        avoided = _places(nodes, unwanted, every=False)
        wrong = Rejection(self.name, ("node(s) didn't match pod affinity rules",))
        crowded = self._avoidable("node(s) didn't match pod anti-affinity rules")
        refused = self._avoidable("node(s) didn't satisfy existing pods anti-affinity rules")

        def check(info: NodeInfo) -> Rejection | None:
            places = [term.place(info) for term in wanted]
            if None in places or not (alone or near.issuperset(places)):
                return wrong
            if any(term.place(info) in avoided for term in unwanted):
                return crowded
            return refused if not refusing.isdisjoint(info.labels.items()) else None

        return check

    def is_helped(self, pod: PodInfo, change: Change) -> bool:
        """Look whether pods that the pod has an opinion about, or nodes to be on, are new."""
        if change.name.startswith("Node"):
            return self._has_new_place(pod, change)
        old, new = (PodInfo(other) if other else None for other in (change.old, change.new))
        wanted = list(self._required(pod, _AFFINITY))
        if wanted and _chosen_by_all(wanted, new) and not _chosen_by_all(wanted, old):
            return True
        unwanted = list(self._required(pod, _ANTI_AFFINITY))
        if _chosen_by_any(unwanted, old) and not _chosen_by_any(unwanted, new):
            return True
        refusing = list(self._required(old, _ANTI_AFFINITY)) if old and not new else []
        return _chosen_by_any(refusing, pod)

    def _has_new_place(self, pod: PodInfo, change: Change) -> bool:
        terms = (*self._required(pod, _AFFINITY), *self._required(pod, _ANTI_AFFINITY))
        if change.old is None:
            return True
        old, new = (
            (node or {}).get("metadata", {}).get("labels") or {}
            for node in (change.old, change.new)
        )
        return not terms or any(old.get(term.label) != new.get(term.label) for term in terms)

    def _avoidable(self, reason: str) -> Rejection:
        return Rejection(self.name, (reason,), final=False)

    def score_for(
        self, pod: PodInfo, feasible: Sequence[NodeInfo], nodes: Sequence[NodeInfo]
    ) -> Score | None:
        """Add up the weights of the pods that are near, as both sides see it."""
        own = list(self._preferred(pod))
        points: Counter[Place] = Counter()
        for info in nodes if own else ():
            for label_set, count in info.label_sets.items():
                _add(points, (term for term in own if term.selects(label_set)), info, count)
        for info in _opinionated(nodes):
            for other in info.opinionated.values():
                attracted = (*self._preferred(other), *self._required(other, _AFFINITY))
                _add(points, (t for t in attracted if t.selects(pod.label_set)), info, 1)
        if not points:
            return None
        return lambda info: sum(points[place] for place in info.labels.items() if place in points)

    def normalize(self, scores: dict[str, int]) -> dict[str, int]:
        """From the least to the most; points may be negative."""
        low, high = min(scores.values(), default=0), max(scores.values(), default=0)
        if low == high:
            return dict.fromkeys(scores, 0)
        return {name: MAX_SCORE * (points - low) // (high - low) for name, points in scores.items()}

    # --- terms ---

    def _refusing(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[Place]:
        """The places where a pod runs that cannot stand this one."""
        return {
            place
            for info in _opinionated(nodes)
            for other in info.opinionated.values()
            for term in self._required(other, _ANTI_AFFINITY)
            if (place := term.place(info)) and term.selects(pod.label_set)
        }

    def _required(self, pod: PodInfo, kind: str) -> Iterator[_Term]:
        for spec in _rules(pod, kind).get(REQUIRED) or []:
            yield self._term(pod, spec)

    def _preferred(self, pod: PodInfo) -> Iterator[_Term]:
        for kind, sign in ((_AFFINITY, 1), (_ANTI_AFFINITY, -1)):
            for item in _rules(pod, kind).get(PREFERRED) or []:
                yield self._term(pod, item["podAffinityTerm"], weight=sign * item["weight"])

    def _term(self, pod: PodInfo, spec: Mapping[str, Any], *, weight: int = 1) -> _Term:
        named, selector = spec.get("namespaces") or [], spec.get("namespaceSelector")
        if not named and selector is None:
            named = [pod.namespace]

        def selects(label_set: LabelSet) -> bool:
            namespace, labels = label_set
            return (
                namespace in named or matches(selector, self._labels_of(namespace))
            ) and matches(spec.get("labelSelector"), dict(labels))

        return _Term(spec["topologyKey"], cache(selects), weight)

    def _labels_of(self, namespace: str) -> dict[str, str]:
        found = self._namespaces.get(namespace)
        return labels_of(found) if found else {}


def _opinionated(nodes: Sequence[NodeInfo]) -> list[NodeInfo]:
    """The nodes with pods that have a say; of many nodes there are few."""
    return [info for info in nodes if info.opinionated]


def _add(points: Counter[Place], terms: Iterable[_Term], info: NodeInfo, count: int) -> None:
    for term in terms:
        place = term.place(info)
        if place:
            points[place] += term.weight * count


def _chosen_by_all(terms: Sequence[_Term], pod: PodInfo | None) -> bool:
    return pod is not None and all(term.selects(pod.label_set) for term in terms)


def _chosen_by_any(terms: Sequence[_Term], pod: PodInfo | None) -> bool:
    return pod is not None and any(term.selects(pod.label_set) for term in terms)


def _places(nodes: Sequence[NodeInfo], terms: Sequence[_Term], *, every: bool) -> set[Place]:
    """Where the pods are that the terms select; with `every`, those that each of them selects."""
    found: set[Place] = set()
    for info in nodes if terms else ():
        for label_set in info.label_sets:
            chosen = [term for term in terms if term.selects(label_set)]
            if every and len(chosen) < len(terms):
                continue
            found.update(place for term in chosen if (place := term.place(info)))
    return found


def _rules(pod: PodInfo, kind: str) -> Mapping[str, Any]:
    rules: Mapping[str, Any] = (pod.pod["spec"].get("affinity") or {}).get(kind) or {}
    return rules

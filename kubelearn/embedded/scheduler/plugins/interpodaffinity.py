"""Brings pods near some pods and away from others (upstream: plugins/interpodaffinity).

Near means: on nodes with the same value of a label, the term's `topologyKey`. What a pod wants
holds in both directions: one that cannot stand its like keeps later ones away as well. Left out:
labels of namespaces other than the name, so a `namespaceSelector` can choose by name or take all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from kubelearn.embedded.nodeaffinity import PREFERRED, REQUIRED
from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import MAX_SCORE, Filter, Plugin, Rejection, Score
from kubelearn.objects import matches

_AFFINITY, _ANTI_AFFINITY = "podAffinity", "podAntiAffinity"
_NAMESPACE_NAME = "kubernetes.io/metadata.name"

# A label and its value: everything that is in the same place.
Place = tuple[str, str]


@dataclass(frozen=True)
class _Term:
    """Pods that somebody wants, or does not want, in the same place."""

    label: str
    owner_namespace: str
    spec: Mapping[str, Any]
    weight: int = 1

    def selects(self, pod: PodInfo) -> bool:
        return self._selects_namespace(pod.namespace) and matches(
            self.spec.get("labelSelector"), pod.labels
        )

    def _selects_namespace(self, namespace: str) -> bool:
        named, selector = self.spec.get("namespaces") or [], self.spec.get("namespaceSelector")
        if not named and selector is None:
            return namespace == self.owner_namespace
        return namespace in named or matches(selector, {_NAMESPACE_NAME: namespace})

    def place(self, info: NodeInfo) -> Place | None:
        value = info.labels.get(self.label)
        return None if value is None else (self.label, value)


class InterPodAffinity(Plugin):
    """Rejects by required terms, of the pod and of those that run; scores by preferred ones."""

    name: ClassVar[str] = "InterPodAffinity"
    weight: ClassVar[int] = 2
    helped_by: ClassVar[frozenset[str]] = frozenset(
        {"NodeAdd", "NodeUpdate", "PodAdd", "PodDelete"}
    )

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Find out once which places are wanted and which are forbidden."""
        wanted = list(_required(pod, _AFFINITY))
        unwanted = list(_required(pod, _ANTI_AFFINITY))
        refusing = _refusing(pod, nodes)
        if not (wanted or unwanted or refusing):
            return None
        near = _places(nodes, wanted, every=True)
        # The first of a group that wants to be together has nobody to go to.
        alone = not near and all(term.selects(pod) for term in wanted)
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

    def _avoidable(self, reason: str) -> Rejection:
        return Rejection(self.name, (reason,), final=False)

    def score_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Score | None:
        """Add up the weights of the pods that are near, as both sides see it."""
        own = list(_preferred(pod))
        points: Counter[Place] = Counter()
        for info in nodes:
            for other in info.pods.values() if own else ():
                _add(points, (term for term in own if term.selects(other)), info)
            for other in info.opinionated.values():
                _add(points, (term for term in _attracted(other) if term.selects(pod)), info)
        if not points:
            return None
        return lambda info: sum(points[place] for place in info.labels.items() if place in points)

    def normalize(self, scores: dict[str, int]) -> dict[str, int]:
        """From the least to the most; points may be negative."""
        low, high = min(scores.values(), default=0), max(scores.values(), default=0)
        if low == high:
            return dict.fromkeys(scores, 0)
        return {name: MAX_SCORE * (points - low) // (high - low) for name, points in scores.items()}


def _add(points: Counter[Place], terms: Iterable[_Term], info: NodeInfo) -> None:
    for term in terms:
        place = term.place(info)
        if place:
            points[place] += term.weight


def _refusing(pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[Place]:
    """The places where a pod runs that cannot stand this one."""
    return {
        place
        for info in nodes
        for other in info.opinionated.values()
        for term in _required(other, _ANTI_AFFINITY)
        if (place := term.place(info)) and term.selects(pod)
    }


def _places(nodes: Sequence[NodeInfo], terms: Sequence[_Term], *, every: bool) -> set[Place]:
    """Where the pods are that the terms select; with `every`, those that each of them selects."""
    found: set[Place] = set()
    for info in nodes if terms else ():
        for other in info.pods.values():
            chosen = [term for term in terms if term.selects(other)]
            if every and len(chosen) < len(terms):
                continue
            found.update(place for term in chosen if (place := term.place(info)))
    return found


def _required(pod: PodInfo, kind: str) -> Iterator[_Term]:
    for spec in _rules(pod, kind).get(REQUIRED) or []:
        yield _Term(spec["topologyKey"], pod.namespace, spec)


def _preferred(pod: PodInfo) -> Iterator[_Term]:
    for kind, sign in ((_AFFINITY, 1), (_ANTI_AFFINITY, -1)):
        for item in _rules(pod, kind).get(PREFERRED) or []:
            spec = item["podAffinityTerm"]
            yield _Term(spec["topologyKey"], pod.namespace, spec, sign * item["weight"])


def _attracted(pod: PodInfo) -> Iterator[_Term]:
    """What a running pod would like of a new one; what it requires counts a little too."""
    yield from _preferred(pod)
    yield from _required(pod, _AFFINITY)


def _rules(pod: PodInfo, kind: str) -> Mapping[str, Any]:
    rules: Mapping[str, Any] = (pod.pod["spec"].get("affinity") or {}).get(kind) or {}
    return rules

"""Brings pods to the nodes that they ask for by label (upstream: plugins/nodeaffinity)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import Filter, Plugin, Rejection, Score, normalize
from kubelearn.objects import Object, requirement_holds


class NodeAffinity(Plugin):
    """Rejects nodes that selector and required affinity exclude; scores preferred affinity."""

    name: ClassVar[str] = "NodeAffinity"
    weight: ClassVar[int] = 2
    helped_by: ClassVar[frozenset[str]] = frozenset({"NodeAdd", "NodeUpdate"})

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Match the node's labels."""
        if not pod.pod["spec"].get("nodeSelector") and _affinity(pod.pod, _REQUIRED) is None:
            return None
        rejection = Rejection(self.name, ("node(s) didn't match Pod's node affinity/selector",))
        return lambda info: None if matches_node(pod.pod, info) else rejection

    def score_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Score | None:
        """Add up the weights of the preferences that the node meets."""
        preferences = _affinity(pod.pod, _PREFERRED)
        if not preferences:
            return None
        return lambda info: sum(
            item["weight"] for item in preferences if _term_holds(item["preference"], info)
        )

    def normalize(self, scores: dict[str, int]) -> dict[str, int]:
        """In proportion to the node that meets most."""
        return normalize(scores)


_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def _affinity(pod: Object, kind: str) -> Any:
    affinity = pod["spec"].get("affinity") or {}
    return (affinity.get("nodeAffinity") or {}).get(kind)


def matches_node(pod: Object, info: NodeInfo) -> bool:
    """Whether `nodeSelector` and required node affinity let a pod be on a node."""
    selector = pod["spec"].get("nodeSelector") or {}
    if any(info.labels.get(name) != value for name, value in selector.items()):
        return False
    required = _affinity(pod, _REQUIRED)
    if required is None:
        return True
    # Terms are alternatives; the requirements of one term all have to hold.
    return any(_term_holds(term, info) for term in required["nodeSelectorTerms"])


def _term_holds(term: Mapping[str, Any], info: NodeInfo) -> bool:
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not fields:
        return False  # an empty term matches nothing
    known_fields = {"metadata.name": info.name}
    return all(_holds(item, info.labels) for item in expressions) and all(
        _holds(item, known_fields) for item in fields
    )


def _holds(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    values = requirement.get("values") or []
    return requirement_holds(labels, requirement["key"], requirement["operator"], values)

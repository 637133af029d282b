"""Brings pods to the nodes that they ask for by label (upstream: plugins/nodeaffinity)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from kubelearn.embedded.nodeaffinity import (
    PREFERRED,
    REQUIRED,
    matches_node,
    node_affinity,
    term_holds,
)
from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import (
    Change,
    Filter,
    Plugin,
    Rejection,
    Score,
    normalize,
)
from kubelearn.objects import Object, labels_of


class NodeAffinity(Plugin):
    """Rejects nodes that selector and required affinity exclude; scores preferred affinity."""

    name: ClassVar[str] = "NodeAffinity"
    local: ClassVar[bool] = True
    weight: ClassVar[int] = 2
    helped_by: ClassVar[frozenset[str]] = frozenset({"NodeAdd", "NodeUpdate"})

    def prefilter(self, pod: PodInfo) -> Rejection | frozenset[str] | None:
        """Read off the names of nodes, if each term gives some: a DaemonSet's pods have one."""
        terms = (node_affinity(pod.pod, REQUIRED) or {}).get("nodeSelectorTerms")
        if not terms:
            return None
        named = [_names(term) for term in terms]
        if any(names is None for names in named):
            return None
        found = frozenset().union(*(names for names in named if names))
        return found or Rejection(self.name, ("pod affinity terms conflict",))

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Match the node's labels."""
        if not pod.pod["spec"].get("nodeSelector") and node_affinity(pod.pod, REQUIRED) is None:
            return None
        rejection = Rejection(self.name, ("node(s) didn't match Pod's node affinity/selector",))
        return lambda info: None if matches_node(pod.pod, info.name, info.labels) else rejection

    def is_helped(self, pod: PodInfo, change: Change) -> bool:
        """Look whether a node's labels match that did not."""
        return _matches(pod, change.new) and not _matches(pod, change.old)

    def score_for(
        self, pod: PodInfo, feasible: Sequence[NodeInfo], nodes: Sequence[NodeInfo]
    ) -> Score | None:
        """Add up the weights of the preferences that the node meets."""
        preferences = node_affinity(pod.pod, PREFERRED)
        if not preferences:
            return None
        return lambda info: sum(
            item["weight"]
            for item in preferences
            if term_holds(item["preference"], info.name, info.labels)
        )

    def normalize(self, scores: dict[str, int]) -> dict[str, int]:
        """In proportion to the node that meets most."""
        return normalize(scores)


def _names(term: Mapping[str, Any]) -> frozenset[str] | None:
    """The names of nodes that a term allows; None if it says nothing about names."""
    listed = [
        frozenset(item["values"])
        for item in term.get("matchFields") or []
        if (item["key"], item["operator"]) == ("metadata.name", "In")
    ]
    return frozenset.intersection(*listed) if listed else None


def _matches(pod: PodInfo, node: Object | None) -> bool:
    if node is None:
        return False
    meta = node["metadata"]
    return matches_node(pod.pod, meta["name"], labels_of(node))

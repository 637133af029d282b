"""Brings pods to the nodes that they ask for by label (upstream: plugins/nodeaffinity)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kubelearn.embedded.nodeaffinity import (
    PREFERRED,
    REQUIRED,
    matches_node,
    node_affinity,
    term_holds,
)
from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import Filter, Plugin, Rejection, Score, normalize


class NodeAffinity(Plugin):
    """Rejects nodes that selector and required affinity exclude; scores preferred affinity."""

    name: ClassVar[str] = "NodeAffinity"
    weight: ClassVar[int] = 2
    helped_by: ClassVar[frozenset[str]] = frozenset({"NodeAdd", "NodeUpdate"})

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Match the node's labels."""
        if not pod.pod["spec"].get("nodeSelector") and node_affinity(pod.pod, REQUIRED) is None:
            return None
        rejection = Rejection(self.name, ("node(s) didn't match Pod's node affinity/selector",))
        return lambda info: None if matches_node(pod.pod, info.name, info.labels) else rejection

    def score_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Score | None:
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

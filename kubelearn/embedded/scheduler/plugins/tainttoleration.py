"""Keeps pods off nodes whose taints they do not tolerate (upstream: plugins/tainttoleration)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import (
    Change,
    Filter,
    Plugin,
    Rejection,
    Score,
    normalize,
)
from kubelearn.objects import tolerates


class TaintToleration(Plugin):
    """Rejects for NoSchedule and NoExecute, and prefers nodes without PreferNoSchedule."""

    name: ClassVar[str] = "TaintToleration"
    local: ClassVar[bool] = True
    weight: ClassVar[int] = 3
    helped_by: ClassVar[frozenset[str]] = frozenset({"NodeAdd", "NodeUpdate"})

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Look for a taint that keeps pods away and is not tolerated."""
        tolerations = pod.pod["spec"].get("tolerations") or []
        rejection = Rejection(self.name, ("node(s) had untolerated taint(s)",))
        return lambda info: rejection if _refuses(info.taints, tolerations) else None

    def is_helped(self, pod: PodInfo, change: Change) -> bool:
        """Look whether the pod tolerates a node that it did not."""
        tolerations = pod.pod["spec"].get("tolerations") or []
        old, new = (
            node is None or _refuses(node["spec"].get("taints") or (), tolerations)
            for node in (change.old, change.new)
        )
        return old and not new

    def score_for(
        self, pod: PodInfo, feasible: Sequence[NodeInfo], nodes: Sequence[NodeInfo]
    ) -> Score | None:
        """Count the taints that only ask pods to stay away."""
        tolerations = [
            item
            for item in pod.pod["spec"].get("tolerations") or []
            if item.get("effect") in (None, "", "PreferNoSchedule")
        ]
        return lambda info: sum(
            taint["effect"] == "PreferNoSchedule" and not tolerated(tolerations, taint)
            for taint in info.taints
        )

    def normalize(self, scores: dict[str, int]) -> dict[str, int]:
        """The fewer such taints the better."""
        return normalize(scores, reverse=True)


def _refuses(taints: Iterable[Mapping[str, Any]], tolerations: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one of the taints keeps pods with only these tolerations away."""
    return any(
        taint["effect"] in ("NoSchedule", "NoExecute") and not tolerated(tolerations, taint)
        for taint in taints
    )


def tolerated(tolerations: Iterable[Mapping[str, Any]], taint: Mapping[str, Any]) -> bool:
    """Whether any of the tolerations is for that taint."""
    return any(tolerates(item, taint) for item in tolerations)

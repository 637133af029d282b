"""Keeps pods off cordoned nodes (upstream: plugins/nodeunschedulable)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import Change, Filter, Plugin, Rejection
from kubelearn.embedded.scheduler.plugins.tainttoleration import tolerated

_TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


class NodeUnschedulable(Plugin):
    """Rejects a node whose `spec.unschedulable` is set, unless the pod tolerates the taint."""

    name: ClassVar[str] = "NodeUnschedulable"
    local: ClassVar[bool] = True
    helped_by: ClassVar[frozenset[str]] = frozenset({"NodeAdd", "NodeUpdate"})

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Look at the node's spec."""
        if tolerated(pod.pod["spec"].get("tolerations") or [], _TAINT):
            return None
        rejection = Rejection(self.name, ("node(s) were unschedulable",))

        def check(info: NodeInfo) -> Rejection | None:
            cordoned = info.node and info.node["spec"].get("unschedulable")
            return rejection if cordoned else None

        return check

    def is_helped(self, pod: PodInfo, change: Change) -> bool:
        """Look whether a node takes pods that did not."""
        assert change.new
        opened = change.old is None or bool(change.old["spec"].get("unschedulable"))
        return opened and not change.new["spec"].get("unschedulable")

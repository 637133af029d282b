"""Keeps two pods from taking one port of a node (upstream: plugins/nodeports)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kubelearn.embedded.hostports import TAKEN, conflict, host_ports
from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import Change, Filter, Plugin, Rejection


class NodePorts(Plugin):
    """Rejects nodes where a `hostPort` of the pod is taken."""

    name: ClassVar[str] = "NodePorts"
    local: ClassVar[bool] = True
    helped_by: ClassVar[frozenset[str]] = frozenset({"NodeAdd", "NodeUpdate", "PodDelete"})

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Compare the pod's ports with those in use."""
        if not pod.ports:
            return None
        rejection = Rejection(self.name, (TAKEN,), final=False)

        def check(info: NodeInfo) -> Rejection | None:
            taken = any(conflict(mine, used) for mine in pod.ports for used in info.ports)
            return rejection if taken else None

        return check

    def is_helped(self, pod: PodInfo, change: Change) -> bool:
        """Look whether the pod that is gone had one of the ports."""
        if change.name != "PodDelete":
            return True
        freed = host_ports(change.old or {})
        return any(conflict(mine, port) for mine in pod.ports for port in freed)

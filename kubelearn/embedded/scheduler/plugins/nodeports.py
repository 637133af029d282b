"""Keeps two pods from taking one port of a node (upstream: plugins/nodeports)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import Change, Filter, Plugin, Rejection
from kubelearn.embedded.scheduler.resources import host_ports

_ANY = "0.0.0.0"


class NodePorts(Plugin):
    """Rejects nodes where a `hostPort` of the pod is taken."""

    name: ClassVar[str] = "NodePorts"
    local: ClassVar[bool] = True
    helped_by: ClassVar[frozenset[str]] = frozenset({"NodeAdd", "NodeUpdate", "PodDelete"})

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Compare the pod's ports with those in use."""
        if not pod.ports:
            return None
        reason = "node(s) didn't have free ports for the requested pod ports"
        rejection = Rejection(self.name, (reason,), final=False)

        def check(info: NodeInfo) -> Rejection | None:
            taken = any(_conflict(mine, used) for mine in pod.ports for used in info.ports)
            return rejection if taken else None

        return check

    def is_helped(self, pod: PodInfo, change: Change) -> bool:
        """Look whether the pod that is gone had one of the ports."""
        if change.name != "PodDelete":
            return True
        freed = host_ports(change.old or {})
        return any(_conflict(mine, port) for mine in pod.ports for port in freed)


def _conflict(one: tuple[str, str, int], other: tuple[str, str, int]) -> bool:
    if one[1:] != other[1:]:
        return False
    return one[0] == other[0] or _ANY in (one[0], other[0])

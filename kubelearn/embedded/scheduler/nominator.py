"""Which pods wait for room on which nodes, since others had to leave for them.

Upstream: pkg/scheduler/backend/queue/nominator.go. Such a pod has `status.nominatedNodeName`; until
it is bound, pods of lower priority may not take the room that was made for it.
"""

from __future__ import annotations

from collections import defaultdict

from kubelearn.embedded.scheduler.cache import PodInfo


class Nominator:
    """The nominated pods, by node."""

    def __init__(self) -> None:
        self._on: defaultdict[str, dict[str, PodInfo]] = defaultdict(dict)
        self._node_of: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._node_of)

    def add(self, info: PodInfo, node: str) -> None:
        """A pod is to have room on that node, and on no other."""
        self.remove(info.key)
        self._on[node][info.key] = info
        self._node_of[info.key] = node

    def remove(self, pod_key: str) -> None:
        """A pod waits no more: it has a node, is gone, or no node would help."""
        node = self._node_of.pop(pod_key, None)
        if node is not None:
            del self._on[node][pod_key]
            if not self._on[node]:
                del self._on[node]

    def update(self, info: PodInfo, *, before: str | None) -> None:
        """A pod changed, whose nomination was `before` as far as the API said."""
        told = nominated(info)
        if told:
            self.add(info, told)
        elif before:
            self.remove(info.key)
        elif known := self.node_of(info.key):
            # Decided here, and not told by the API server yet.
            self.add(info, known)

    def node_of(self, pod_key: str) -> str | None:
        """The node that a pod is nominated for."""
        return self._node_of.get(pod_key)

    def pods_on(self, node: str) -> list[PodInfo]:
        """The pods that are nominated for a node."""
        return list(self._on[node].values()) if node in self._on else []


def nominated(info: PodInfo) -> str | None:
    """The node that a pod's status nominates it for."""
    name: str | None = (info.pod.get("status") or {}).get("nominatedNodeName")
    return name or None

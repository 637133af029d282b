"""Puts pods where there is room, and evenly (upstream: plugins/noderesources).

`NodeResourcesFit` scores by upstream's default strategy, LeastAllocated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import (
    MAX_SCORE,
    Change,
    Filter,
    Plugin,
    Rejection,
    Score,
)
from kubelearn.embedded.scheduler.resources import Amounts, amounts, pod_requests
from kubelearn.objects import Object

_SCORED = ("cpu", "memory")


class NodeResourcesFit(Plugin):
    """Rejects nodes without room for the pod's requests; prefers those with most left."""

    name: ClassVar[str] = "NodeResourcesFit"
    local: ClassVar[bool] = True
    helped_by: ClassVar[frozenset[str]] = frozenset(
        {"NodeAdd", "NodeUpdate", "PodUpdate", "PodDelete"}
    )

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Compare the pod's requests with what is left."""
        return lambda info: self._check(pod, info)

    def _check(self, pod: PodInfo, info: NodeInfo) -> Rejection | None:
        reasons, final = [], False
        if len(info.pods) + 1 > info.allocatable.get("pods", 0):
            reasons.append("Too many pods")
        for name, asked in pod.requests.items():
            capacity = info.allocatable.get(name, 0)
            if asked > 0 and asked > capacity - info.requested[name]:
                reasons.append(f"Insufficient {name}")
                final = final or asked > capacity
        return Rejection(self.name, tuple(reasons), final=final) if reasons else None

    def is_helped(self, pod: PodInfo, change: Change) -> bool:
        """Look whether a node has more than it had, or a pod takes less."""
        if change.name == "PodDelete":
            return True
        if change.name == "PodUpdate":
            less = pod_requests(change.new or {})
            before = pod_requests(change.old or {})
            return any(before.get(name, 0) > less.get(name, 0) for name in _asked(pod))
        old, new = _allocatable(change.old), _allocatable(change.new)
        if any(amount > new.get(name, 0) for name, amount in pod.requests.items()):
            return False
        grown = {name for name, amount in new.items() if amount > old.get(name, 0)}
        return "pods" in grown or not grown.isdisjoint(_asked(pod))

    def score_for(
        self, pod: PodInfo, feasible: Sequence[NodeInfo], nodes: Sequence[NodeInfo]
    ) -> Score | None:
        """The mean share of CPU and memory that would be left."""

        def score(info: NodeInfo) -> int:
            left = [
                _left(info.scored[name] + pod.scored_requests.get(name, 0), info.allocatable[name])
                for name in _SCORED
                if info.allocatable.get(name)
            ]
            return sum(left) // len(left) if left else 0

        return score


def _asked(pod: PodInfo) -> set[str]:
    return {name for name, amount in pod.requests.items() if amount}


def _allocatable(node: Object | None) -> Amounts:
    return amounts((node.get("status") or {}).get("allocatable")) if node else {}


class NodeResourcesBalancedAllocation(Plugin):
    """Prefers nodes whose CPU and memory the pod would bring closer to equal use."""

    name: ClassVar[str] = "NodeResourcesBalancedAllocation"
    local: ClassVar[bool] = True

    def score_for(
        self, pod: PodInfo, feasible: Sequence[NodeInfo], nodes: Sequence[NodeInfo]
    ) -> Score | None:
        """Compare the balance with the pod and without it."""
        if not any(pod.requests.get(name) for name in _SCORED):
            return None  # it changes no balance, and would only crowd on the most balanced node

        def score(info: NodeInfo) -> int:
            before = _balance(info.requested, info.allocatable)
            after = _balance(
                {name: info.requested[name] + pod.requests.get(name, 0) for name in _SCORED},
                info.allocatable,
            )
            half = MAX_SCORE // 2
            return half + (half + after - before) // 2

        return score


def _left(requested: int, capacity: int) -> int:
    return max(capacity - requested, 0) * MAX_SCORE // capacity


def _balance(requested: Mapping[str, int], allocatable: Mapping[str, int]) -> int:
    shares = [
        min(requested.get(name, 0) / allocatable[name], 1.0)
        for name in _SCORED
        if allocatable.get(name)
    ]
    # Of two numbers this is the standard deviation, and needs no library that takes its time.
    deviation = (max(shares) - min(shares)) / 2 if shares else 0.0
    return int((1 - deviation) * MAX_SCORE)

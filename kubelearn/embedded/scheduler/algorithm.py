"""One decision: filter the nodes, score those that remain, take the best.

Upstream: `schedulePod` and what it calls in pkg/scheduler/schedule_one.go.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from kubelearn.embedded.clock import Clock
from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.decisions import Decision
from kubelearn.embedded.scheduler.framework import (
    Framework,
    Rejection,
    explain,
    first_rejection,
)

# Below this many nodes all are looked at; of a larger cluster a share has to do.
_FEW_NODES, _LEAST_PERCENT = 100, 5


class Algorithm:
    """Chooses nodes with a framework's plugins, and at random among equals."""

    def __init__(self, framework: Framework, *, clock: Clock, random: random.Random) -> None:
        self._framework = framework
        self._clock = clock
        self._random = random
        self._start = 0

    def decide(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Decision:
        """Where a pod should go, and why."""
        feasible, rejections = self._filter(pod, nodes)
        scores = self._framework.scores(pod, feasible, nodes=nodes) if len(feasible) > 1 else {}
        if not nodes:
            message = "no nodes available to schedule pods"
        elif not feasible:
            message = explain(rejections)
        else:
            message = ""
        return Decision(
            pod=pod.key,
            uid=pod.uid,
            time=self._clock.now(),
            rejections=rejections,
            scores=scores,
            node=self._select(scores) if scores else feasible[0].name if feasible else None,
            message=message,
        )

    def _filter(
        self, pod: PodInfo, nodes: Sequence[NodeInfo]
    ) -> tuple[list[NodeInfo], dict[str, Rejection]]:
        filters = self._framework.filters(pod, nodes)
        enough = _enough(len(nodes))
        feasible: list[NodeInfo] = []
        rejections: dict[str, Rejection] = {}
        seen = 0
        # Each decision begins where the last one stopped, so that all nodes get their turn.
        for info in (*nodes[self._start :], *nodes[: self._start]):
            if len(feasible) == enough:
                break
            seen += 1
            rejection = first_rejection(filters, info)
            if rejection is None:
                feasible.append(info)
            else:
                rejections[info.name] = rejection
        self._start = (self._start + seen) % len(nodes) if nodes else 0
        return feasible, rejections

    def _select(self, scores: dict[str, dict[str, int]]) -> str:
        totals = {node: sum(parts.values()) for node, parts in scores.items()}
        best = max(totals.values())
        return self._random.choice([node for node, total in totals.items() if total == best])


def _enough(total: int) -> int:
    """How many feasible nodes are enough to choose from."""
    percent = max(50 - total // 125, _LEAST_PERCENT)
    return max(total * percent // 100, _FEW_NODES)

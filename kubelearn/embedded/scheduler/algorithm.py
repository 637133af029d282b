"""One decision: filter the nodes, score those that remain, take the best; else look for victims.

Upstream: `schedulePod` and what it calls in pkg/scheduler/schedule_one.go.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Mapping, Sequence

from kubelearn.embedded.clock import Clock
from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.decisions import Decision
from kubelearn.embedded.scheduler.framework import (
    Framework,
    Prefilter,
    Rejection,
    counted,
    fit_error,
)
from kubelearn.embedded.scheduler.nodefilter import NodeFilter
from kubelearn.embedded.scheduler.nominator import Nominator
from kubelearn.embedded.scheduler.preemption import Attempt, Preemption

# Below this many nodes all are looked at; of a larger cluster a share has to do.
_FEW_NODES, _LEAST_PERCENT = 100, 5
# Of so many nodes, the best ones, a decision tells the scores.
_TOLD = 50


class Algorithm:
    """Chooses nodes with a framework's plugins, and at random among equals."""

    def __init__(
        self,
        framework: Framework,
        *,
        nominator: Nominator,
        preemption: Preemption,
        clock: Clock,
        random: random.Random,
    ) -> None:
        self._framework = framework
        self._nominator = nominator
        self._preemption = preemption
        self._clock = clock
        self._random = random
        self._start = 0

    def decide(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Decision:
        """Where a pod should go, and why."""
        before = self._framework.prefilter(pod)
        node_filter = NodeFilter(pod, nodes, framework=self._framework, nominator=self._nominator)
        feasible, rejections = self._filter(pod, nodes, before, node_filter)
        scores = self._framework.scores(pod, feasible, nodes=nodes) if len(feasible) > 1 else {}
        totals = _totals(scores)
        attempt, message = None, ""
        if not nodes:
            message = "no nodes available to schedule pods"
        elif before.rejection:
            message = _explain_early(before.rejection, len(nodes))
        elif not feasible:
            attempt = self._preemption.attempt(
                pod,
                nodes,
                rejections=rejections,
                nominated=self._nominator.node_of(pod.key),
                node_filter=node_filter,
            )
            message = _explain(rejections, attempt)
        return Decision(
            pod=pod.key,
            uid=pod.uid,
            time=self._clock.now(),
            rejections=rejections,
            scores=_best(scores, totals),
            node=self._select(totals) if totals else feasible[0].name if feasible else None,
            message=message,
            preemption=attempt,
        )

    def _filter(
        self,
        pod: PodInfo,
        nodes: Sequence[NodeInfo],
        before: Prefilter,
        node_filter: NodeFilter,
    ) -> tuple[list[NodeInfo], dict[str, Rejection]]:
        if before.rejection:
            return [], {info.name: before.rejection for info in nodes}
        # Where room was made for the pod it most likely fits, and nowhere else.
        wanted = self._nominator.node_of(pod.key)
        for info in nodes if wanted else ():
            if info.name == wanted and not node_filter.reject(info):
                return [info], {}
        enough = _enough(len(nodes) if before.names is None else len(before.names))
        feasible: list[NodeInfo] = []
        rejections: dict[str, Rejection] = {}
        seen = 0
        # Each decision begins where the last one stopped, so that all nodes get their turn.
        for info in (*nodes[self._start :], *nodes[: self._start]):
            if len(feasible) == enough:
                break
            seen += 1
            rejection = before.reject(info) or node_filter.reject(info)
            if rejection is None:
                feasible.append(info)
            else:
                rejections[info.name] = rejection
        self._start = (self._start + seen) % len(nodes) if nodes else 0
        return feasible, rejections

    def _select(self, totals: Mapping[str, int]) -> str:
        best = max(totals.values())
        return self._random.choice([node for node, total in totals.items() if total == best])


def _enough(total: int) -> int:
    """How many feasible nodes are enough to choose from."""
    percent = max(50 - total // 125, _LEAST_PERCENT)
    return max(total * percent // 100, _FEW_NODES)


def _totals(scores: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Each node's sum over all plugins."""
    first, *others = scores.values() or [{}]
    totals = dict(first)
    for column in others:
        for node, score in column.items():
            totals[node] += score
    return totals


def _best(
    scores: Mapping[str, Mapping[str, int]], totals: Mapping[str, int]
) -> dict[str, dict[str, int]]:
    """What the plugins said of the best nodes: {node: {plugin: score}}."""
    best = heapq.nlargest(_TOLD, totals, key=totals.__getitem__)
    return {node: {plugin: column[node] for plugin, column in scores.items()} for node in best}


def _explain_early(rejection: Rejection, nodes: int) -> str:
    """Why a pod fits nowhere that a plugin has rejected before any node was looked at."""
    # Upstream's plugin for claims of devices is asked next whether it can help, has not got as far
    # as to know anything, and says just that.
    return fit_error(nodes, {}, before=", ".join(rejection.reasons), after="not found")


def _explain(rejections: Mapping[str, Rejection], attempt: Attempt) -> str:
    """The message for a pod that no node takes; `rejections` has one for every node."""
    # Upstream's two plugins that are asked then are those for claims of devices and for victims.
    after = f"no new claims to deallocate, preemption: {attempt.message}" if attempt.message else ""
    return fit_error(len(rejections), counted(rejections.values()), after=after)

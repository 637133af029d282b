"""Finds out which pods of lower priority would have to leave for a pod that fits nowhere.

Upstream: pkg/scheduler/framework/plugins/defaultpreemption and framework/preemption/preemption.go.
Nothing is done here; `Executor` acts on it. Left out: extenders and pod groups.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import Rejection, counted, fit_error
from kubelearn.embedded.scheduler.nodefilter import NodeFilter
from kubelearn.labelselector import matches
from kubelearn.objects import Object, condition

PREEMPTED = "PreemptionByScheduler"
_NO_VICTIMS = "No preemption victims found for incoming pod"
_NOT_HELPFUL = "Preemption is not helpful for scheduling"
# How many candidates are enough to choose from: a share of the nodes, but not too few.
_PERCENT, _FEW = 10, 100
_LIFT = 2**31  # makes every priority positive


@dataclass(frozen=True)
class Candidate:
    """A node, and the pods that would have to leave it, the most important one first."""

    node: str
    victims: tuple[PodInfo, ...]
    violations: int = 0


@dataclass(frozen=True)
class Attempt:
    """What came of it: a candidate, or why there is none.

    `undecided` if an earlier nomination is to stay as it is.
    """

    candidate: Candidate | None = None
    message: str = ""
    undecided: bool = False


class Preemption:
    """Looks for victims.

    `budgets` gives the PodDisruptionBudgets, and `latest` a pod, by key, as it is now.
    """

    def __init__(
        self,
        *,
        budgets: Callable[[], Iterable[Object]],
        latest: Callable[[str], Object | None],
        random: random.Random,
    ) -> None:
        self._budgets = budgets
        self._latest = latest
        self._random = random

    def attempt(
        self,
        pod: PodInfo,
        nodes: Sequence[NodeInfo],
        *,
        rejections: Mapping[str, Rejection],
        nominated: str | None,
        node_filter: NodeFilter,
    ) -> Attempt:
        """Choose victims for a pod that all nodes rejected."""
        if pod.pod["spec"].get("preemptionPolicy") == "Never":
            return Attempt(message="not eligible due to preemptionPolicy=Never.", undecided=True)
        if _waits_for_victims(pod, nodes, rejections=rejections, nominated=nominated):
            message = "not eligible due to a terminating pod on the nominated node."
            return Attempt(message=message, undecided=True)
        promising = [info for info in nodes if not rejections[info.name].final]
        candidates, failures = self._candidates(pod, promising, node_filter)
        if candidates:
            return Attempt(self._best(candidates))
        reasons = counted(failures)
        reasons[_NOT_HELPFUL] += len(nodes) - len(failures)
        return Attempt(message=fit_error(len(nodes), +reasons))

    def _candidates(
        self, pod: PodInfo, nodes: Sequence[NodeInfo], node_filter: NodeFilter
    ) -> tuple[list[Candidate], list[Rejection]]:
        budgets = [item for item in self._budgets() if _selects_some(item)]
        enough = max(len(nodes) * _PERCENT // 100, _FEW)
        start = self._random.randrange(len(nodes)) if nodes else 0
        found: list[Candidate] = []
        failures: list[Rejection] = []
        for info in (*nodes[start:], *nodes[:start]):
            if len(found) >= enough and not all(item.violations for item in found):
                break
            result = self._on_node(pod, info.clone(), budgets=budgets, node_filter=node_filter)
            if isinstance(result, Candidate):
                found.append(result)
            else:
                failures.append(result)
        # Those that violate no budget come first.
        return sorted(found, key=lambda item: item.violations > 0), failures

    def _on_node(
        self,
        pod: PodInfo,
        trial: NodeInfo,
        *,
        budgets: Sequence[Object],
        node_filter: NodeFilter,
    ) -> Candidate | Rejection:
        """Take all lesser pods away, and give back as many as still fit beside the pod."""
        lesser = [other for other in trial.pods.values() if other.priority < pod.priority]
        if not lesser:
            return Rejection("DefaultPreemption", (_NO_VICTIMS,))
        for other in lesser:
            trial.remove(other.key)
        if rejection := node_filter.reject_trial(trial):
            return rejection
        violating, others = _by_budget(sorted(lesser, key=self._importance), budgets)
        victims, violations = [], 0
        for other in (*violating, *others):
            trial.add(other)
            if node_filter.reject_trial(trial):
                trial.remove(other.key)
                victims.append(other)
                violations += other in violating
        return Candidate(trial.name, tuple(sorted(victims, key=self._importance)), violations)

    def _importance(self, pod: PodInfo) -> tuple[int, str]:
        """Higher priority first, then who has run longer."""
        return -pod.priority, self._started(pod)

    def _started(self, pod: PodInfo) -> str:
        found = self._latest(pod.key) or pod.pod
        # Who has not started yet is the last.
        return (found.get("status") or {}).get("startTime") or "~"

    def _best(self, candidates: Sequence[Candidate]) -> Candidate:
        """The one that does least harm; `min` leaves the first of equals."""
        return min(
            candidates,
            key=lambda item: (
                item.violations,
                item.victims[0].priority,
                sum(victim.priority + _LIFT for victim in item.victims),
                len(item.victims),
                _Latest(self._earliest_start(item.victims)),
            ),
        )

    def _earliest_start(self, victims: Sequence[PodInfo]) -> str:
        return min(self._started(v) for v in victims if v.priority == victims[0].priority)


class _Latest(str):
    """A time of which the later one is to be preferred, and so is the lesser."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)


def _waits_for_victims(
    pod: PodInfo,
    nodes: Sequence[NodeInfo],
    *,
    rejections: Mapping[str, Rejection],
    nominated: str | None,
) -> bool:
    """Whether the victims of an earlier attempt are still on their way out."""
    info = next((item for item in nodes if item.name == nominated), None)
    if info is None or rejections[info.name].final:
        return False
    return any(
        other.priority < pod.priority and _leaves_for_another(other.pod)
        for other in info.pods.values()
    )


def _leaves_for_another(pod: Object) -> bool:
    if not pod["metadata"].get("deletionTimestamp"):
        return False
    found = condition(pod, "DisruptionTarget")
    return found is not None and (found["status"], found.get("reason")) == ("True", PREEMPTED)


def _selects_some(budget: Object) -> bool:
    """A budget with an empty selector counts for no pod here."""
    selector = budget["spec"].get("selector") or {}
    return bool(selector.get("matchLabels") or selector.get("matchExpressions"))


def _by_budget(
    pods: Iterable[PodInfo], budgets: Sequence[Object]
) -> tuple[list[PodInfo], list[PodInfo]]:
    """The pods whose leaving would violate a budget, and the others; the order is kept."""
    allowed = [(item.get("status") or {}).get("disruptionsAllowed") or 0 for item in budgets]
    violating: list[PodInfo] = []
    others: list[PodInfo] = []
    for pod in pods:
        violates = False
        for number, budget in enumerate(budgets):
            if _concerns(budget, pod):
                allowed[number] -= 1
                violates = violates or allowed[number] < 0
        (violating if violates else others).append(pod)
    return violating, others


def _concerns(budget: Object, pod: PodInfo) -> bool:
    if budget["metadata"]["namespace"] != pod.namespace or not pod.labels:
        return False
    # Who is in `disruptedPods` has been counted by the API server already.
    disrupted = (budget.get("status") or {}).get("disruptedPods") or {}
    name = pod.pod["metadata"]["name"]
    return matches(budget["spec"]["selector"], pod.labels) and name not in disrupted

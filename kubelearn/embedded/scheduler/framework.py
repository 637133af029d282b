"""How plugins take part in a decision: they filter nodes out, then score the rest.

Upstream: pkg/scheduler/framework. There a plugin has a method for each extension point and keeps
state between them in a CycleState; here `filter_for` and `score_for` look at the pod once and
return the function that judges a node, so that state is what that function remembers. A plugin
that has nothing to say about a pod returns None. Left out: extenders, reserve and permit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo

MAX_SCORE = 100


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a pod cannot be on a node; `final` if no other pod's leaving would help."""

    plugin: str
    reasons: tuple[str, ...]
    final: bool = True


Filter = Callable[[NodeInfo], Rejection | None]
Score = Callable[[NodeInfo], int]


class Plugin:
    """One reason for or against nodes. Plugins override what they take part in."""

    name: ClassVar[str]
    weight: ClassVar[int] = 1
    # The changes after which a pod that this plugin rejected is worth another try.
    helped_by: ClassVar[frozenset[str]] = frozenset({"NodeAdd"})

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """What decides whether the pod can be on a node, given all nodes."""
        return None

    def score_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Score | None:
        """What says how good a node is for the pod, given all nodes."""
        return None

    def normalize(self, scores: dict[str, int]) -> dict[str, int]:
        """Scores by node, brought to 0..100."""
        return scores


class Framework:
    """The plugins of a profile, in their order."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self.plugins = list(plugins)
        self._by_name = {plugin.name: plugin for plugin in self.plugins}

    def filters(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> list[Filter]:
        """The filters that have something to say about the pod."""
        found = (plugin.filter_for(pod, nodes) for plugin in self.plugins)
        return [check for check in found if check is not None]

    def scores(
        self, pod: PodInfo, feasible: Sequence[NodeInfo], *, nodes: Sequence[NodeInfo]
    ) -> dict[str, dict[str, int]]:
        """Weighted scores of the feasible ones among the nodes: {node: {plugin: score}}."""
        result: dict[str, dict[str, int]] = {node.name: {} for node in feasible}
        for plugin in self.plugins:
            score = plugin.score_for(pod, nodes)
            if score is None:
                continue
            for name, value in plugin.normalize({n.name: score(n) for n in feasible}).items():
                result[name][plugin.name] = value * plugin.weight
        return result

    def is_helped_by(self, plugin: str, change: str) -> bool:
        """Whether a pod rejected by that plugin is worth another try after that change."""
        return change in self._by_name[plugin].helped_by


def first_rejection(filters: Iterable[Filter], node: NodeInfo) -> Rejection | None:
    """The first filter's objection to a node; the later ones are not asked."""
    for check in filters:
        rejection = check(node)
        if rejection:
            return rejection
    return None


def normalize(scores: dict[str, int], *, reverse: bool = False) -> dict[str, int]:
    """Scores in proportion to the highest one; with `reverse`, the lowest is the best."""
    highest = max(scores.values(), default=0)
    scaled = {
        name: MAX_SCORE * value // highest if highest else 0 for name, value in scores.items()
    }
    return {name: MAX_SCORE - value for name, value in scaled.items()} if reverse else scaled


def fit_error(total: int, reasons: Mapping[str, int], *, after: str = "") -> str:
    """How many nodes are unavailable and why, in upstream's words (`FitError`).

    `after` says what else was tried, such as preemption.
    """
    counted = sorted(f"{count} {reason}" for reason, count in reasons.items())
    message = f"0/{total} nodes are available:"
    if counted:
        message += f" {', '.join(counted)}."
    return f"{message} {after}" if after else message


def explain(rejections: Mapping[str, Rejection]) -> str:
    """The message for a pod that no node takes; `rejections` has one for every node."""
    total = len(rejections)
    reasons = Counter(reason for item in rejections.values() for reason in item.reasons)
    preemption = Counter(
        "Preemption is not helpful for scheduling"
        if item.final
        else "No preemption victims found for incoming pod"
        for item in rejections.values()
    )
    tried = f"no new claims to deallocate, preemption: {fit_error(total, preemption)}"
    return fit_error(total, reasons, after=tried)

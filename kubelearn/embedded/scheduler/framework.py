"""How plugins take part in a decision: they filter nodes out, then score the rest.

Upstream: pkg/scheduler/framework. There a plugin has a method for each extension point and keeps
state between them in a CycleState; here `filter_for` and `score_for` look at the pod once and
return the function that judges a node, so that state is what that function remembers. A plugin
that has nothing to say about a pod returns None. Left out: extenders and permit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import ClassVar

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.memory import Memory
from kubelearn.errors import KubelearnError
from kubelearn.objects import Object

MAX_SCORE = 100


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a pod cannot be on a node; `final` if no other pod's leaving would help."""

    plugin: str
    reasons: tuple[str, ...]
    final: bool = True


class PreBindError(KubelearnError):
    """A plugin could not do what a pod needs before it is bound."""


@dataclass(frozen=True, slots=True)
class Prefilter:
    """A reason against all nodes, or the names that plugins narrow the choice down to."""

    rejection: Rejection | None = None
    names: frozenset[str] | None = None
    plugins: tuple[str, ...] = ()

    def narrowed(self, plugin: str, names: frozenset[str]) -> Prefilter:
        """The same with only those names left that this plugin takes too."""
        left = names if self.names is None else self.names & names
        plugins = tuple(sorted({*self.plugins, plugin}))
        if left:
            return replace(self, names=left, plugins=plugins)
        several = f"(s) [{' '.join(plugins)}] simultaneously"
        which = f" {plugin}" if len(plugins) == 1 else several
        rejection = Rejection(plugin, (f"node(s) didn't satisfy plugin{which}",))
        return replace(self, rejection=rejection, names=left, plugins=plugins)

    def reject(self, node: NodeInfo) -> Rejection | None:
        """Whether the choice was narrowed down to others than that node."""
        if self.names is None or node.name in self.names:
            return None
        reason = f"node(s) didn't satisfy plugin(s) [{' '.join(self.plugins)}]"
        return Rejection(self.plugins[0], (reason,))


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a node, to a pod on a node, or to what plugins read besides.

    `old` and `new` are the object before and after; one of them is None when it came or went.
    """

    name: str
    old: Object | None = None
    new: Object | None = None


Filter = Callable[[NodeInfo], Rejection | None]
Score = Callable[[NodeInfo], int]


class Plugin:
    """One reason for or against nodes. Plugins override what they take part in."""

    name: ClassVar[str]
    weight: ClassVar[int] = 1
    # Whether it judges a node by that node and by the pod's own spec alone.
    local: ClassVar[bool] = False
    # The changes after which a pod that this plugin rejected may be worth another try.
    helped_by: ClassVar[frozenset[str]] = frozenset({"NodeAdd"})

    def prefilter(self, pod: PodInfo) -> Rejection | frozenset[str] | None:
        """What can be said before looking at nodes: a reason against all, or the only names."""
        return None

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """What decides whether the pod can be on a node, given all nodes."""
        return None

    def score_for(
        self, pod: PodInfo, feasible: Sequence[NodeInfo], nodes: Sequence[NodeInfo]
    ) -> Score | None:
        """What says how good one of the feasible nodes is for the pod, given all nodes."""
        return None

    def normalize(self, scores: dict[str, int]) -> dict[str, int]:
        """Scores by node, brought to 0..100."""
        return scores

    def reserve(self, pod: PodInfo, node: NodeInfo) -> None:
        """The pod will be on that node: take what it needs there besides room."""

    def unreserve(self, pod: PodInfo) -> None:
        """It will not, after all; called even if nothing was reserved."""

    async def pre_bind(self, pod: PodInfo, node: str) -> None:
        """Do what has to be done before the pod is bound; raising means to schedule it again."""

    def is_helped(self, pod: PodInfo, change: Change) -> bool:
        """Whether a change of those in `helped_by` is one that helps this pod."""
        return True


class Framework:
    """The plugins of a profile, in their order."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self.plugins = list(plugins)
        self._by_name = {plugin.name: plugin for plugin in self.plugins}
        self._memory = Memory()

    def prefilter(self, pod: PodInfo) -> Prefilter:
        """What the plugins say before any node is looked at."""
        result = Prefilter()
        for plugin in self.plugins:
            found = plugin.prefilter(pod)
            if isinstance(found, Rejection):
                result = replace(result, rejection=found)
                if found.final:
                    break
            elif found is not None:
                result = result.narrowed(plugin.name, found)
        return result

    def filters(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> list[Filter]:
        """The filters that have something to say about the pod."""
        found: list[Filter] = []
        for local, group in groupby(self.plugins, key=lambda plugin: plugin.local):
            plugins = list(group)
            checks = [each for p in plugins if (each := p.filter_for(pod, nodes)) is not None]
            if local and checks:
                # One answer for all of them: a thousand nodes are asked for each pod.
                first = partial(first_rejection, checks)
                found.append(self._memory.remembering(pod, f"filter {plugins[0].name}", first))
            else:
                found += checks
        return found

    def scores(
        self, pod: PodInfo, feasible: Sequence[NodeInfo], *, nodes: Sequence[NodeInfo]
    ) -> dict[str, dict[str, int]]:
        """Weighted scores of the feasible ones among the nodes: {plugin: {node: score}}."""
        result: dict[str, dict[str, int]] = {}
        for plugin in self.plugins:
            score = plugin.score_for(pod, feasible, nodes)
            if score is None:
                continue
            if plugin.local:
                score = self._memory.remembering(pod, f"score {plugin.name}", score)
            normal = plugin.normalize({node.name: score(node) for node in feasible})
            weight = plugin.weight
            result[plugin.name] = {name: value * weight for name, value in normal.items()}
        return result

    def reserve(self, pod: PodInfo, node: NodeInfo) -> None:
        """Let every plugin take what the pod needs."""
        for plugin in self.plugins:
            plugin.reserve(pod, node)

    def unreserve(self, pod: PodInfo) -> None:
        """Let every plugin give it back."""
        for plugin in reversed(self.plugins):
            plugin.unreserve(pod)

    async def pre_bind(self, pod: PodInfo, node: str) -> None:
        """Let every plugin do its part. Raises PreBindError."""
        for plugin in self.plugins:
            try:
                await plugin.pre_bind(pod, node)
            except KubelearnError as error:
                words = f'running PreBind plugin "{plugin.name}": {error.message}'
                raise PreBindError(words) from error

    def is_helped(self, pod: PodInfo, rejected_by: Iterable[str], change: Change) -> bool:
        """Whether a pod that these plugins rejected is worth another try after that change."""
        return any(
            change.name in plugin.helped_by and plugin.is_helped(pod, change)
            for plugin in map(self._by_name.__getitem__, rejected_by)
        )


def counted(rejections: Iterable[Rejection]) -> Counter[str]:
    """How often each reason was given."""
    return Counter(reason for item in rejections for reason in item.reasons)


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


def fit_error(total: int, reasons: Mapping[str, int], *, before: str = "", after: str = "") -> str:
    """How many nodes are unavailable and why, in upstream's words (`FitError`).

    `after` says what else was tried, such as preemption. A reason that was there `before` any
    node was looked at is told in place of the nodes' own.
    """
    if before:
        return f"0/{total} nodes are available: {before}. {after}".rstrip()
    each = sorted(f"{count} {reason}" for reason, count in reasons.items())
    message = f"0/{total} nodes are available:"
    if each:
        message += f" {', '.join(each)}."
    return f"{message} {after}" if after else message

"""What to do next for a StatefulSet: pure functions over its pods.

Upstream: `updateStatefulSet` of pkg/controller/statefulset/stateful_set_control.go. With
`OrderedReady` each step waits until every earlier pod is available; with `Parallel` only updates
do. Updates go one by one: `maxUnavailable` is behind a feature gate that is off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from kubelearn.embedded.controllers.statefulset import identity
from kubelearn.objects import Object


@dataclass(frozen=True)
class Step:
    """Create the pod of a number, or delete it."""

    verb: Literal["create", "delete"]
    ordinal: int


@dataclass(frozen=True)
class Pods:
    """A StatefulSet's pods by number, the names of the good ones, and the two revisions."""

    by_ordinal: Mapping[int, Object]
    available: frozenset[str] = field(default=frozenset())
    current: str = ""
    update: str = ""

    def is_available(self, ordinal: int) -> bool:
        """Whether the pod of that number serves."""
        pod = self.by_ordinal.get(ordinal)
        return pod is not None and pod["metadata"]["name"] in self.available

    def is_leaving(self, ordinal: int) -> bool:
        """Whether the pod of that number is there and being deleted."""
        pod = self.by_ordinal.get(ordinal)
        return pod is not None and bool(pod["metadata"].get("deletionTimestamp"))


def next_steps(stateful_set: Object, pods: Pods) -> list[Step]:
    """The steps that may be taken now; with `OrderedReady` there is at most one."""
    ordered = stateful_set["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady"
    wanted = identity.ordinals(stateful_set)
    steps = list(_fill(wanted, pods, ordered=ordered))
    if steps and ordered:
        return steps[:1]
    if ordered and not all(map(pods.is_available, wanted)):
        # Ended pods must be replaced even so, which `_fill` has said already.
        return []
    condemned = sorted((o for o in pods.by_ordinal if o not in wanted), reverse=True)
    steps += _shrink(condemned, pods, ordered=ordered)
    if steps or (ordered and condemned):
        return steps
    return _roll(stateful_set, wanted, pods)


def _fill(wanted: Sequence[int], pods: Pods, *, ordered: bool) -> Iterable[Step]:
    """Create what is missing, in order; a pod that has ended is deleted to make room."""
    for ordinal in wanted:
        pod = pods.by_ordinal.get(ordinal)
        if pod is None:
            yield Step("create", ordinal)
        elif pods.is_leaving(ordinal):
            if ordered:
                return
        elif (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
            yield Step("delete", ordinal)
        elif ordered and not pods.is_available(ordinal):
            return


def _shrink(condemned: Sequence[int], pods: Pods, *, ordered: bool) -> list[Step]:
    """Delete pods beyond the size, the last one first."""
    going = [ordinal for ordinal in condemned if not pods.is_leaving(ordinal)]
    if ordered and condemned:
        # The one before is still on its way out, or one below is not well.
        blocked = len(going) < len(condemned) or not _may_go_first(condemned, pods)
        return [] if blocked else [Step("delete", going[0])]
    return [Step("delete", ordinal) for ordinal in going]


def _may_go_first(condemned: Sequence[int], pods: Pods) -> bool:
    """Whether the last pod serves, or is the only one that does not."""
    ill = [ordinal for ordinal in condemned if not pods.is_available(ordinal)]
    return condemned[0] not in ill or len(ill) == 1


def _roll(stateful_set: Object, wanted: Sequence[int], pods: Pods) -> list[Step]:
    """Replace the last pod that is not of the newest revision, if all after it serve."""
    strategy = stateful_set["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return []
    first = identity.start_of(stateful_set) + partition(stateful_set)
    for ordinal in reversed([ordinal for ordinal in wanted if ordinal >= first]):
        pod = pods.by_ordinal.get(ordinal)
        if pod is None or pods.is_leaving(ordinal):
            return []
        if identity.revision_of(pod) != pods.update:
            return [Step("delete", ordinal)]
        if not pods.is_available(ordinal):
            return []
    return []


def partition(stateful_set: Object) -> int:
    """How many pods, counted from the first, an update leaves alone."""
    strategy = stateful_set["spec"].get("updateStrategy") or {}
    return int((strategy.get("rollingUpdate") or {}).get("partition", 0))


def needs_current(stateful_set: Object, ordinal: int) -> bool:
    """Whether a new pod of that number is to be like before the update."""
    strategy = stateful_set["spec"].get("updateStrategy") or {}
    start = identity.start_of(stateful_set)
    if strategy.get("type") == "OnDelete":
        return False
    if strategy.get("rollingUpdate") is None:
        return bool(ordinal < start + (stateful_set.get("status") or {}).get("currentReplicas", 0))
    return ordinal < start + partition(stateful_set)

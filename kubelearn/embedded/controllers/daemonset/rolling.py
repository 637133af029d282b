"""Which of a DaemonSet's pods may come and go next when its template has changed.

Upstream: pkg/controller/daemon/update.go, and `podsShouldBeOnNode` of `daemon_controller.go`.
Without `maxSurge` an old pod goes before the new one comes; with it, it is the other way round.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from kubelearn.objects import Object, is_ready, labels_of, scaled_value

PodsByNode = Mapping[str, Sequence[Object]]


@dataclass
class Steps:
    """Pods to delete, and nodes that get a new one."""

    delete: list[Object] = field(default_factory=list)
    create: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rollout:
    """What an update looks at: the new template's hash, and the names of pods that serve."""

    digest: str
    available: Collection[str]

    def split(self, on_node: Sequence[Object]) -> tuple[list[Object], list[Object]]:
        """The living pods of a node: those of the new template, and all others."""
        living = [pod for pod in on_node if not pod["metadata"].get("deletionTimestamp")]
        new = [pod for pod in living if is_current(pod, self.digest)]
        return new, [pod for pod in living if pod not in new]

    def serves(self, pod: Object) -> bool:
        """Whether a pod is available."""
        return pod["metadata"]["name"] in self.available

    def replace(self, pods: PodsByNode, *, unavailable: int) -> Steps:
        """The old pods that may go, so that no more than so many nodes are without a good one.

        An old pod that serves nobody goes at once.
        """
        useless: list[Object] = []
        serving: list[Object] = []
        missing = 0
        for on_node in pods.values():
            new, old = self.split(on_node)
            if len(new) + len(old) != 1:
                missing += 1  # none, or too many: that is to be mended first
            elif new:
                missing += not self.serves(new[0])
            elif not self.serves(old[0]):
                missing += 1
                useless += old
            else:
                serving += old
        return Steps(delete=[*useless, *serving[: max(unavailable - missing, 0)]])

    def surge(self, pods: PodsByNode, wanted: Collection[str], *, surge: int) -> Steps:
        """The nodes that get a new pod beside the old one, and the old ones whose time is over."""
        steps = Steps()
        candidates: list[str] = []
        misplaced: list[Object] = []
        surging = serving = 0
        for node, on_node in pods.items():
            new, old = self.split(on_node)
            if len(new) > 1 or len(old) > 1:
                surging += 1
                continue
            serving += any(map(self.serves, old or new))
            if not old:
                continue
            if new:
                if self.serves(new[0]):
                    steps.delete += old
                else:
                    surging += 1
            elif node not in wanted:
                (misplaced if self.serves(old[0]) else steps.delete).extend(old)
            else:
                (candidates if self.serves(old[0]) else steps.create).append(node)
        # Where a pod should no longer be it stays until enough others serve in its place.
        steps.delete += misplaced[: max(serving - len(wanted), 0)]
        steps.create += candidates[: max(surge - surging, 0)]
        return steps

    def excess(self, running: Sequence[Object], *, surging: bool) -> list[Object]:
        """The pods that one node has too many of; `running` begins with the oldest."""
        if not surging:
            return list(running[1:])
        new, old = self.split(running)
        excess = [*new[1:], *old[1:]]
        if new and old and (not is_ready(old[0]) or self.serves(new[0])):
            excess.append(old[0])
        return excess


def limits(daemon_set: Object, desired: int) -> tuple[int, int]:
    """How many nodes may have two pods during an update, and how many none."""
    update = daemon_set["spec"].get("updateStrategy") or {}
    rolling = update.get("rollingUpdate") or {}
    surge, unavailable = (
        scaled_value(rolling.get(name), desired, round_up=True)
        for name in ("maxSurge", "maxUnavailable")
    )
    return surge, unavailable if surge or unavailable else 1


def allows_surge(daemon_set: Object) -> bool:
    """Whether a node may have two pods during an update."""
    update = daemon_set["spec"].get("updateStrategy") or {}
    return update.get("type") == "RollingUpdate" and limits(daemon_set, 100)[0] > 0


def is_current(pod: Object, digest: str) -> bool:
    """Whether a pod was made from the template with that hash."""
    labels = labels_of(pod)
    return labels.get("controller-revision-hash") == digest

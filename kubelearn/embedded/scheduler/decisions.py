"""What the scheduler decided lately and why, for people to read.

A real scheduler keeps this to itself (at best in its log at verbosity 10); here it is the point.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from kubelearn.embedded.scheduler.framework import Rejection
from kubelearn.embedded.scheduler.preemption import Attempt

_KEPT = 200
_NODES = 50


@dataclass(frozen=True)
class Decision:
    """One attempt to place one pod: why nodes were rejected, how the best scored, who won.

    `preemption` says who has to leave for it, or why nobody does; None if it found a node.
    """

    pod: str
    uid: str
    time: datetime
    rejections: dict[str, Rejection]
    scores: dict[str, dict[str, int]]
    node: str | None
    message: str
    preemption: Attempt | None = None

    def total(self, node: str) -> int:
        """The sum of a node's scores."""
        return sum(self.scores[node].values())


class Decisions:
    """The latest decision about each of the latest pods."""

    def __init__(self) -> None:
        self._decisions: OrderedDict[str, Decision] = OrderedDict()

    def add(self, decision: Decision) -> None:
        """Keep a decision in place of the last one about that pod."""
        few = dict(islice(decision.rejections.items(), _NODES))
        self._decisions[decision.pod] = replace(decision, rejections=few)
        self._decisions.move_to_end(decision.pod)
        if len(self._decisions) > _KEPT:
            self._decisions.popitem(last=False)

    def get(self, pod_key: str) -> Decision | None:
        """The latest decision about a pod, by `namespace/name`."""
        return self._decisions.get(pod_key)

    def latest(self, count: int = _KEPT) -> list[Decision]:
        """The latest decisions, newest first."""
        return list(reversed(self._decisions.values()))[:count]

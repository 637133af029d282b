"""How many nodes are not ready at once, and how soon the pods of the next one have to go.

Upstream: `ComputeZoneState` and `handleDisruption` of pkg/controller/nodelifecycle, with the pace
of its rate limiters. Left out: zones; here all nodes are in one.
"""

from __future__ import annotations

import math
from enum import Enum

_SECONDS_A_NODE = 10.0
_SECONDS_A_NODE_WHEN_MOST_ARE_LOST = 100.0
_LARGE_CLUSTER = 50
_MOST = 0.55


class Disruption(Enum):
    """How much of the cluster is lost: a few nodes, most, or all."""

    NORMAL = "normal"
    PARTIAL = "partial"
    FULL = "full"


class NodeDisruption:
    """Counts nodes, and paces evictions: so many may only seem lost, to a part of the network."""

    def __init__(self) -> None:
        self._well: set[str] = set()
        self._ill: set[str] = set()
        self._last = -math.inf

    def note(self, node: str, *, well: bool) -> None:
        """A node is ready, or is not."""
        (self._well if well else self._ill).add(node)
        (self._ill if well else self._well).discard(node)

    def forget(self, node: str) -> None:
        """A node is no more."""
        self._well.discard(node)
        self._ill.discard(node)

    @property
    def state(self) -> Disruption:
        """What the nodes amount to."""
        ill, nodes = len(self._ill), len(self._ill) + len(self._well)
        if not self._well:
            return Disruption.FULL
        if ill > 2 and ill / nodes >= _MOST:
            return Disruption.PARTIAL
        return Disruption.NORMAL

    def wait(self, now: float) -> float:
        """Seconds until the pods of another node may be evicted; infinite while none may."""
        match self.state:
            case Disruption.NORMAL:
                pace = _SECONDS_A_NODE
            case Disruption.PARTIAL if len(self._ill) + len(self._well) > _LARGE_CLUSTER:
                pace = _SECONDS_A_NODE_WHEN_MOST_ARE_LOST
            case _:
                return math.inf
        return max(0.0, self._last + pace - now)

    def evict(self, now: float) -> None:
        """The pods of a node are evicted now."""
        self._last = now

"""How long to wait before another failed pod is replaced on a node.

Upstream: `failedPodsBackoff` of pkg/controller/daemon, a k8s.io/client-go `flowcontrol.Backoff`. A
kubelet that turns a pod away would otherwise get it again at once, for ever.
"""

from __future__ import annotations

from kubelearn.embedded.clock import Clock

_FIRST, _LONGEST = 1.0, 900.0


class FailedPodsBackoff:
    """A delay for each place, that doubles with each failure there."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._delays: dict[str, tuple[float, float]] = {}

    def left(self, place: str) -> float:
        """For how many more seconds a failed pod has to stay in that place."""
        delay, since = self._delays.get(place, (0.0, 0.0))
        return max(since + delay - self._clock.monotonic(), 0.0)

    def next(self, place: str) -> None:
        """A failed pod is replaced: the next one has to stay longer."""
        now = self._clock.monotonic()
        delay, since = self._delays.get(place, (0.0, now))
        forgotten = now - since > 2 * _LONGEST
        longer = _FIRST if forgotten or not delay else min(delay * 2, _LONGEST)
        self._delays[place] = longer, now

"""PersistentVolumes: when they entered their phase.

Stands for k8s.io/kubernetes `pkg/registry/core/persistentvolume/strategy.go`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.embedded.clock import Clock
from kubelearn.objects import Object, timestamp

_SINCE = "lastPhaseTransitionTime"


class PersistentVolumeStrategy(Strategy):
    """PersistentVolumes."""

    returns_deleted = True
    first_status = {"phase": "Pending"}

    def __init__(self, kind: Kind, *, clock: Clock) -> None:
        super().__init__(kind)
        self._clock = clock

    def prepare_for_create(self, new: Object) -> None:
        """The first phase begins now."""
        super().prepare_for_create(new)
        new["status"][_SINCE] = timestamp(self._clock.now())

    def prepare_for_status_update(self, new: Object, old: Object) -> None:
        """Note the time of a new phase, unless the client does."""
        super().prepare_for_status_update(new, old)
        status, before = new["status"], old["status"]
        told = status.get(_SINCE)
        if status.get("phase") == before.get("phase"):
            if told is None and _SINCE in before:
                status[_SINCE] = before[_SINCE]
        elif told in (None, before.get(_SINCE)):
            status[_SINCE] = timestamp(self._clock.now())

"""PersistentVolumes: when they entered their phase, and what of them is deprecated.

Stands for k8s.io/kubernetes `pkg/registry/core/persistentvolume/strategy.go`.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.embedded.clock import Clock
from kubelearn.objects import Object, timestamp

_SINCE = "lastPhaseTransitionTime"
_GONE = {
    "cephfs": ("1.28", "1.31"), "photonPersistentDisk": ("1.11", "1.16"),
    "scaleIO": ("1.16", "1.22"), "storageOS": ("1.22", "1.25"), "glusterfs": ("1.25", "1.26"),
    "rbd": ("1.28", "1.31"),
}  # fmt: skip
_RECYCLE = (
    "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the "
    "recommended approach is to use dynamic provisioning."
)


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

    def warnings(self, new: Object, old: Object | None) -> Iterable[str]:
        """Policies and types of volumes whose time is over."""
        if new["spec"].get("persistentVolumeReclaimPolicy") == "Recycle":
            yield _RECYCLE
        for name, (deprecated, gone) in _GONE.items():
            if name in new["spec"]:
                yield f"spec.{name}: deprecated in v{deprecated}, non-functional in v{gone}+"

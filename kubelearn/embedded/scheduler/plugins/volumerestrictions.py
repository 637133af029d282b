"""Keeps a `ReadWriteOncePod` volume to one pod (upstream: plugins/volumerestrictions).

Left out: disks of cloud providers, iSCSI and RBD, which no node here could mount.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kubelearn.embedded.informer import Informer
from kubelearn.embedded.podclaims import claim_keys
from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import Filter, Plugin, Rejection
from kubelearn.objects import Object

_REASON = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already "
    "in-use by another pod"
)


class VolumeRestrictions(Plugin):
    """Rejects all nodes as long as another pod has such a volume."""

    name: ClassVar[str] = "VolumeRestrictions"
    helped_by: ClassVar[frozenset[str]] = frozenset({"PodDelete", "PersistentVolumeClaim"})

    def __init__(self, claims: Informer) -> None:
        self._claims = claims

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Look for the pod's claims among those of pods that have a node."""
        single = {each for each in claim_keys(pod.pod) if _is_single(self._claims.get(each))}
        if not single or not any(
            single & {*claim_keys(other.pod)} for info in nodes for other in info.pods.values()
        ):
            return None
        rejection = Rejection(self.name, (_REASON,), final=False)
        return lambda info: rejection


def _is_single(claim: Object | None) -> bool:
    return claim is not None and "ReadWriteOncePod" in claim["spec"]["accessModes"]

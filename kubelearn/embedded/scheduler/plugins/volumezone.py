"""Keeps pods in the zones of their volumes, by labels (upstream: plugins/volumezone)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from kubelearn.embedded.informer import Informer
from kubelearn.embedded.podclaims import claim_keys
from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import Filter, Plugin, Rejection

# Labels of volumes, and by what other name a node may have them.
_TOPOLOGY = {
    "topology.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region": "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}


class VolumeZone(Plugin):
    """Rejects nodes in other zones and regions than the pod's bound volumes say."""

    name: ClassVar[str] = "VolumeZone"
    helped_by: ClassVar[frozenset[str]] = frozenset(
        {"NodeAdd", "NodeUpdate", "StorageClass", "PersistentVolume", "PersistentVolumeClaim"}
    )

    def __init__(self, *, claims: Informer, volumes: Informer) -> None:
        self._claims = claims
        self._volumes = volumes

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Compare the labels of volumes and node; a node without any such label takes all."""
        wanted = list(self._wanted(pod))
        if not wanted:
            return None
        rejection = Rejection(self.name, ("node(s) had no available volume zone",))

        def check(info: NodeInfo) -> Rejection | None:
            if not info.labels.keys() & _TOPOLOGY.keys():
                return None
            fits = all(
                info.labels.get(name, info.labels.get(_TOPOLOGY[name])) in values
                for name, values in wanted
            )
            return None if fits else rejection

        return check

    def _wanted(self, pod: PodInfo) -> Iterator[tuple[str, set[str]]]:
        for claim_key in claim_keys(pod.pod):
            claim = self._claims.get(claim_key)
            volume = self._volumes.get(claim["spec"].get("volumeName") or "") if claim else None
            for name, value in ((volume or {}).get("metadata", {}).get("labels") or {}).items():
                if name in _TOPOLOGY:
                    yield name, set(value.split("__"))

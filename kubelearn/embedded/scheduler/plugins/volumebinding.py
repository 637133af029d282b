"""Puts pods where their volumes are or can be made (upstream: plugins/volumebinding)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kubelearn.embedded.podclaims import claim_name, foreign
from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import Filter, Plugin, Rejection
from kubelearn.embedded.scheduler.volumebinder import PodVolumes, VolumeBinder
from kubelearn.objects import Object


class VolumeBinding(Plugin):
    """Rejects nodes that the pod's volumes exclude, and has claims bound before the pod is."""

    name: ClassVar[str] = "VolumeBinding"
    helped_by: ClassVar[frozenset[str]] = frozenset(
        {"NodeAdd", "NodeUpdate", "StorageClass", "PersistentVolume", "PersistentVolumeClaim"}
    )

    def __init__(self, binder: VolumeBinder) -> None:
        self._binder = binder
        self._reserved: dict[str, PodVolumes] = {}

    def prefilter(self, pod: PodInfo) -> Rejection | frozenset[str] | None:
        """See that all claims are there, and those bound that no scheduler has a say in."""
        problem = self._problem(pod.pod)
        return Rejection(self.name, (problem,)) if problem else None

    def filter_for(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Filter | None:
        """Match volumes' node affinity, and find or plan those that are missing."""
        claims = self._binder.claims_of(pod.pod)
        if not claims.bound and not claims.delayed:
            return None

        def check(info: NodeInfo) -> Rejection | None:
            assert info.node
            conflicts = self._binder.find(claims, info.node).conflicts
            return Rejection(self.name, tuple(conflicts)) if conflicts else None

        return check

    def _problem(self, pod: Object) -> str:
        """What keeps the pod from every node; empty if nothing does."""
        for volume in pod["spec"].get("volumes") or []:
            if name := claim_name(pod, volume):
                claim = self._binder.claims.get(f"{pod['metadata']['namespace']}/{name}")
                if problem := _trouble(pod, volume, claim, name=name):
                    return problem
        if self._binder.claims_of(pod).immediate:
            return "pod has unbound immediate PersistentVolumeClaims"
        return ""

    def reserve(self, pod: PodInfo, node: NodeInfo) -> None:
        """Take the node's volumes for the pod's from now on."""
        claims = self._binder.claims_of(pod.pod)
        if claims.delayed:
            assert node.node
            found = self._binder.find(claims, node.node)
            self._reserved[pod.key] = self._binder.assume(found, node.name)

    def unreserve(self, pod: PodInfo) -> None:
        """Free what was reserved."""
        if assumed := self._reserved.pop(pod.key, None):
            self._binder.revert(assumed)

    async def pre_bind(self, pod: PodInfo, node: str) -> None:
        """Have everything bound. Raises BindingError, ApiError."""
        if assumed := self._reserved.get(pod.key):
            await self._binder.bind(assumed, node)
            del self._reserved[pod.key]


def _trouble(pod: Object, volume: Object, claim: Object | None, *, name: str) -> str:
    """What is wrong with one claim of a pod; empty if nothing is."""
    ephemeral = "ephemeral" in volume
    if claim is None:
        if ephemeral:
            return (
                "waiting for ephemeral volume controller to create the persistentvolumeclaim "
                f'"{name}"'
            )
        return f'persistentvolumeclaim "{name}" not found'
    if (claim.get("status") or {}).get("phase") == "Lost":
        lost = claim["spec"].get("volumeName", "")
        return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{lost}"'
    if claim["metadata"].get("deletionTimestamp"):
        return f'persistentvolumeclaim "{name}" is being deleted'
    return foreign(pod, claim) if ephemeral else ""

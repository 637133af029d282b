"""Lets claims and volumes go once they are no longer in use.

Upstream: pkg/controller/volume/pvcprotection and pvprotection. The finalizers are put on by
admission; here they are added to objects that are older than that, and taken off.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.podclaims import claim_keys, claim_name, foreign
from kubelearn.objects import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    Object,
    Resource,
    key,
)


class ProtectionController(Controller):
    """Holds deleted objects of one resource back by a finalizer as long as they are in use."""

    resource: ClassVar[Resource]
    finalizer: ClassVar[str]

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._objects = self.informer(self.resource)
        self._objects.follow(self._changed)

    def _changed(self, obj: Object) -> None:
        if bool(obj["metadata"].get("deletionTimestamp")) == self._is_held(obj):
            self.enqueue(obj)

    def _is_held(self, obj: Object) -> bool:
        return self.finalizer in (obj["metadata"].get("finalizers") or [])

    async def sync(self, object_key: str) -> None:
        """Put the finalizer on, or take it off."""
        obj = self._objects.get(object_key)
        if obj is None:
            return
        finalizers = obj["metadata"].get("finalizers") or []
        if not obj["metadata"].get("deletionTimestamp"):
            if not self._is_held(obj):
                await self._write(obj, [*finalizers, self.finalizer])
        elif self._is_held(obj) and not await self.is_used(obj):
            await self._write(obj, [each for each in finalizers if each != self.finalizer])

    async def _write(self, obj: Object, finalizers: list[str]) -> None:
        meta = {**obj["metadata"], "finalizers": finalizers}
        await self.client.update(self.resource, {**obj, "metadata": meta})

    @abstractmethod
    async def is_used(self, obj: Object) -> bool:
        """Whether something would miss the object."""


class PVCProtectionController(ProtectionController):
    """Keeps claims that a pod on a node uses."""

    name: ClassVar[str] = "persistentvolumeclaim-protection-controller"
    account: ClassVar[str] = "pvc-protection-controller"
    resource: ClassVar[Resource] = PERSISTENT_VOLUME_CLAIMS
    finalizer: ClassVar[str] = "kubernetes.io/pvc-protection"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._pods = self.informer(PODS)
        self._pods.add_index("claims", claim_keys)
        self._pods.follow(self._pod_changed, gone=self._pod_changed)

    def _pod_changed(self, pod: Object) -> None:
        for claim_key in claim_keys(pod):
            claim = self._objects.get(claim_key)
            if claim and claim["metadata"].get("deletionTimestamp"):
                self.enqueue(claim)

    async def is_used(self, obj: Object) -> bool:
        """Ask the copy of the pods, then the API server: the copy may be late."""
        if any(_uses(pod, obj) for pod in self._pods.by_index("claims", key(obj))):
            return True
        pods = await self.client.list(PODS, obj["metadata"]["namespace"])
        return any(_uses(pod, obj) for pod in pods["items"])


class PVProtectionController(ProtectionController):
    """Keeps volumes that are bound to a claim."""

    name: ClassVar[str] = "persistentvolume-protection-controller"
    account: ClassVar[str] = "pv-protection-controller"
    resource: ClassVar[Resource] = PERSISTENT_VOLUMES
    finalizer: ClassVar[str] = "kubernetes.io/pv-protection"

    async def is_used(self, obj: Object) -> bool:
        """The binder says it by the phase."""
        return (obj.get("status") or {}).get("phase") == "Bound"


def _uses(pod: Object, claim: Object) -> bool:
    # A pod without a node cannot start any more once its claim is being deleted.
    if not pod["spec"].get("nodeName"):
        return False
    for volume in pod["spec"].get("volumes") or []:
        if claim_name(pod, volume) == claim["metadata"]["name"]:
            if "ephemeral" not in volume:
                return True
            if not _is_shut_down(pod) and not foreign(pod, claim):
                return True
    return False


def _is_shut_down(pod: Object) -> bool:
    """Whether the kubelet is done with the pod, which is gone but for its finalizers."""
    return bool(pod["metadata"].get("deletionGracePeriodSeconds") == 0)

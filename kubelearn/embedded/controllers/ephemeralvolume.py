"""Makes the claims of generic ephemeral volumes, which live as long as their pod.

Upstream: pkg/controller/volume/ephemeral. Their end is the garbage collector's work, as they belong
to the pod.
"""

from __future__ import annotations

from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext, RetryLater
from kubelearn.embedded.podclaims import claim_keys, claim_name, foreign
from kubelearn.errors import ApiError
from kubelearn.objects import PERSISTENT_VOLUME_CLAIMS, PODS, Object, key, owner_reference


class EphemeralVolumeController(Controller):
    """Works on pods that have such volumes."""

    name: ClassVar[str] = "ephemeral_volume"
    account: ClassVar[str] = "ephemeral-volume-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._pods = self.informer(PODS)
        self._claims = self.informer(PERSISTENT_VOLUME_CLAIMS)
        self._pods.add_index("claims", claim_keys)
        self._pods.add_handler(on_add=self._pod_added)
        self._claims.add_handler(on_delete=self._claim_gone)

    def _pod_added(self, pod: Object) -> None:
        if any("ephemeral" in volume for volume in pod["spec"].get("volumes") or []):
            self.enqueue(pod)

    def _claim_gone(self, claim: Object) -> None:
        for pod in self._pods.by_index("claims", key(claim)):
            self._pod_added(pod)

    async def sync(self, object_key: str) -> None:
        """Make the claims of one pod that are missing."""
        pod = self._pods.get(object_key)
        if pod is None or pod["metadata"].get("deletionTimestamp"):
            return
        for volume in pod["spec"].get("volumes") or []:
            if "ephemeral" in volume and (problem := await self._ensure(pod, volume)):
                message = f"ephemeral volume {volume['name']}: {problem}"
                self.events.event(pod, "Warning", "FailedBinding", message)
                raise RetryLater(message)

    async def _ensure(self, pod: Object, volume: Object) -> str:
        """Make a volume's claim; gives why that is not possible, if so."""
        name, namespace = claim_name(pod, volume), pod["metadata"]["namespace"]
        if claim := self._claims.get(f"{namespace}/{name}"):
            return foreign(pod, claim)
        template = volume["ephemeral"]["volumeClaimTemplate"]
        kept = template.get("metadata") or {}
        claim = {
            "metadata": {
                **{part: kept[part] for part in ("annotations", "labels") if part in kept},
                "name": name,
                "namespace": namespace,
                "ownerReferences": [owner_reference(pod)],
            },
            "spec": template["spec"],
        }
        try:
            await self.client.create(PERSISTENT_VOLUME_CLAIMS, claim)
        except ApiError as error:
            return f"create PVC {name}: {error}"
        return ""

"""Tells that a claim which asks for more waits for a driver to give it more.

Upstream: pkg/controller/volume/expand. No type of volume here can grow by the controller itself.
"""

from __future__ import annotations

from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.persistentvolume import requested
from kubelearn.objects import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, Object
from kubelearn.quantity import quantity


class VolumeExpandController(Controller):
    """Works on claims that are bound."""

    name: ClassVar[str] = "volume_expand"
    account: ClassVar[str] = "expand-controller"
    workers: ClassVar[int] = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._claims = self.informer(PERSISTENT_VOLUME_CLAIMS)
        self._volumes = self.informer(PERSISTENT_VOLUMES)
        self._claims.add_handler(on_add=self._added, on_update=self._updated)

    def _added(self, claim: Object) -> None:
        if (claim.get("status") or {}).get("phase") == "Bound":
            self.enqueue(claim)

    def _updated(self, old: Object, new: Object) -> None:
        if requested(new) > requested(old):
            self._added(new)

    async def sync(self, object_key: str) -> None:
        """Compare what one claim asks for with what it has."""
        claim = self._claims.get(object_key)
        volume = self._volumes.get(claim["spec"].get("volumeName") or "") if claim else None
        ref = volume["spec"].get("claimRef") if volume else None
        if claim is None or not ref or ref.get("uid") != claim["metadata"]["uid"]:
            return
        has = (claim["status"].get("capacity") or {}).get("storage", 0)
        if requested(claim) > quantity(has):
            message = "waiting for an external controller to expand this PVC"
            self.events.event(claim, "Normal", "ExternalExpanding", message)

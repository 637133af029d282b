"""What becomes of a volume: Available, Bound, Released, and then what its policy says.

Upstream: `syncVolume` and `reclaimVolume` of `pv_controller.go` in
pkg/controller/volume/persistentvolume.
"""

from __future__ import annotations

from kubelearn.embedded.client import Client
from kubelearn.embedded.controller import RetryLater
from kubelearn.embedded.controllers.persistentvolume.binder import Binder
from kubelearn.embedded.events import EventRecorder
from kubelearn.embedded.persistentvolume import PROVISIONED_BY, same_mode
from kubelearn.embedded.workqueue import WorkQueue
from kubelearn.errors import NotFound
from kubelearn.objects import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    Object,
    annotations_of,
    key,
)


class Reclaiming:
    """Puts volumes into their phase, and deletes those that nobody wants to keep."""

    def __init__(
        self, binder: Binder, client: Client, events: EventRecorder, queue: WorkQueue
    ) -> None:
        self._binder = binder
        self._client = client
        self._events = events
        self._queue = queue

    async def sync(self, volume: Object) -> None:
        """See what the volume's claim says."""
        if not (volume["spec"].get("claimRef") or {}).get("uid"):
            await self._binder.set_volume_phase(volume, "Available")
            return
        claim = await self._claim_of(volume)
        name = volume["metadata"]["name"]
        if claim is None:
            await self._release(volume)
        elif not claim["spec"].get("volumeName"):
            self._finish_binding(volume, claim)
        elif claim["spec"]["volumeName"] == name:
            await self._binder.set_volume_phase(volume, "Bound")
        elif PROVISIONED_BY in annotations_of(volume) and _policy(volume) == "Delete":
            await self._release(volume)
        else:
            await self._binder.unbind(volume)

    async def _claim_of(self, volume: Object) -> Object | None:
        ref = volume["spec"]["claimRef"]
        claim = self._binder.claims.get(f"{ref['namespace']}/{ref['name']}")
        if claim is None and _is_let_go(volume):
            return None
        if claim is None or claim["metadata"]["uid"] != ref["uid"]:
            # Before data are thrown away the API server itself is asked.
            try:
                claim = await self._client.get(
                    PERSISTENT_VOLUME_CLAIMS, ref["name"], ref["namespace"]
                )
            except NotFound:
                return None
        return claim if claim["metadata"]["uid"] == ref["uid"] else None

    def _finish_binding(self, volume: Object, claim: Object) -> None:
        if same_mode(volume, claim):
            self._queue.add(key(claim))
            return
        names = [each["metadata"]["name"] for each in (volume, claim)]
        ending = "due to incompatible volumeMode."
        for about, message in (
            (
                volume,
                f'Cannot bind PersistentVolume to requested PersistentVolumeClaim "{names[1]}"',
            ),
            (
                claim,
                f'Cannot bind PersistentVolume "{names[0]}" to requested PersistentVolumeClaim',
            ),
        ):
            self._events.event(about, "Warning", "VolumeMismatch", f"{message} {ending}")

    async def _release(self, volume: Object) -> None:
        if not _is_let_go(volume):
            volume = await self._binder.set_volume_phase(volume, "Released")
        if _policy(volume) == "Delete":
            await self._delete(volume)
        elif _policy(volume) == "Recycle":
            await self._fail(
                volume, "VolumeFailedRecycle", "No recycler plugin found for the volume!"
            )

    async def _delete(self, volume: Object) -> None:
        if PROVISIONED_BY in annotations_of(volume) or "csi" in volume["spec"]:
            return  # whoever made it deletes it
        if problem := _undeletable(volume):
            await self._fail(volume, "VolumeFailedDelete", problem)
            raise RetryLater(problem)
        await self._client.delete(PERSISTENT_VOLUMES, volume["metadata"]["name"])

    async def _fail(self, volume: Object, reason: str, message: str) -> None:
        if (volume.get("status") or {}).get("phase") != "Failed":
            written = await self._binder.set_volume_phase(volume, "Failed", message)
            self._events.event(written, "Warning", reason, message)


def _is_let_go(volume: Object) -> bool:
    return (volume.get("status") or {}).get("phase") in ("Released", "Failed")


def _policy(volume: Object) -> str:
    return volume["spec"].get("persistentVolumeReclaimPolicy") or "Retain"


def _undeletable(volume: Object) -> str:
    """Why no part of Kubernetes itself can delete what is on the volume; empty if it can."""
    name, path = volume["metadata"]["name"], (volume["spec"].get("hostPath") or {}).get("path")
    if path is None:
        return (
            f'error getting deleter volume plugin for volume "{name}": '
            "no deletable volume plugin matched"
        )
    if not path.startswith("/tmp/") or path == "/tmp/":
        return f"host_path deleter only supports /tmp/.+ but received provided {path}"
    return ""

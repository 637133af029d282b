"""Brings claims and volumes together: the volume binder.

Upstream: pkg/controller/volume/persistentvolume. Keys with a namespace are claims, those without
are volumes. What becomes of a volume is decided in `reclaiming`. Left out: volume types that are
provisioned by the controller itself, all of which have left Kubernetes, and the policy `Recycle`.
"""

from __future__ import annotations

from typing import ClassVar

from kubelearn.embedded.assumecache import AssumeCache
from kubelearn.embedded.controller import Controller, ControllerContext, RetryLater
from kubelearn.embedded.controllers.persistentvolume.binder import Binder
from kubelearn.embedded.controllers.persistentvolume.reclaiming import Reclaiming
from kubelearn.embedded.persistentvolume import (
    BETA_STORAGE_PROVISIONER,
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    SELECTED_NODE,
    STORAGE_PROVISIONER,
    annotated,
    class_of,
    default_class,
    find_matching,
    has_class,
    is_bound_to,
    mismatch,
    waits_for_consumer,
)
from kubelearn.embedded.podclaims import claim_keys
from kubelearn.objects import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
    Object,
    annotations_of,
    is_terminal,
    key,
)

# Claims that wait are looked at again so often: a volume or a class may have come.
_RESYNC_SECONDS = 15.0
_LOST = "Data on the volume is lost!"


class PersistentVolumeController(Controller):
    """Works on claims and volumes, one at a time: no two claims may get the same volume."""

    name: ClassVar[str] = "persistentvolume-controller"
    account: ClassVar[str] = "persistent-volume-binder"
    workers: ClassVar[int] = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        volumes, claims = self.informer(PERSISTENT_VOLUMES), self.informer(PERSISTENT_VOLUME_CLAIMS)
        self._classes = self.informer(STORAGE_CLASSES)
        self._pods = self.informer(PODS)
        self._pods.add_index("claims", claim_keys)
        self._binder = Binder(self.client, volumes=AssumeCache(volumes), claims=AssumeCache(claims))
        self._reclaiming = Reclaiming(self._binder, self.client, self.events, self.queue)
        volumes.follow(self._volume_changed, gone=self._volume_gone)
        claims.follow(self.enqueue, gone=self._claim_gone)

    def _volume_changed(self, volume: Object) -> None:
        self.enqueue(volume)
        if (volume.get("status") or {}).get("phase") == "Available":
            # Upstream's claims find it with their next resync.
            for claim in self._binder.claims.items():
                if not claim["spec"].get("volumeName") and class_of(claim) == class_of(volume):
                    self.enqueue(claim)

    def _volume_gone(self, volume: Object) -> None:
        if ref := volume["spec"].get("claimRef"):
            self.queue.add(f"{ref['namespace']}/{ref['name']}")

    def _claim_gone(self, claim: Object) -> None:
        if name := claim["spec"].get("volumeName"):
            self.queue.add(name)

    async def sync(self, object_key: str) -> None:
        """Bind one claim, or put one volume into its phase."""
        if "/" not in object_key:
            if volume := self._binder.volumes.get(object_key):
                await self._reclaiming.sync(volume)
        elif claim := self._binder.claims.get(object_key):
            if BIND_COMPLETED in annotations_of(claim):
                await self._sync_bound(claim)
            elif claim["spec"].get("volumeName"):
                await self._sync_chosen(claim)
            else:
                await self._sync_unbound(claim)

    # --- claims that are bound ---

    async def _sync_bound(self, claim: Object) -> None:
        name = claim["spec"].get("volumeName")
        volume = self._binder.volumes.get(name) if name else None
        if not name:
            message = f"Bound claim has lost reference to PersistentVolume. {_LOST}"
            await self._lose(claim, "ClaimLost", message)
        elif volume is None:
            message = f"Bound claim has lost its PersistentVolume. {_LOST}"
            await self._lose(claim, "ClaimLost", message)
        elif (volume["spec"].get("claimRef") or {}).get("uid") in (None, claim["metadata"]["uid"]):
            await self._binder.bind(volume, claim)
        else:
            message = "Two claims are bound to the same volume, this one is bound incorrectly"
            await self._lose(claim, "ClaimMisbound", message)

    async def _lose(self, claim: Object, reason: str, message: str) -> None:
        if (claim.get("status") or {}).get("phase") != "Lost":
            written = await self._binder.set_claim_status(claim, "Lost")
            self.events.event(written, "Warning", reason, message)

    # --- claims that want one certain volume ---

    async def _sync_chosen(self, claim: Object) -> None:
        name = claim["spec"]["volumeName"]
        volume = self._binder.volumes.get(name)
        if volume is None:
            await self._pend(claim)
        elif is_bound_to(volume, claim):
            await self._binder.bind(volume, claim)
        elif volume["spec"].get("claimRef"):
            message = f'volume "{name}" already bound to a different claim.'
            self.events.event(claim, "Warning", "FailedBinding", message)
            if BOUND_BY_CONTROLLER in annotations_of(claim):
                raise RetryLater(message)
            await self._pend(claim)
        elif reason := mismatch(volume, claim):
            message = f'Cannot bind to requested volume "{name}": {reason}'
            self.events.event(claim, "Warning", "VolumeMismatch", message)
            await self._pend(claim)
        else:
            await self._binder.bind(volume, claim)

    async def _pend(self, claim: Object) -> None:
        await self._binder.set_claim_status(claim, "Pending")
        self.queue.add_after(key(claim), _RESYNC_SECONDS)

    # --- claims that take what fits ---

    async def _sync_unbound(self, claim: Object) -> None:
        delayed = waits_for_consumer(self._classes.get(class_of(claim)))
        volume = self._best_match(claim, delayed=delayed)
        if volume:
            await self._binder.bind(volume, claim)
        elif not await self._assign_default_class(claim):
            if delayed and SELECTED_NODE not in annotations_of(claim):
                self._tell_that_it_waits(claim)
            elif class_of(claim):
                await self._provision(claim)
            else:
                message = (
                    "no persistent volumes available for this claim and no storage class is set"
                )
                self.events.event(claim, "Normal", "FailedBinding", message)
            await self._pend(claim)

    def _best_match(self, claim: Object, *, delayed: bool) -> Object | None:
        """The best volume among those with the fewest access modes that are enough."""
        asked = {*(claim["spec"].get("accessModes") or [])}
        groups: dict[frozenset[str], list[Object]] = {}
        for volume in self._binder.volumes.items():
            modes = frozenset(volume["spec"].get("accessModes") or [])
            if asked <= modes:
                groups.setdefault(modes, []).append(volume)
        matches = (
            find_matching(claim, groups[modes], delayed=delayed)
            for modes in sorted(groups, key=len)
        )
        return next((volume for volume in matches if volume), None)

    async def _assign_default_class(self, claim: Object) -> bool:
        """Give a claim the default class that there was not when it was made."""
        found = None if has_class(claim) else default_class(self._classes.items())
        if found is None:
            return False
        spec = {**claim["spec"], "storageClassName": found["metadata"]["name"]}
        await self._binder.write_claim({**claim, "spec": spec})
        return True

    def _tell_that_it_waits(self, claim: Object) -> None:
        waiting = [
            pod["metadata"]["name"]
            for pod in self._pods.by_index("claims", key(claim))
            if not pod["spec"].get("nodeName") and not is_terminal(pod)
        ]
        reason, message = (
            "WaitForPodScheduled",
            f"waiting for pods {','.join(waiting)} to be scheduled",
        )
        if not waiting:
            reason = "WaitForFirstConsumer"
            message = "waiting for first consumer to be created before binding"
        elif len(waiting) == 1:
            message = f"waiting for pod {waiting[0]} to be scheduled"
        self.events.event(claim, "Normal", reason, message)

    async def _provision(self, claim: Object) -> None:
        """Tell the class's provisioner, whoever that is, that a volume is wanted."""
        name = class_of(claim)
        storage_class = self._classes.get(name)
        provisioner = storage_class["provisioner"] if storage_class else ""
        problem = ""
        if storage_class is None:
            problem = f'storageclass.storage.k8s.io "{name}" not found'
        elif provisioner.startswith("kubernetes.io/"):
            problem = f"no volume plugin matched name: {provisioner}"
        if problem:
            self.events.event(claim, "Warning", "ProvisioningFailed", problem)
            return
        asked = {BETA_STORAGE_PROVISIONER: provisioner, STORAGE_PROVISIONER: provisioner}
        if not asked.items() <= annotations_of(claim).items():
            claim = await self._binder.write_claim(annotated(claim, asked))
        message = (
            "Waiting for a volume to be created either by the external provisioner "
            f"'{provisioner}' or manually by the system administrator. If volume creation is "
            "delayed, please verify that the provisioner is running and correctly registered."
        )
        self.events.event(claim, "Normal", "ExternalProvisioning", message)

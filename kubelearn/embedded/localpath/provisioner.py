"""Makes a volume for every claim of its classes, and removes it after the claim.

Upstream: the controller of sigs.k8s.io/sig-storage-lib-external-provisioner, with which most
provisioners are built. Keys with a namespace are claims, those without are volumes.
"""

from __future__ import annotations

import asyncio
import random
from typing import ClassVar

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.controller import Controller, ControllerContext, RetryLater
from kubelearn.embedded.informer import Informer, Informers
from kubelearn.embedded.localpath.folder import (
    helper_name,
    helper_pod,
    new_volume,
    node_of,
    volume_name,
)
from kubelearn.embedded.localpath.manifests import NAMESPACE, PROVISIONER
from kubelearn.embedded.persistentvolume import (
    PROVISIONED_BY,
    SELECTED_NODE,
    STORAGE_PROVISIONER,
    class_of,
    waits_for_consumer,
)
from kubelearn.errors import AlreadyExists, NotFound
from kubelearn.objects import (
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
    Object,
    annotations_of,
    is_terminal,
    key,
)

_MODES = {"ReadWriteOnce", "ReadWriteOncePod"}


class LocalPathProvisioner(Controller):
    """Works on claims that wait for a volume, and on volumes that were let go."""

    name: ClassVar[str] = f"{PROVISIONER}_local-path-provisioner"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._claims = self.informer(PERSISTENT_VOLUME_CLAIMS)
        self._volumes = self.informer(PERSISTENT_VOLUMES)
        self._classes = self.informer(STORAGE_CLASSES)
        self._helpers = Informer(self.client, PODS, clock=self.clock, namespace=NAMESPACE)
        for informer in (self._claims, self._volumes):
            informer.follow(self.enqueue)
        self._helpers.add_handler(on_update=lambda _, new: self._helper_changed(new))

    def _helper_changed(self, pod: Object) -> None:
        self.queue.add(pod["metadata"]["name"].removeprefix("helper-pod-delete-"))

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._helpers.run(), name="informer helper pods")
            await self._helpers.synced.wait()
            await super().run()

    async def sync(self, object_key: str) -> None:
        """Make one claim's volume, or remove one volume."""
        if "/" in object_key:
            claim = self._claims.get(object_key)
            if claim and self._should_provision(claim):
                await self._provision(claim)
        elif (volume := self._volumes.get(object_key)) and _should_delete(volume):
            await self._delete(volume)

    # --- claims ---

    def _should_provision(self, claim: Object) -> bool:
        annotations = annotations_of(claim)
        storage_class = self._classes.get(class_of(claim))
        return (
            not claim["spec"].get("volumeName")
            and annotations.get(STORAGE_PROVISIONER) == PROVISIONER
            and storage_class is not None
            and self._volumes.get(volume_name(claim)) is None
            and (SELECTED_NODE in annotations or not waits_for_consumer(storage_class))
        )

    async def _provision(self, claim: Object) -> None:
        storage_class = self._classes.get(class_of(claim))
        assert storage_class
        message = f'External provisioner is provisioning volume for claim "{key(claim)}"'
        self.events.event(claim, "Normal", "Provisioning", message)
        if problem := _unsupported(claim):
            name = storage_class["metadata"]["name"]
            message = f'failed to provision volume with StorageClass "{name}": {problem}'
            self.events.event(claim, "Warning", "ProvisioningFailed", message)
            raise RetryLater(message)
        try:
            node = await self.client.get(NODES, annotations_of(claim)[SELECTED_NODE])
        except NotFound:
            await self._send_back(claim)
            return
        try:
            made = await self.client.create(
                PERSISTENT_VOLUMES, new_volume(claim, storage_class, node)
            )
        except AlreadyExists:
            return
        message = f"Successfully provisioned volume {made['metadata']['name']}"
        self.events.event(claim, "Normal", "ProvisioningSucceeded", message)

    async def _send_back(self, claim: Object) -> None:
        """Let the scheduler choose again: its node is gone."""
        meta = claim["metadata"]
        patch = {"metadata": {"uid": meta["uid"], "annotations": {SELECTED_NODE: None}}}
        await self.client.patch(PERSISTENT_VOLUME_CLAIMS, meta["name"], patch, meta["namespace"])

    # --- volumes ---

    async def _delete(self, volume: Object) -> None:
        """Have the folder removed, then the volume; each step waits for the pod to get on."""
        helper = self._helpers.get(f"{NAMESPACE}/{helper_name(volume)}")
        node = node_of(volume)
        if node is None or not await self._exists(node):
            await self._remove(volume)
        elif helper is None:
            try:
                await self.client.create(PODS, helper_pod(volume))
            except AlreadyExists:
                return
        elif is_terminal(helper):
            await self._remove_helper(helper)
            if helper["status"]["phase"] == "Failed":
                message = f"failed to delete volume {volume['metadata']['name']}: helper pod failed"
                self.events.event(volume, "Warning", "VolumeFailedDelete", message)
                raise RetryLater(message)
            await self._remove(volume)

    async def _exists(self, node: str) -> bool:
        try:
            await self.client.get(NODES, node)
        except NotFound:
            return False
        return True

    async def _remove(self, volume: Object) -> None:
        try:
            await self.client.delete(PERSISTENT_VOLUMES, volume["metadata"]["name"])
        except NotFound:
            return

    async def _remove_helper(self, helper: Object) -> None:
        meta = helper["metadata"]
        try:
            await self.client.delete(
                PODS, meta["name"], NAMESPACE, options={"gracePeriodSeconds": 0}
            )
        except NotFound:
            return


async def provision(client: Client, *, clock: Clock, random: random.Random) -> None:
    """Be the provisioner until cancelled."""
    informers = Informers(client, clock=clock)
    provisioner = LocalPathProvisioner(ControllerContext(client, informers, clock, random))
    async with asyncio.TaskGroup() as group:
        group.create_task(provisioner.run(), name="provisioner")
        group.create_task(informers.run(), name="informers")


def _unsupported(claim: Object) -> str:
    """Why no folder can be what the claim asks for; empty if one can."""
    spec = claim["spec"]
    if spec.get("selector"):
        return "claim.Spec.Selector is not supported"
    if not {*spec["accessModes"]} <= _MODES:
        return "NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes"
    if SELECTED_NODE not in annotations_of(claim):
        return "configuration error, no node was specified"
    return ""


def _should_delete(volume: Object) -> bool:
    spec = volume["spec"]
    return (
        annotations_of(volume).get(PROVISIONED_BY) == PROVISIONER
        and (volume.get("status") or {}).get("phase") == "Released"
        and spec.get("persistentVolumeReclaimPolicy") == "Delete"
        and not volume["metadata"].get("deletionTimestamp")
    )

"""Deletes objects whose owners are gone, and sees to how owners go.

Upstream: pkg/controller/garbagecollector. Three ways to delete an owner: in the *background* it
goes at once and its dependents are found here; in the *foreground* it waits, with a finalizer, for
those that block it; with *orphan* the dependents lose their reference first. Before anything is
deleted the API server is asked whether the owners really are gone: the graph may lag behind.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Any, ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext, RetryLater
from kubelearn.embedded.controllers.discovery import served_resources
from kubelearn.embedded.controllers.garbagecollector.graph import (
    FOREGROUND,
    ORPHAN,
    Identity,
    Node,
    OwnerGraph,
)
from kubelearn.embedded.controllers.garbagecollector.operations import Operations
from kubelearn.embedded.informer import Informer
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import Object, Resource

_log = logging.getLogger(__name__)

_RESYNC = 30.0
_NEEDED = {"delete", "list", "watch"}
_IGNORED = {("", "events"), ("events.k8s.io", "events")}
_REMEMBERED = 500


class GarbageCollector(Controller):
    """Works on uids: `delete/UID`, `orphan/UID`, and `verify/UID` for owners not seen yet."""

    name: ClassVar[str] = "garbage-collector-controller"
    account: ClassVar[str] = "generic-garbage-collector"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._graph = OwnerGraph()
        self._absent: OrderedDict[str, None] = OrderedDict()
        self._monitors: dict[tuple[str, str], Informer] = {}
        self._operations = Operations(context.client, self._resource_of)

    # --- following every kind ---

    async def run(self) -> None:
        """Collect until cancelled, and look for new kinds every half minute."""
        while not await self._follow_kinds():
            await self.clock.sleep(1)
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run(), name=self.name)
            group.create_task(self._resync(), name=f"{self.name} resync")

    async def _resync(self) -> None:
        while True:
            await self.clock.sleep(_RESYNC)
            await self._follow_kinds()

    async def _follow_kinds(self) -> bool:
        """Follow each kind that can be collected, and those only."""
        try:
            served = await served_resources(self.client)
        except ApiError as error:
            _log.warning("%s: discovery failed: %s", self.name, error)
            return False
        collectable = {
            (item.resource.api_version, item.resource.kind): item.resource
            for item in served
            if item.verbs >= _NEEDED and (item.resource.group, item.resource.plural) not in _IGNORED
        }
        for kind, monitor in [*self._monitors.items()]:
            # A kind that is defined anew may have another plural, or another scope.
            if collectable.get(kind) != monitor.resource:
                self._forget_kind(kind)
        for kind, resource in collectable.items():
            if kind not in self._monitors:
                self._follow(kind, resource)
        return True

    def _forget_kind(self, kind: tuple[str, str]) -> None:
        monitor = self._monitors.pop(kind)
        self._needed.remove(monitor)
        self._informers.drop(monitor.resource)

    def _follow(self, kind: tuple[str, str], resource: Resource) -> None:
        informer = self._informers.get(resource, transform=_metadata_only)
        self._monitors[kind] = informer
        self._needed.append(informer)
        informer.follow(self._changed, gone=self._gone)

    # --- what happens to the graph ---

    def _changed(self, obj: Object) -> None:
        uid = obj["metadata"]["uid"]
        before = self._graph.get(uid)
        owners_before = self._graph.owners(before) if before else []
        node, unseen = self._graph.put(obj)
        for owner in unseen:
            self.queue.add(f"verify/{owner.identity.uid}")
        if node.orphans_dependents:
            self.queue.add(f"orphan/{uid}")
        elif node.deletes_dependents:
            self._delete_later(node, *self._graph.dependents(node))
        # An owner may have waited only for this reference to go, or to stop blocking.
        self._delete_later(*(o for o in owners_before if o.deletes_dependents))
        if any(o.deletes_dependents for o in self._graph.owners(node)):
            self._delete_later(node)

    def _gone(self, obj: Object) -> None:
        self._forget(obj["metadata"]["uid"])

    def _forget(self, uid: str) -> None:
        self._absent[uid] = None
        if len(self._absent) > _REMEMBERED:
            self._absent.popitem(last=False)
        node = self._graph.get(uid)
        if node is None:
            return
        dependents, owners = self._graph.dependents(node), self._graph.owners(node)
        self._graph.remove(uid)
        self._delete_later(*dependents, *(o for o in owners if o.deletes_dependents))

    def _delete_later(self, *nodes: Node) -> None:
        for node in nodes:
            self.queue.add(f"delete/{node.identity.uid}")

    # --- syncing ---

    async def sync(self, object_key: str) -> None:
        """Do what the key says to one object."""
        action, _, uid = object_key.partition("/")
        node = self._graph.get(uid)
        if node is None:
            return
        match action:
            case "verify":
                await self._verify(node)
            case "orphan":
                await self._orphan(node)
            case "delete":
                await self._delete_if_unowned(node)

    async def _verify(self, node: Node) -> None:
        """Find out whether an owner that was never seen exists."""
        if not node.virtual:
            return
        if await self._operations.get(node.identity) is None:
            self._forget(node.identity.uid)
        else:
            raise RetryLater(f"{node.identity} exists, but no informer has shown it yet")

    async def _orphan(self, owner: Node) -> None:
        """Take the owner out of its dependents' references, then let it go."""
        uid = owner.identity.uid
        for dependent in self._graph.dependents(owner):
            await self._operations.remove_owners(dependent.identity, {uid})
        await self._operations.remove_finalizer(owner.identity, ORPHAN)

    async def _delete_if_unowned(self, node: Node) -> None:
        if node.virtual or (node.deleting and not node.deletes_dependents):
            return
        latest = await self._operations.get(node.identity)
        if latest is None:
            self._forget(node.identity.uid)
        elif node.deletes_dependents:
            await self._finish_foreground(node)
        elif latest["metadata"].get("ownerReferences"):
            await self._judge(node, latest)

    async def _finish_foreground(self, owner: Node) -> None:
        """Let an owner go whose blocking dependents are all gone."""
        uid = owner.identity.uid
        blocking = [d for d in self._graph.dependents(owner) if d.blocks(uid)]
        if not blocking:
            await self._operations.remove_finalizer(owner.identity, FOREGROUND)
        self._delete_later(*(d for d in blocking if not d.deletes_dependents and not d.deleting))

    async def _judge(self, node: Node, latest: Object) -> None:
        solid, dangling, waiting = await self._classify(node, latest)
        gone = {ref["uid"] for ref in (*dangling, *waiting)}
        if solid:
            if gone:
                await self._operations.remove_owners(node.identity, gone)
        elif waiting and node.dependents:
            if any(d.deletes_dependents for d in self._graph.dependents(node)):
                # Owners that wait for one another would wait for ever: this one stops blocking.
                latest = await self._operations.unblock_owners(latest)
            await self._delete(latest, "Foreground")
        else:
            finalizers = latest["metadata"].get("finalizers") or []
            policy = (
                "Orphan"
                if ORPHAN in finalizers
                else "Foreground"
                if FOREGROUND in finalizers
                else "Background"
            )
            await self._delete(latest, policy)

    async def _classify(
        self, node: Node, latest: Object
    ) -> tuple[list[Object], list[Object], list[Object]]:
        """References to owners that stay, that are gone, and that wait for their dependents."""
        solid: list[Object] = []
        dangling: list[Object] = []
        waiting: list[Object] = []
        for ref in latest["metadata"]["ownerReferences"]:
            owner = await self._owner(node, ref)
            meta = owner["metadata"] if owner else {}
            if owner is None:
                dangling.append(ref)
            elif meta.get("deletionTimestamp") and FOREGROUND in (meta.get("finalizers") or []):
                waiting.append(ref)
            else:
                solid.append(ref)
        return solid, dangling, waiting

    async def _owner(self, node: Node, ref: dict[str, Any]) -> Object | None:
        if ref["uid"] in self._absent:
            return None
        namespace = node.identity.namespace
        owner = Identity(ref["apiVersion"], ref["kind"], namespace, ref["name"], ref["uid"])
        return await self._operations.get(owner)

    async def _delete(self, latest: Object, policy: str) -> None:
        try:
            await self._operations.delete(latest, policy)
        except NotFound:
            self._forget(latest["metadata"]["uid"])

    def _resource_of(self, identity: Identity) -> Resource:
        monitor = self._monitors.get((identity.api_version, identity.kind))
        if monitor is None:
            raise RetryLater(f"{identity.api_version} {identity.kind} is not a kind known here")
        return monitor.resource


def _metadata_only(obj: Object) -> Object:
    """What the collector needs of an object that nobody else follows."""
    kept = (
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "deletionTimestamp",
        "finalizers",
        "ownerReferences",
    )
    meta = obj["metadata"]
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "metadata": {part: meta[part] for part in kept if part in meta},
    }

"""Empties a namespace that is being deleted, then lets it go.

Upstream: pkg/controller/namespace and its deletion package. Pods go first, so that what they use
is still there while they stop. Upstream waits five seconds before it begins, for API servers that
have not heard of the deletion yet; there is one here.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from kubelearn.embedded.client import Client
from kubelearn.embedded.controller import Controller, ControllerContext, RetryLater
from kubelearn.embedded.controllers.discovery import ServedResource, served_resources
from kubelearn.embedded.controllers.namespace.conditions import Remaining, deletion_conditions
from kubelearn.errors import ApiError, NotFound
from kubelearn.objects import NAMESPACES, PODS, Object, Resource

_FINALIZER = "kubernetes"
_FINALIZER_ESTIMATE = 15
_BACKGROUND = {"propagationPolicy": "Background"}


class NamespaceController(Controller):
    """Deletes what is in namespaces with a deletion timestamp."""

    name: ClassVar[str] = "namespace-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._namespaces = self.informer(NAMESPACES)
        self._pods = self.informer(PODS)
        self._namespaces.follow(self._changed)
        self._pods.add_handler(on_delete=self._pod_deleted)

    def _changed(self, namespace: Object) -> None:
        if namespace["metadata"].get("deletionTimestamp"):
            self.enqueue(namespace)

    def _pod_deleted(self, pod: Object) -> None:
        # Pods are what takes time; upstream only guesses how long.
        namespace = self._namespaces.get(pod["metadata"]["namespace"])
        if namespace is not None:
            self._changed(namespace)

    async def sync(self, object_key: str) -> None:
        """Delete everything in one namespace, and finalize it when nothing is left."""
        try:
            namespace = await self.client.get(NAMESPACES, object_key)
        except NotFound:
            return
        meta, finalizers = namespace["metadata"], namespace["spec"].get("finalizers") or []
        if not meta.get("deletionTimestamp") or _FINALIZER not in finalizers:
            return
        remaining = await self._delete_content(object_key)
        namespace = await self._report(namespace, remaining)
        if remaining.errors:
            raise RetryLater(f"deleting the content of {object_key}: {remaining.errors[0]}")
        if remaining.seconds:
            self.queue.add_after(object_key, remaining.seconds / 2 + 1)
            return
        await self._finalize(namespace)

    async def _delete_content(self, namespace: str) -> Remaining:
        remaining = Remaining()
        try:
            served = await served_resources(self.client)
        except ApiError as error:
            remaining.discovery_error = str(error)
            remaining.errors.append(str(error))
            return remaining
        deletable = [s for s in served if s.resource.namespaced and "delete" in s.verbs]
        deletable.sort(key=lambda s: s.resource != PODS)
        for item in deletable:
            if remaining.objects[PODS]:
                break
            try:
                await _delete_all(self.client, item, namespace, remaining)
            except ApiError as error:
                remaining.errors.append(str(error))
        return remaining

    async def _report(self, namespace: Object, remaining: Remaining) -> Object:
        old = (namespace.get("status") or {}).get("conditions") or []
        conditions = deletion_conditions(old, remaining, now=self.clock.now())
        if conditions == old:
            return namespace
        changed = {**namespace, "status": {**namespace["status"], "conditions": conditions}}
        return await self.client.update(NAMESPACES, changed, sub="status")

    async def _finalize(self, namespace: Object) -> None:
        finalizers = [f for f in namespace["spec"]["finalizers"] if f != _FINALIZER]
        changed = {**namespace, "spec": {**namespace["spec"], "finalizers": finalizers}}
        try:
            await self.client.update(NAMESPACES, changed, sub="finalize")
        except NotFound:
            return


async def _delete_all(
    client: Client, item: ServedResource, namespace: str, remaining: Remaining
) -> None:
    """Delete the objects of one resource and note which are still there."""
    resource = item.resource
    if "list" not in item.verbs:
        return
    found = await _list(client, resource, namespace)
    if not found:
        return
    if "deletecollection" in item.verbs:
        await client.request("DELETE", resource.path(namespace), body=_options())
    else:
        for obj in found:
            await _delete(client, resource, obj)
    left = await _list(client, resource, namespace)
    if left:
        remaining.objects[resource] = len(left)
        remaining.finalizers.update(
            finalizer for obj in left for finalizer in obj["metadata"].get("finalizers") or []
        )
        remaining.seconds = max(remaining.seconds, _estimate(resource, left))


async def _list(client: Client, resource: Resource, namespace: str) -> list[Object]:
    try:
        items: list[Object] = (await client.list(resource, namespace))["items"] or []
    except ApiError as error:
        if error.code in (404, 405):
            return []
        raise
    return items


async def _delete(client: Client, resource: Resource, obj: Object) -> None:
    meta = obj["metadata"]
    try:
        await client.delete(resource, meta["name"], meta["namespace"], options=_BACKGROUND)
    except NotFound:
        return


def _options() -> Object:
    return {"apiVersion": "v1", "kind": "DeleteOptions", **_BACKGROUND}


def _estimate(resource: Resource, left: list[Object]) -> int:
    """In about how many seconds the rest may be gone."""
    if resource == PODS:
        graces = [pod["spec"].get("terminationGracePeriodSeconds") or 0 for pod in left]
        return max(max(graces), 1)
    has_finalizers = Counter(bool(obj["metadata"].get("finalizers")) for obj in left)
    return _FINALIZER_ESTIMATE if has_finalizers[True] else 1

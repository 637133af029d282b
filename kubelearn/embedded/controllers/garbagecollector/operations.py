"""What the garbage collector asks of the API server.

Upstream: pkg/controller/garbagecollector/operations.go and patch.go. Objects are named by identity:
one of the same name with another uid is another object, and for the collector not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubelearn.embedded.client import Client
from kubelearn.embedded.controller import RetryLater
from kubelearn.embedded.controllers.garbagecollector.graph import Identity
from kubelearn.errors import NotFound
from kubelearn.objects import Object, Resource


class Operations:
    """Reads, patches and deletes objects of any kind; `resource_of` knows where they live."""

    def __init__(self, client: Client, resource_of: Callable[[Identity], Resource]) -> None:
        self._client = client
        self._resource_of = resource_of

    async def get(self, identity: Identity) -> Object | None:
        """The object as it is now, if it exists."""
        resource = self._resource_of(identity)
        if resource.namespaced and not identity.namespace:
            raise RetryLater(f"{identity} is named as owner by an object without a namespace")
        try:
            found = await self._client.get(resource, identity.name, identity.namespace)
        except NotFound:
            return None
        return found if found["metadata"]["uid"] == identity.uid else None

    async def delete(self, latest: Object, policy: str) -> None:
        """Delete an object, if it still is as it was read. Raises NotFound if it is gone."""
        meta = latest["metadata"]
        options = {
            "propagationPolicy": policy,
            "preconditions": {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]},
        }
        resource = self._resource_of(Identity.of(latest))
        await self._client.delete(resource, meta["name"], meta.get("namespace"), options=options)

    async def remove_owners(self, identity: Identity, uids: set[str]) -> None:
        """Take owners out of an object's references."""
        latest = await self.get(identity)
        refs = latest["metadata"].get("ownerReferences") or [] if latest else []
        kept = [ref for ref in refs if ref["uid"] not in uids]
        if latest and len(kept) < len(refs):
            await self._patch(latest, {"ownerReferences": kept or None})

    async def unblock_owners(self, latest: Object) -> Object:
        """Have an object's owners no longer wait for it; the object as it is then."""
        refs = [
            {**ref, "blockOwnerDeletion": False} for ref in latest["metadata"]["ownerReferences"]
        ]
        return await self._patch(latest, {"ownerReferences": refs})

    async def remove_finalizer(self, identity: Identity, finalizer: str) -> None:
        """Let an object go, as far as that finalizer held it."""
        latest = await self.get(identity)
        finalizers = latest["metadata"].get("finalizers") or [] if latest else []
        if latest and finalizer in finalizers:
            kept = [item for item in finalizers if item != finalizer]
            await self._patch(latest, {"finalizers": kept or None})

    async def _patch(self, latest: Object, changes: dict[str, Any]) -> Object:
        # A merge patch, for custom resources know no other that would do; the version makes sure
        # that the lists in it are still the ones that were read.
        meta = latest["metadata"]
        patch = {"metadata": {**changes, "resourceVersion": meta["resourceVersion"]}}
        resource = self._resource_of(Identity.of(latest))
        try:
            return await self._client.patch(resource, meta["name"], patch, meta.get("namespace"))
        except NotFound:
            return latest  # as good as patched

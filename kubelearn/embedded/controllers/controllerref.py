"""Which controller owns which object: adopting, releasing and finding children by owner.

Upstream: pkg/controller/controller_ref_manager.go. A selector alone does not make an owner, the
`controller` reference does; the selector decides who may be adopted and who has to be let go.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kubelearn.embedded.client import Client
from kubelearn.embedded.informer import Informer
from kubelearn.errors import ApiError, NotFound
from kubelearn.labelselector import matches
from kubelearn.objects import Object, Resource, controller_of, owner_reference

INDEX = "controller"


def index_by_controller(informer: Informer) -> None:
    """Let `children` find objects by the controller that owns them."""
    informer.add_index(INDEX, _controller_or_orphan)


def selector_of(owner: Object) -> Object | None:
    """What selects an owner's children; a ReplicationController's is of the oldest form."""
    selector: Object | None = owner["spec"].get("selector")
    if owner["kind"] == "ReplicationController":
        return {"matchLabels": selector or {}}
    return selector


def owned(informer: Informer, owner: Object) -> list[Object]:
    """The objects whose controller is `owner`."""
    return list(informer.by_index(INDEX, owner["metadata"]["uid"]))


def orphans(informer: Informer, namespace: str) -> list[Object]:
    """The objects of a namespace that have no controller."""
    return list(informer.by_index(INDEX, f"orphans of {namespace}"))


def _controller_or_orphan(obj: Object) -> list[str]:
    ref = controller_of(obj)
    return [ref["uid"] if ref else f"orphans of {obj['metadata'].get('namespace', '')}"]


async def claim(
    client: Client,
    owner_resource: Resource,
    owner: Object,
    *,
    resource: Resource,
    children: Iterable[Object],
) -> list[Object]:
    """The children that `owner` owns, after adopting those it selects and releasing the others."""
    claimed = []
    refs = _References(client, owner_resource, owner, resource)
    for child in children:
        ref = controller_of(child)
        selected = matches(selector_of(owner), child["metadata"].get("labels"))
        if ref and ref["uid"] == owner["metadata"]["uid"]:
            if selected:
                claimed.append(child)
            elif not owner["metadata"].get("deletionTimestamp"):
                await refs.release(child)
        elif not ref and selected and await refs.adopt(child):
            claimed.append(child)
    return claimed


class _References:
    """Writes and removes one owner's controller references."""

    def __init__(
        self, client: Client, owner_resource: Resource, owner: Object, resource: Resource
    ) -> None:
        self._client = client
        self._owner_resource = owner_resource
        self._owner = owner
        self._resource = resource
        self._may_adopt: bool | None = None

    async def adopt(self, child: Object) -> bool:
        if child["metadata"].get("deletionTimestamp") or not await self._owner_lives():
            return False
        return await self._patch(child, owner_reference(self._owner))

    async def release(self, child: Object) -> None:
        try:
            await self._patch(child, {"$patch": "delete", "uid": self._owner["metadata"]["uid"]})
        except ApiError as error:
            # Invalid: no owners are left to remove, or the uid is another object's.
            if error.code != 422:
                raise

    async def _owner_lives(self) -> bool:
        # Asked of the API server, once a sync: an owner deleted a moment ago must not adopt, or
        # the child would be collected with it.
        if self._may_adopt is None:
            meta = self._owner["metadata"]
            fresh = await self._client.get(self._owner_resource, meta["name"], meta["namespace"])
            same = fresh["metadata"]["uid"] == meta["uid"]
            self._may_adopt = same and not fresh["metadata"].get("deletionTimestamp")
        return self._may_adopt

    async def _patch(self, child: Object, reference: dict[str, Any]) -> bool:
        meta = child["metadata"]
        # The uid makes sure that this is the very object that was judged.
        patch = {"metadata": {"uid": meta["uid"], "ownerReferences": [reference]}}
        try:
            await self._client.patch(
                self._resource, meta["name"], patch, meta["namespace"], kind="strategic"
            )
        except NotFound:
            return False
        return True

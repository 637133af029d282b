"""Old templates of StatefulSets and DaemonSets, kept as ControllerRevisions for `rollout undo`.

Upstream: pkg/controller/history. A template that comes back gets its old revision a new number.
Left out: adopting revisions that have lost their owner.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection

from kubelearn.embedded.controller import Controller
from kubelearn.embedded.controllers import controllerref
from kubelearn.embedded.controllers.podtemplatehash import data_hash, template_hash
from kubelearn.errors import AlreadyExists
from kubelearn.objects import (
    CONTROLLER_REVISIONS,
    Object,
    Resource,
    annotations_of,
    owner_reference,
)

_NOT_COPIED = {"kubectl.kubernetes.io/last-applied-configuration"}


Digest = Callable[[Object, Object], str]
"""The hash of a revision: (owner, its data)."""


class History:
    """The revisions of one kind of workload, `owners`.

    `hash_label` is where they show their hash, and `digest` how that is made.
    """

    def __init__(
        self, controller: Controller, *, owners: Resource, hash_label: str, digest: Digest
    ) -> None:
        self._client = controller.client
        self._owners = owners
        self._hash_label = hash_label
        self._digest = digest
        self._revisions = controller.informer(CONTROLLER_REVISIONS)
        controllerref.index_by_controller(self._revisions)

    def of(self, owner: Object) -> list[Object]:
        """An owner's revisions, oldest first."""
        return sorted(controllerref.owned(self._revisions, owner), key=_number)

    def hash_of(self, revision: Object) -> str:
        """The hash in a revision's label."""
        return str(revision["metadata"]["labels"][self._hash_label])

    async def current(self, owner: Object) -> Object:
        """The revision of an owner's template as it is now, made if need be."""
        known = self.of(owner)
        following = _number(known[-1]) + 1 if known else 1
        data = template_patch(owner)
        for revision in reversed(known):
            if revision["data"] == data:
                if revision is known[-1]:
                    return revision
                renewed = {**revision, "revision": following}
                return await self._client.update(CONTROLLER_REVISIONS, renewed)
        return await self._create(owner, data, following)

    async def _create(self, owner: Object, data: Object, number: int) -> Object:
        meta = self._metadata(owner, self._digest(owner, data))
        body = {"metadata": meta, "data": data, "revision": number}
        try:
            return await self._client.create(CONTROLLER_REVISIONS, body)
        except AlreadyExists:
            found = await self._client.get(CONTROLLER_REVISIONS, meta["name"], meta["namespace"])
            if found["data"] == data:
                # Made in an earlier attempt that the cache does not show yet.
                return found
            await self._count_collision(owner)
            raise

    def _metadata(self, owner: Object, digest: str) -> Object:
        meta, template = owner["metadata"], owner["spec"]["template"]
        labels = (template.get("metadata") or {}).get("labels") or {}
        annotations = {
            name: value for name, value in annotations_of(owner).items() if name not in _NOT_COPIED
        }
        return {
            "name": f"{meta['name']}-{digest}",
            "namespace": meta["namespace"],
            "labels": {**labels, self._hash_label: digest},
            **({"annotations": annotations} if annotations else {}),
            "ownerReferences": [owner_reference(owner)],
        }

    async def _count_collision(self, owner: Object) -> None:
        """Another template has this one's name: let the next attempt make another of it."""
        meta, seen = owner["metadata"], collisions(owner)
        current = await self._client.get(self._owners, meta["name"], meta["namespace"])
        if collisions(current) == seen:  # else the cache does not show an earlier one yet
            current["status"] = {**(current.get("status") or {}), "collisionCount": (seen or 0) + 1}
            await self._client.update(self._owners, current, sub="status")

    async def clean_up(self, owner: Object, *, live: Collection[str]) -> None:
        """Delete the oldest revisions that no pod has, down to the owner's limit."""
        old = [item for item in self.of(owner) if item["metadata"]["name"] not in live]
        surplus = max(len(old) - owner["spec"].get("revisionHistoryLimit", 10), 0)
        await asyncio.gather(*map(self._delete, old[:surplus]))

    async def _delete(self, revision: Object) -> None:
        meta = revision["metadata"]
        await self._client.delete(CONTROLLER_REVISIONS, meta["name"], meta["namespace"])


def collisions(owner: Object) -> int | None:
    """How often the name for a revision of this workload was taken."""
    count: int | None = (owner.get("status") or {}).get("collisionCount")
    return count


def template_patch(owner: Object) -> Object:
    """What a revision keeps: a patch that brings the template back.

    Keys are in their order, as Go writes them: there are clients that compare the bytes.
    """
    patch = {"spec": {"template": {"$patch": "replace", **owner["spec"]["template"]}}}
    ordered: Object = json.loads(json.dumps(patch, sort_keys=True))
    return ordered


def hash_of_template(owner: Object, _: Object) -> str:
    """The hash of a DaemonSet's revision."""
    return template_hash(owner["spec"]["template"], collisions(owner))


def hash_of_data(owner: Object, data: Object) -> str:
    """The hash of a StatefulSet's revision."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    # Go writes JSON so that it can stand in HTML.
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return data_hash(f"{text}{collisions(owner) or 0}".encode())


def template_of(revision: Object) -> Object:
    """The template that a revision keeps."""
    template = revision["data"]["spec"]["template"]
    return {name: value for name, value in template.items() if name != "$patch"}


def _number(revision: Object) -> int:
    return int(revision["revision"])

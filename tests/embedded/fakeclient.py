"""An API server in memory, seen through a component's client."""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections.abc import AsyncIterator, Callable, Sequence

from kubelearn.errors import AlreadyExists, Conflict, Expired, NotFound
from kubelearn.objects import Object, Resource, timestamp
from tests.embedded.fakeclock import FakeClock


class FakeClient:
    """What components use of `Client`, over objects in memory.

    No defaults, no validation, no graceful deletion: enough to see what a component does.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.requests: list[str] = []
        self.failure: Exception | None = None
        self.compacted = 0
        self.lagging: set[Resource] = set()
        self._revision = 0
        self._objects: dict[tuple[Resource, str | None, str], Object] = {}
        self._log: list[tuple[int, Resource, str, Object]] = []
        self._changed = asyncio.Condition()
        self._names = itertools.count(1)

    # --- what tests look at ---

    def part(self, name: str) -> FakeClient:
        """One part of a program; whose requests these are is not noted."""
        return self

    def objects(self, resource: Resource) -> list[Object]:
        return [obj for (kind, _, _), obj in self._objects.items() if kind == resource]

    def one(self, resource: Resource) -> Object:
        [found] = self.objects(resource)
        return found

    # --- what components call ---

    async def request(self, method: str, path: str, **_: object) -> Object:
        self._note(f"{method} {path}")
        return {"items": []}

    async def get(
        self, resource: Resource, name: str, namespace: str | None = None, *, sub: str = ""
    ) -> Object:
        self._note(f"get {resource.plural} {name}")
        return copy.deepcopy(self._find(resource, namespace, name))

    async def list(
        self, resource: Resource, namespace: str | None = None, **params: object
    ) -> Object:
        self._note(f"list {resource.plural}")
        items = [
            copy.deepcopy(obj)
            for obj in self.objects(resource)
            if namespace in (None, obj["metadata"].get("namespace"))
        ]
        return {"metadata": {"resourceVersion": str(self._revision)}, "items": items}

    async def create(
        self,
        resource: Resource,
        body: Object,
        namespace: str | None = None,
        *,
        name: str | None = None,
        sub: str = "",
    ) -> Object:
        self._note(f"create {resource.plural}{'/' + sub if sub else ''}")
        if sub == "binding":
            bound = self._find(resource, namespace, name or "")
            return await self._store(
                resource, {**bound, "spec": {**bound["spec"], "nodeName": body["target"]["name"]}}
            )
        obj = copy.deepcopy(body)
        meta = obj["metadata"]
        if "name" not in meta:
            meta["name"] = f"{meta['generateName']}{next(self._names)}"
        if (resource, meta.get("namespace"), meta["name"]) in self._objects:
            raise AlreadyExists({"code": 409, "reason": "AlreadyExists", "message": "exists"})
        meta.setdefault("uid", f"uid-{next(self._names)}")
        meta.setdefault("creationTimestamp", timestamp(self.clock.now()))
        meta.setdefault("generation", 1)
        obj.update(apiVersion=resource.api_version, kind=resource.kind)
        return await self._store(resource, obj, "ADDED")

    async def update(self, resource: Resource, body: Object, *, sub: str = "") -> Object:
        meta = body["metadata"]
        self._note(f"update {resource.plural}{'/' + sub if sub else ''}")
        old = self._find(resource, meta.get("namespace"), meta["name"])
        if old["metadata"]["resourceVersion"] != meta["resourceVersion"]:
            raise Conflict({"code": 409, "reason": "Conflict", "message": "modified"})
        new = copy.deepcopy(body)
        if not sub and old.get("spec") != new.get("spec"):
            new["metadata"]["generation"] = old["metadata"]["generation"] + 1
        return await self._store(resource, new)

    async def patch(
        self,
        resource: Resource,
        name: str,
        patch: Object,
        namespace: str | None = None,
        *,
        kind: str = "merge",
        sub: str = "",
        **_: object,
    ) -> Object:
        self._note(f"patch {resource.plural}{'/' + sub if sub else ''} {name}")
        old = self._find(resource, namespace, name)
        version = patch.get("metadata", {}).get("resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            raise Conflict({"code": 409, "reason": "Conflict", "message": "modified"})
        new = _merge(copy.deepcopy(old), patch, strategic=kind == "strategic")
        return await self._store(resource, new)

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        options: Object | None = None,
    ) -> Object:
        self._note(f"delete {resource.plural} {name}")
        obj = self._find(resource, namespace, name)
        policy = (options or {}).get("propagationPolicy")
        finalizer = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}.get(policy)
        finalizers = [*(obj["metadata"].get("finalizers") or []), *filter(None, [finalizer])]
        if finalizers:
            meta = {
                **obj["metadata"],
                "deletionTimestamp": timestamp(self.clock.now()),
                "finalizers": finalizers,
            }
            return await self._store(resource, {**obj, "metadata": meta})
        return await self.remove(resource, obj)

    async def watch(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        resource_version: str,
        **_: object,
    ) -> AsyncIterator[tuple[str, Object]]:
        self._note(f"watch {resource.plural}")
        seen = int(resource_version)
        while True:
            if self.compacted > seen:
                raise Expired({"code": 410, "reason": "Expired", "message": "too old"})
            for revision, kind, event, obj in list(self._log):
                if revision > seen and resource not in self.lagging:
                    seen = revision
                    if kind == resource:
                        yield event, copy.deepcopy(obj)
            async with self._changed:
                await self._changed.wait()

    # --- what tests change behind a component's back ---

    async def remove(self, resource: Resource, obj: Object) -> Object:
        meta = obj["metadata"]
        del self._objects[resource, meta.get("namespace"), meta["name"]]
        return await self._append(resource, copy.deepcopy(obj), "DELETED")

    async def put(self, resource: Resource, obj: Object) -> Object:
        """Store an object as it is, also one that is being deleted."""
        meta = obj["metadata"]
        stored = await self._append(resource, copy.deepcopy(obj), "MODIFIED")
        self._objects[resource, meta.get("namespace"), meta["name"]] = stored
        return copy.deepcopy(stored)

    async def until(self, check: Callable[[], object]) -> None:
        """Wait until something holds; it is looked at whenever an object changes."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(check)

    async def hang_up(self, *, compact: bool = False) -> None:
        """Make every watch look again; with `compact`, find its version gone."""
        if compact:
            self.compacted = self._revision
        async with self._changed:
            self._changed.notify_all()

    def _note(self, request: str) -> None:
        self.requests.append(request)
        if self.failure:
            raise self.failure

    def _find(self, resource: Resource, namespace: str | None, name: str) -> Object:
        found = self._objects.get((resource, namespace, name))
        if found is None:
            raise NotFound({"code": 404, "reason": "NotFound", "message": f"{name} not found"})
        return found

    async def _store(self, resource: Resource, obj: Object, event: str = "MODIFIED") -> Object:
        meta = obj["metadata"]
        waits = meta.get("finalizers") or meta.get("deletionGracePeriodSeconds")
        if meta.get("deletionTimestamp") and not waits:
            return await self.remove(resource, obj)
        stored = await self._append(resource, obj, event)
        self._objects[resource, meta.get("namespace"), meta["name"]] = stored
        return copy.deepcopy(stored)

    async def _append(self, resource: Resource, obj: Object, event: str) -> Object:
        self._revision += 1
        new = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self._revision)}}
        self._log.append((self._revision, resource, event, new))
        async with self._changed:
            self._changed.notify_all()
        return new


def _merge(target: Object, patch: Object, *, strategic: bool) -> Object:
    for name, value in patch.items():
        if name.startswith("$deleteFromPrimitiveList/"):
            listed = name.partition("/")[2]
            target[listed] = [item for item in target.get(listed) or [] if item not in value]
        elif value is None:
            target.pop(name, None)
        elif isinstance(value, dict):
            target[name] = _merge(target.get(name) or {}, value, strategic=strategic)
        elif strategic and name in ("conditions", "ownerReferences"):
            by = "type" if name == "conditions" else "uid"
            target[name] = _merge_items(target.get(name) or [], value, by=by)
        elif isinstance(value, list) and value[:1] == [{"$patch": "replace"}]:
            target[name] = value[1:]
        else:
            target[name] = value
    return target


def _merge_items(old: Sequence[Object], patch: Sequence[Object], *, by: str) -> list[Object]:
    """A list whose items are known by a field, as a strategic merge patch changes it."""
    items = {item[by]: item for item in old}
    for item in patch:
        if item.get("$patch") == "delete":
            items.pop(item[by], None)
            continue
        merged = {**items.get(item[by], {}), **item}
        items[item[by]] = {
            key: part for key, part in merged.items() if part is not None or key == "lastProbeTime"
        }
    return list(items.values())

"""The simulated cluster's API: objects with versions, and the few requests that widgets send.

It stands where the official client's connection stands, below `kubelearn.clusters.transport`.
"""

from __future__ import annotations

import contextlib
import copy
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3

from kubelearn import objects
from kubelearn.objects import Object, Resource
from kubelearn.widgets.simulation import applying
from kubelearn.widgets.simulation.door import refusal
from kubelearn.widgets.simulation.objects import NAMESPACE
from kubelearn.widgets.simulation.patching import patched
from kubelearn.widgets.simulation.response import Response, failure, not_found

_RESOURCES = {each.kind: each for each in vars(objects).values() if isinstance(each, Resource)}


YOU = "kubernetes-admin"
# A change takes so long: what happens in one step shall not seem to happen in one moment.
_TOOK = timedelta(milliseconds=8)


@dataclass(frozen=True)
class Change:
    """One change of an object: what etcd and the audit trail remember."""

    version: int
    event: str
    """ADDED, MODIFIED or DELETED."""
    object: Object
    actor: str
    """The user who did it."""
    moment: datetime


class SimulatedApi:
    """Objects in memory behind what looks like an `ApiClient`."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.version = 0
        self.reachable = True
        self.requests: list[tuple[str, str, Any]] = []
        self._objects: dict[str, Object] = {}
        self.log: list[Change] = []
        self._actor = YOU

    # --- storage ----------------------------------------------------------------------------

    def all(self, resource: Resource) -> list[Object]:
        """All objects of a kind, as copies."""
        with self.changed:
            found = [o for o in self._objects.values() if o["kind"] == resource.kind]
            return copy.deepcopy(found)

    def get(self, resource: Resource, name: str) -> Object:
        """One object by its name, as a copy."""
        return next(o for o in self.all(resource) if o["metadata"]["name"] == name)

    def put(self, obj: Object) -> Object:
        """Create or replace an object."""
        with self.changed:
            path = _path(obj)
            kind = "MODIFIED" if path in self._objects else "ADDED"
            self._record(kind, obj)
            self._objects[path] = copy.deepcopy(obj)
            return obj

    def at(self, path: str) -> Object | None:
        """The object at a path, as a copy."""
        with self.changed:
            return copy.deepcopy(self._objects.get(path))

    def delete(self, obj: Object) -> Object:
        """Mark an object as being deleted."""
        if not obj["metadata"].get("deletionTimestamp"):
            obj["metadata"]["deletionTimestamp"] = "2026-01-01T14:00:00Z"
            self.put(obj)
        return obj

    def remove(self, obj: Object) -> None:
        """Take an object away."""
        with self.changed:
            del self._objects[_path(obj)]
            self._record("DELETED", obj)

    def collect_garbage(self) -> None:
        """Take away what is deleted, and what nobody who is there owns; pods end by themselves."""
        there = list(self._objects.values())
        uids = {obj["metadata"].get("uid") for obj in there}
        for obj in copy.deepcopy(there):
            owners = obj["metadata"].get("ownerReferences") or []
            orphan = bool(owners) and not any(owner["uid"] in uids for owner in owners)
            if obj["kind"] == "Pod" and orphan:
                self.delete(obj)
            elif obj["kind"] != "Pod" and (orphan or obj["metadata"].get("deletionTimestamp")):
                self.remove(obj)

    def _record(self, kind: str, obj: Object) -> None:
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        moment = datetime.now(UTC)
        if self.log:
            moment = max(moment, self.log[-1].moment + _TOOK)
        self.log.append(Change(self.version, kind, copy.deepcopy(obj), self._actor, moment))
        self.changed.notify_all()

    @contextlib.contextmanager
    def acting(self, user: str) -> Iterator[None]:
        """Whoever changes objects meanwhile is this user."""
        before, self._actor = self._actor, user
        try:
            yield
        finally:
            self._actor = before

    # --- the wire ---------------------------------------------------------------------------

    def request(
        self,
        method: str,
        url: str,
        *,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        known: bool = True,
        **_: Any,
    ) -> Response:
        """What urllib3's pool manager does; `known`: with a client certificate."""
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        with self.changed:
            if not self.reachable:
                raise urllib3.exceptions.ProtocolError("the simulated cluster is switched off")
            refused = refusal(method, parts.path, headers or {}, known=known)
            if refused:
                return refused
            if "watch" in query:
                return Watch(self, parts.path, after=int(query["resourceVersion"][0]))
            if parts.path.endswith("/log"):
                return self.log_of(parts.path.split("/")[-2], query)
            data = json.loads(body) if body else None
            if method != "GET":
                self.requests.append((method, parts.path, data))
            if method == "PATCH" and "fieldManager" in query:
                chosen = {"dry_run": "dryRun" in query, "force": "force" in query}
                return applying.apply(self, parts.path, data, **chosen)
            return self._answer(method, parts.path, data)

    def _answer(self, method: str, path: str, body: Any) -> Response:
        if path.endswith("/proxy/"):
            return self.visit(path.split("/")[-3].partition(":")[0])
        collection = collection_at(path)
        if collection and method == "POST":
            return self._create(collection, path, body)
        if collection:
            meta = {"resourceVersion": str(self.version)}
            items = self.all(collection)
            return Response(200, {"kind": "List", "metadata": meta, "items": items})
        found = _discovered(path)
        if found:
            return Response(200, {"kind": "APIResourceList", "resources": found})
        obj = copy.deepcopy(self._objects.get(path.removesuffix("/scale")))
        if obj is None:
            return not_found(path)
        if method == "DELETE":
            self.delete(obj)
        elif method == "PATCH":
            obj = patched(obj, body)
            obj["metadata"]["generation"] = int(obj["metadata"].get("generation") or 0) + 1
            self.put(obj)
        return Response(200, obj)

    def _create(self, resource: Resource, path: str, body: Any) -> Response:
        meta = {"namespace": NAMESPACE} if resource.namespaced else {}
        meta |= {**body["metadata"], "creationTimestamp": "2026-01-01T13:00:00Z"}
        name = meta["name"]
        if f"{path}/{name}" in self._objects:
            message = f'{resource.plural} "{name}" already exists'
            return failure(409, "AlreadyExists", message)
        meta["uid"] = f"uid-{resource.plural}-{name}"
        begun: Object = {"status": {"phase": "Pending"}} if resource == objects.PODS else {}
        obj = {**begun, **body, "apiVersion": resource.api_version, "kind": resource.kind}
        return Response(201, self.put({**obj, "metadata": meta}))

    def log_of(self, pod: str, query: dict[str, list[str]]) -> Response:
        """The log of a pod's only container."""
        raise NotImplementedError

    def visit(self, name: str) -> Response:
        """One request through a Service; the cluster knows who answers."""
        raise NotImplementedError

    def events(self, resource: Resource, *, after: int) -> tuple[int, list[Object]]:
        """Wait a little for what happens to objects of a kind; the version it leads to."""
        with self.changed:
            self.changed.wait_for(lambda: self.version > after or not self.reachable, timeout=1)
            if not self.reachable:
                raise urllib3.exceptions.ProtocolError("the simulated cluster is switched off")
            news = [
                {"type": each.event, "object": each.object}
                for each in self.log[after:]
                if each.object["kind"] == resource.kind
            ]
            return self.version, news


class Connection:
    """What looks like an `ApiClient`: the few things that the transport asks of it."""

    user_agent = "kubelearn"

    def __init__(self, configuration: Any) -> None:
        self.configuration = configuration
        self.default_headers: dict[str, str] = {}
        request = partial(configuration.server.request, known=bool(configuration.cert_file))
        self.rest_client = SimpleNamespace(pool_manager=SimpleNamespace(request=request))


def connection_to(server: SimulatedApi) -> Connection:
    """A connection with a certificate."""
    return Connection(
        SimpleNamespace(
            host="https://simulated", auth_settings=dict, server=server, cert_file="simulated"
        )
    )


class Watch(Response):
    """The answer to a watch."""

    def __init__(self, api: SimulatedApi, path: str, *, after: int) -> None:
        super().__init__(200)
        self._api, self._resource, self._seen = api, collection_at(path), after

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """Events until somebody ends it."""
        while self.open and self._resource:
            self._seen, news = self._api.events(self._resource, after=self._seen)
            for event in news:
                yield json.dumps(event).encode() + b"\n"


def resource_of(obj: Object) -> Resource:
    """Where objects of that kind live."""
    return _RESOURCES[obj["kind"]]


def collection_at(path: str) -> Resource | None:
    """The kind whose objects are listed there."""
    kinds = _RESOURCES.values()
    return next((r for r in kinds if path in (r.path(), r.path(NAMESPACE))), None)


def _path(obj: Object) -> str:
    meta = obj["metadata"]
    return resource_of(obj).path(meta.get("namespace"), meta["name"])


def _discovered(path: str) -> list[Object]:
    """The kinds of a group, as discovery lists them."""
    return [
        {"name": each.plural, "kind": each.kind, "namespaced": each.namespaced}
        for each in _RESOURCES.values()
        if path == each.path().rpartition("/")[0]
    ]

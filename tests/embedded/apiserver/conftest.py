"""A real API server on a free port, over a store of its own, and a plain way to talk to it."""

from __future__ import annotations

import asyncio
import io
import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kubelearn.embedded.apiserver import ApiServer
from kubelearn.embedded.apiserver.apiextensions.definition import served_kinds
from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.store import Store
from kubelearn.objects import is_true

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PRESERVES = {"x-kubernetes-preserve-unknown-fields": True}
ADMIN = User("admin", ("system:masters", "system:authenticated"))


class Tokens:
    """The token is the user's name; `admin` is an administrator."""

    def authenticate(self, token: str) -> User | None:
        if token == "wrong" or "." in token:  # a dot: one of the server's own
            return None
        return ADMIN if token == "admin" else User(token, ("system:authenticated",))


@dataclass
class Answer:
    """What a request got."""

    status: int
    headers: Any
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def message(self) -> str:
        return self.body["message"]


@dataclass
class Api:
    """Requests to the server under test, as an administrator unless told otherwise."""

    server: ApiServer
    session: aiohttp.ClientSession
    namespace: str = "default"
    uids: dict[str, str] = field(default_factory=dict)

    def url(self, path: str) -> str:
        """`cm/a` style paths are in the namespace; those that begin with / are whole."""
        return f"http://127.0.0.1:{self.server.port}{path}"

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "admin",
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
        kind: str = "application/json",
    ) -> Answer:
        sent = {"Authorization": f"Bearer {token}", "User-Agent": "test/1"}
        data = raw if raw is not None else (json.dumps(body).encode() if body is not None else None)
        if data is not None and kind:
            sent["Content-Type"] = kind
        async with self.session.request(
            method,
            self.url(path),
            data=io.BytesIO(data) if data is not None else None,
            headers=sent | (headers or {}),
            skip_auto_headers=["Content-Type"],
        ) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def get(self, path: str, **more: Any) -> Answer:
        return await self("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self("POST", path, body, **more)

    async def put(self, path: str, body: Any, **more: Any) -> Answer:
        return await self("PUT", path, body, **more)

    async def delete(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self("DELETE", path, body, **more)

    async def patch(self, path: str, body: Any, *, kind: str = "merge", **more: Any) -> Answer:
        types = {
            "json": "application/json-patch+json",
            "merge": "application/merge-patch+json",
            "strategic": "application/strategic-merge-patch+json",
            "apply": "application/apply-patch+yaml",
        }
        return await self("PATCH", path, body, kind=types[kind], **more)

    async def watch(self, path: str, count: int) -> list[Any]:
        """The first events of a watch, or all of them if the server ends it before."""
        events: list[Any] = []
        headers = {"Authorization": "Bearer admin"}
        async with self.session.get(self.url(path), headers=headers) as answer:
            async for line in answer.content:
                events.append(json.loads(line))
                if len(events) == count:
                    break
        return events


@pytest.fixture
async def store(tmp_path: Path, clock: Any) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "store.db", clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
def components() -> dict[str, Callable[[], bool]]:
    """Whether the others of the control plane run."""
    return {}


@pytest.fixture
def make_server(store: Store, clock: Any, components: Any) -> Callable[[], ApiServer]:
    """API servers over the same store, which is how one looks after a restart."""
    return lambda: ApiServer(
        store, clock=clock, random=random.Random(1), tokens=[Tokens()], components=components
    )


@pytest.fixture
async def server(make_server: Callable[[], ApiServer]) -> AsyncIterator[ApiServer]:
    started = make_server()
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def api(server: ApiServer) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(server, session)


@pytest.fixture
async def with_account(api: Api) -> Api:
    """A namespace in which pods may be made: it has its ServiceAccount."""
    answer = await api.post(
        "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}}
    )
    assert answer.status == 201
    return api


@pytest.fixture
def pod() -> Callable[..., Any]:
    """A minimal pod."""

    def make(name: str = "web", **spec: Any) -> Any:
        spec.setdefault("containers", [{"name": "app", "image": "kubelearn/hello:1.0"}])
        return {"metadata": {"name": name, "labels": {"app": name}}, "spec": spec}

    return make


@pytest.fixture
def deployment() -> Callable[..., Any]:
    """A minimal Deployment."""

    def make(name: str = "web", **spec: Any) -> Any:
        template = {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "app", "image": "kubelearn/hello:1.0"}]},
        }
        selector = {"matchLabels": {"app": name}}
        return {
            "metadata": {"name": name},
            "spec": {"replicas": 1, "selector": selector, "template": template} | spec,
        }

    return make


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Let tasks run until a condition holds."""

    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0)

    return wait


@pytest.fixture
def definition() -> Callable[..., Any]:
    """A CustomResourceDefinition with one version."""

    def make(
        kind: str = "Frog",
        schema: Any = None,
        *,
        group: str = "example.com",
        scope: str = "Namespaced",
        versions: Any = None,
        version: Any = None,
        conversion: Any = None,
        **names: Any,
    ) -> Any:
        plural = names.setdefault("plural", f"{kind.lower()}s")
        shown = {"openAPIV3Schema": schema or {"type": "object", **PRESERVES}}
        one = {"name": "v1", "served": True, "storage": True, "schema": shown} | (version or {})
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {
                "group": group,
                "scope": scope,
                "names": {"kind": kind, **names},
                "versions": versions or [one],
                **({"conversion": conversion} if conversion else {}),
            },
        }

    return make


@pytest.fixture
def custom_kind(definition: Callable[..., Any]) -> Callable[..., Kind]:
    """The kind of a definition whose names were accepted."""

    def make(kind: str = "Frog", schema: Any = None, **more: Any) -> Kind:
        made = definition(kind, schema, **more)
        names = {"singular": kind.lower(), "listKind": f"{kind}List", **made["spec"]["names"]}
        made["status"] = {"acceptedNames": names}
        return served_kinds(made)[0]

    return make


@pytest.fixture
def define(api: Api, definition: Callable[..., Any]) -> Callable[..., Any]:
    """Create a definition and wait until its kinds are served."""

    async def made(*args: Any, **more: Any) -> Any:
        answer = await api.post(DEFINITIONS, definition(*args, **more))
        assert answer.status == 201, answer.message
        name = answer.body["metadata"]["name"]
        async with asyncio.timeout(10):
            while True:
                found = (await api.get(f"{DEFINITIONS}/{name}")).body
                if is_true(found, "Established"):
                    return found

    return made

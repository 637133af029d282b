"""A component's way to the API server: HTTPS and plain dicts, nothing else.

Stands where client-go's REST client stands. Left out: code generation, retries (callers hold a
work queue), protobuf and client-side throttling.
"""

from __future__ import annotations

import asyncio
import copy
import ssl
from collections.abc import AsyncGenerator, Iterable, Mapping
from functools import lru_cache
from typing import Any, Self

import aiohttp
import orjson
from multidict import CIMultiDict

from kubelearn.embedded.kubeconfig import Kubeconfig
from kubelearn.errors import Unreachable, api_error
from kubelearn.objects import Object, Resource

PATCH_TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
# A watch line may hold the largest object that the API takes (3 MiB) and its envelope.
_LINE_LIMIT = 4 * 2**20
# Components of one process that watch the same get the same lines at about the same time. What one
# of them has decoded the others have as well, which saves their time, and memory for each copy.
_SHARED_EVENTS = 256
# Each request in flight has a connection of its own; watches are not counted.
_IN_FLIGHT = 16
# Seconds: longer than what components do every half minute, which then needs no new handshake.
_KEEP_ALIVE = 60.0


class Client:
    """One identity's connection to one API server. Close it, or use it with `async with`."""

    def __init__(
        self,
        server: str,
        *,
        tls: ssl.SSLContext | None = None,
        token: str | None = None,
        user_agent: str = "kubelearn",
    ) -> None:
        self.server = server.rstrip("/")
        self.tls = tls
        self._headers = {"Accept": "application/json", "User-Agent": user_agent}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._session: aiohttp.ClientSession | None = None
        self._in_flight = asyncio.Semaphore(_IN_FLIGHT)
        # What a part of the program says of itself; see `part`.
        self._own: CIMultiDict[str] = CIMultiDict()
        self._whole: Client = self

    @classmethod
    def from_kubeconfig(cls, config: Kubeconfig, *, user_agent: str = "kubelearn") -> Self:
        """The client that a kubeconfig describes. Raises ClusterError."""
        return cls(config.server, tls=config.tls(), token=config.token, user_agent=user_agent)

    def part(self, name: str) -> Client:
        """The same connection for one part of a program, which names itself in the User-Agent.

        As client-go's `rest.AddUserAgent` does for each controller.
        """
        found = copy.copy(self)
        found._own = CIMultiDict({"User-Agent": f"{self._headers['User-Agent']}/{name}"})
        return found

    def on_behalf_of(self, user: str, groups: Iterable[str]) -> Client:
        """The same connection in the name of somebody else; it must be a front proxy's.

        A front proxy is believed when it says who a request is from
        (`--requestheader-allowed-names`).
        """
        found = self.part(user)
        found._own.add("X-Remote-User", user)
        found._own.extend(("X-Remote-Group", group) for group in groups)
        return found

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        if self._whole._session:
            await self._whole._session.close()
            self._whole._session = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        accept: str | None = None,
    ) -> Any:
        """Send one request and decode the answer.

        `accept` asks for another form of it, such as discovery in one document.
        Raises an ApiError for a failure `Status`, Unreachable when nobody answers.
        """
        data = None if body is None else orjson.dumps(body)
        headers = self._own.copy()
        if data is not None:
            headers["Content-Type"] = content_type
        if accept:
            headers["Accept"] = accept
        try:
            async with (
                self._in_flight,
                self._open().request(
                    method, self.server + path, data=data, params=_clean(params), headers=headers
                ) as response,
            ):
                raw = await response.read()
                return _answer(response, raw)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from error

    async def get(
        self, resource: Resource, name: str, namespace: str | None = None, *, sub: str = ""
    ) -> Object:
        """Read one object, or a subresource of it."""
        answer: Object = await self.request("GET", resource.path(namespace, name, sub))
        return answer

    async def list(self, resource: Resource, namespace: str | None = None, **params: Any) -> Object:
        """Read a collection; `params` are the API's own (`labelSelector`, `limit`, ...)."""
        answer: Object = await self.request("GET", resource.path(namespace), params=params)
        return answer

    async def create(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        namespace: str | None = None,
        *,
        name: str | None = None,
        sub: str = "",
    ) -> Object:
        """Create an object; with `name` and `sub`, post to a subresource such as `binding`."""
        namespace = namespace or body.get("metadata", {}).get("namespace")
        answer: Object = await self.request("POST", resource.path(namespace, name, sub), body=body)
        return answer

    async def update(self, resource: Resource, body: Mapping[str, Any], *, sub: str = "") -> Object:
        """Replace an object; its resourceVersion makes this a compare-and-swap."""
        meta = body["metadata"]
        path = resource.path(meta.get("namespace"), meta["name"], sub)
        answer: Object = await self.request("PUT", path, body=body)
        return answer

    async def patch(
        self,
        resource: Resource,
        name: str,
        patch: Any,
        namespace: str | None = None,
        *,
        kind: str = "merge",
        sub: str = "",
        **params: Any,
    ) -> Object:
        """Change an object; `kind` is a key of PATCH_TYPES."""
        answer: Object = await self.request(
            "PATCH",
            resource.path(namespace, name, sub),
            body=patch,
            params=params,
            content_type=PATCH_TYPES[kind],
        )
        return answer

    async def apply(self, resource: Resource, body: Mapping[str, Any], *, manager: str) -> Object:
        """Have an object's fields be these, whoever owned them, as `kubectl apply --server-side`.

        `manager` is who owns them from now on; kind and version need not be said.
        """
        meta = body["metadata"]
        typed = {"apiVersion": resource.api_version, "kind": resource.kind, **body}
        return await self.patch(
            resource,
            meta["name"],
            typed,
            meta.get("namespace"),
            kind="apply",
            fieldManager=manager,
            force="true",
        )

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        options: Mapping[str, Any] | None = None,
    ) -> Object:
        """Delete an object; `options` are the fields of `DeleteOptions`."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", **options} if options else None
        answer: Object = await self.request("DELETE", resource.path(namespace, name), body=body)
        return answer

    async def watch(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        resource_version: str,
        timeout_seconds: int = 600,
        **params: Any,
    ) -> AsyncGenerator[tuple[str, Object], None]:
        """One watch request: pairs of (ADDED, MODIFIED, DELETED or BOOKMARK, object) till its end.

        Objects come without managed fields. They are those of all clients that watch: nobody may
        change them.

        Raises Expired when that version is no longer kept, ApiError for other ERROR events.
        """
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": timeout_seconds,
            **params,
        }
        try:
            async with self._open().get(
                self.server + resource.path(namespace),
                params=_clean(query),
                headers=self._own,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                read_bufsize=_LINE_LIMIT,
            ) as response:
                if response.status >= 400:
                    _answer(response, await response.read())
                async for line in response.content:
                    kind, obj = _event(line)
                    if kind == "ERROR":
                        raise api_error(obj)
                    yield kind, obj
        except (TimeoutError, aiohttp.ClientError, OSError, orjson.JSONDecodeError) as error:
            raise self._unreachable(error) from error

    def _open(self) -> aiohttp.ClientSession:
        # Made on first use, because a session belongs to the event loop that runs then.
        if self._whole._session is None:
            self._whole._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self.tls or True, limit=0, keepalive_timeout=_KEEP_ALIVE
                ),
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=60, sock_connect=10),
            )
        return self._whole._session

    def _unreachable(self, error: BaseException) -> Unreachable:
        message = f"no answer from the API server at {self.server}: {error or type(error).__name__}"
        return Unreachable({"status": "Failure", "reason": "Unreachable", "message": message})


def _answer(response: aiohttp.ClientResponse, raw: bytes) -> Any:
    is_json = response.content_type == "application/json"
    if response.status >= 400:
        if is_json:
            raise api_error(orjson.loads(raw))
        raise api_error({"code": response.status, "message": raw.decode(errors="replace").strip()})
    return orjson.loads(raw) if is_json else raw.decode(errors="replace")


@lru_cache(maxsize=_SHARED_EVENTS)
def _event(line: bytes) -> tuple[str, Object]:
    event = orjson.loads(line)
    obj: Object = event["object"]
    obj.get("metadata", {}).pop("managedFields", None)
    return event["type"], obj


def _clean(params: Mapping[str, Any] | None) -> dict[str, str]:
    return {k: str(v) for k, v in (params or {}).items() if v is not None}

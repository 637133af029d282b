"""What the server says about its APIs: discovery and OpenAPI, each document made once.

Stands for k8s.io/apiserver `pkg/endpoints/discovery/aggregated` and k8s.io/kube-openapi
`pkg/handler3`. The documents follow from the kinds that are served; when those change, so do they.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime

import orjson
from aiohttp import web

from kubelearn.embedded.apiserver import discovery, response
from kubelearn.embedded.apiserver.kinds import Kinds
from kubelearn.embedded.apiserver.negotiation import JSON, parse_accept
from kubelearn.embedded.apiserver.openapi import OpenApi
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.status import method_not_allowed, no_such_resource
from kubelearn.embedded.clock import Clock

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
# Older clients write @ for the second dot, which is not allowed there.
_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_IMMUTABLE = timedelta(days=365)
NOT_FOUND = "404 page not found\n"


@dataclass(frozen=True, slots=True)
class Document:
    """A document with its hash."""

    body: bytes
    etag: str


class Catalog:
    """Answers for /api, /apis and /openapi."""

    def __init__(self, kinds: Kinds, *, clock: Clock, address: Callable[[], str]) -> None:
        self._kinds = kinds
        self._clock = clock
        self._openapi = OpenApi(kinds)
        self._address = address
        self._documents: dict[str, Document] = {}
        self._generation = -1

    def serve(self, request: Request) -> web.Response:
        """Answer a request for one of the documents."""
        path = request.info.path.strip("/")
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        if self._generation != self._kinds.generation:
            self._generation = self._kinds.generation
            self._documents.clear()
        if path.startswith("openapi"):
            return self._open_api(request, path.removeprefix("openapi").strip("/"))
        if path in ("api", "apis") and _wants_aggregated(request):
            document = self._document(
                path, lambda: discovery.aggregated(self._kinds, core=path == "api")
            )
            return _cached(request, document, media=_AGGREGATED)
        return self._discovery(request, path.split("/"))

    def _discovery(self, request: Request, parts: list[str]) -> web.Response:
        """The documents of the older discovery."""
        match parts:
            case ["api"]:
                return response.document(request, discovery.api_versions(self._address()))
            case ["apis"]:
                return response.document(request, discovery.group_list(self._kinds))
            case ["apis", group]:
                content = discovery.group(self._kinds, group)
            case ["api", version]:
                content = discovery.resource_list(self._kinds, "", version)
                if content is None:
                    raise no_such_resource()
            case ["apis", group, version]:
                content = discovery.resource_list(self._kinds, group, version)
                if content is None and group in self._kinds.groups():
                    raise no_such_resource()
            case _:
                content = None
        if content is None:
            return response.text(NOT_FOUND, status=404)
        return response.document(request, content)

    def _open_api(self, request: Request, path: str) -> web.Response:
        if path == "v3":
            return _cached(request, self._document(path, self._openapi.index), media=JSON)
        if path == "v2":
            return self._version_2(request)
        group, version = _group_version(path.removeprefix("v3/"))
        body = self._openapi.document(group, version) if version else None
        if body is None:
            return response.text(NOT_FOUND, status=404)
        etag = self._openapi.hash(group, version)
        answer = _cached(request, Document(body, f'"{etag}"'), media=JSON)
        if request.query.get("hash") == etag:
            # The hash is part of the address, so that this address never changes its content.
            answer.headers["Cache-Control"] = "public, immutable"
            answer.headers["Expires"] = format_datetime(self._clock.now() + _IMMUTABLE, usegmt=True)
        return answer

    def _version_2(self, request: Request) -> web.Response:
        if _PROTOBUF in request.http.headers.get("Accept", "").replace("@", "."):
            document = self._document("v2 in protobuf", self._openapi.version_2_in_protobuf)
            return _cached(request, document, media=_PROTOBUF)
        return _cached(request, self._document("v2", self._openapi.version_2), media=JSON)

    def _document(self, name: str, make: Callable[[], object]) -> Document:
        found = self._documents.get(name)
        if found is None:
            content = make()
            body = content if isinstance(content, bytes) else orjson.dumps(content)
            etag = hashlib.sha512(body).hexdigest().upper()
            found = self._documents[name] = Document(body, f'"{etag}"')
        return found


def _wants_aggregated(request: Request) -> bool:
    """Whether the client likes one document better than many."""
    for media, pairs in parse_accept(request.http.headers.get("Accept", "")):
        params = dict(pairs)
        if media == JSON and params.get("as") == "APIGroupDiscoveryList":
            if params.get("v") == "v2":
                return True
        elif media in (JSON, "*/*"):
            return False
    return False


def _group_version(path: str) -> tuple[str, str]:
    parts = path.split("/")
    match parts:
        case ["api", version]:
            return "", version
        case ["apis", group, version]:
            return group, version
    return "", ""


def _cached(request: Request, document: Document, *, media: str) -> web.Response:
    headers = {"ETag": document.etag, "Vary": "Accept", "Cache-Control": "no-cache, private"}
    if request.http.headers.get("If-None-Match") == document.etag:
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = media
    return web.Response(body=document.body, headers=headers)

"""The documents, made when they are asked for and kept until the kinds change.

Stands for k8s.io/kube-openapi `pkg/handler` and `pkg/handler3`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import orjson

from kubelearn.embedded.apiserver import schema
from kubelearn.embedded.apiserver.kinds import Kind, Kinds
from kubelearn.embedded.apiserver.openapi import gnostic
from kubelearn.embedded.apiserver.openapi.dialect import V2, V3, Dialect
from kubelearn.embedded.apiserver.openapi.operations import paths
from kubelearn.embedded.apiserver.openapi.schemas import Schemas, prose_digest
from kubelearn.objects import Object

_INFO = {"title": "Kubernetes", "version": "v1.36.3"}


class OpenApi:
    """The documents for the kinds served now."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._made: dict[str, tuple[int, bytes]] = {}

    def index(self) -> bytes:
        """`/openapi/v3`: where each document is; its hash changes with what it says."""
        return self._keep("", lambda: orjson.dumps(self._index()))

    def document(self, group: str, version: str) -> bytes | None:
        """`/openapi/v3/apis/GROUP/VERSION`, or None when that is not served."""
        served = self._kinds.in_group(group, version)
        if not served:
            return None
        return self._keep(served[0].api_version, lambda: orjson.dumps(_version_3(served)))

    def version_2(self) -> bytes:
        """`/openapi/v2`: everything in one document."""
        return self._keep("v2", lambda: orjson.dumps(_version_2(self._kinds)))

    def version_2_in_protobuf(self) -> bytes:
        """The same as a message, which is all that older kubectls read."""
        return self._keep("v2 in protobuf", lambda: gnostic.document(_version_2(self._kinds)))

    def hash(self, group: str, version: str) -> str:
        """Names the content of a document, so that clients may keep it for ever."""
        digest = hashlib.sha256((schema.digest() + prose_digest()).encode())
        for kind in self._kinds.in_group(group, version):
            digest.update(repr(kind).encode())
        return digest.hexdigest().upper()

    def _index(self) -> Object:
        found = {}
        for group, versions in self._kinds.groups().items():
            for version in versions:
                name = f"apis/{group}/{version}" if group else f"api/{version}"
                url = f"/openapi/v3/{name}?hash={self.hash(group, version)}"
                found[name] = {"serverRelativeURL": url}
        return {"paths": found}

    def _keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        generation, body = self._made.get(name, (-1, b""))
        if generation != self._kinds.generation:
            generation, body = self._kinds.generation, make()
            self._made[name] = (generation, body)
        return body


def _version_3(kinds: Iterable[Kind]) -> Object:
    """The document of one group and version."""
    told, schemas = _contents(kinds, V3)
    components = {"schemas": schemas}
    return {"openapi": "3.0.0", "info": _INFO, "paths": told, "components": components}


def _version_2(kinds: Iterable[Kind]) -> Object:
    told, schemas = _contents(kinds, V2)
    return {"swagger": "2.0", "info": _INFO, "paths": told, "definitions": schemas}


def _contents(kinds: Iterable[Kind], dialect: Dialect) -> tuple[Object, Object]:
    told: Object = {}
    schemas = Schemas(dialect)
    for kind in kinds:
        told |= paths(kind, dialect)
        schemas.add_kind(kind)
    return told, schemas.written

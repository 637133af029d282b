"""OpenAPI v3 documents: one for each group and version, and an index of them.

Stands for k8s.io/kube-openapi. kubectl takes three things from a document: the schemas of kinds
(for `explain`, and for merging lists by their keys), that PATCH understands `fieldValidation`, and
which kinds take strategic merge patches. Only that is written. Left out: the types of answers and
lists, and all but the frame of OpenAPI v2: kubectl asks for that when v3 has nothing about a kind,
and goes on, to a message that helps, when v2 has nothing either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from kubelearn.embedded.apiserver import schema
from kubelearn.embedded.apiserver.apiextensions.version import CustomVersion
from kubelearn.embedded.apiserver.kinds import Kind, Kinds
from kubelearn.embedded.apiserver.schema import Field, List, Map, Scalar, Struct, Type
from kubelearn.objects import Object

_DESCRIPTIONS = Path(__file__).with_name("data") / "descriptions.json"
_REFERENCE = "#/components/schemas/"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1"
_PREFIXES = {
    "meta": "io.k8s.apimachinery.pkg.apis.",
    "apiextensions": "io.k8s.apiextensions-apiserver.pkg.apis.",
}
# Scalars with a name of their own, which `kubectl explain` prints as a field's type.
_NAMED: dict[str, tuple[str, Object]] = {
    "Time": (f"{_META}.Time", {"type": "string", "format": "date-time"}),
    "MicroTime": (f"{_META}.MicroTime", {"type": "string", "format": "date-time"}),
    "Duration": (f"{_META}.Duration", {"type": "string"}),
    "Quantity": (
        "io.k8s.apimachinery.pkg.api.resource.Quantity",
        {"oneOf": [{"type": "string"}, {"type": "number"}]},
    ),
    "IntOrString": (
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
        {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    ),
}
_PLAIN: dict[str, Object] = {
    "Any": {"type": "object"},
    "[]byte": {"type": "string", "format": "byte"},
    "bool": {"type": "boolean"},
    "float64": {"type": "number", "format": "double"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "string": {"type": "string"},
}
# Objects in custom resources say in words of their own what all objects have.
_CONVENTIONS = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md"
_EMBEDDED = {
    "apiVersion": (
        "apiVersion defines the versioned schema of this representation of an object. "
        f"More info: {_CONVENTIONS}#resources"
    ),
    "kind": (
        "kind is a string value representing the type of this object. In CamelCase. "
        f"More info: {_CONVENTIONS}#types-kinds"
    ),
}
_INFO = {"title": "Kubernetes", "version": "v1.36.3"}
_WRITE_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    for name in ("dryRun", "fieldManager", "fieldValidation")
]
_FORCE = {"name": "force", "in": "query", "schema": {"type": "boolean", "uniqueItems": True}}
_PATCHES = ("apply-patch+yaml", "json-patch+json", "merge-patch+json")
# Methods of the three kinds of paths, with the verb that stands for each.
_ON_COLLECTION = {"get": "list", "post": "create", "delete": "deletecollection"}
_ON_ITEM = {"get": "get", "put": "update", "patch": "patch", "delete": "delete"}
_ON_STATUS = {"get": "get", "put": "update", "patch": "patch"}


def version_2() -> Object:
    """`/openapi/v2`: a document about nothing."""
    return {"swagger": "2.0", "info": _INFO, "paths": {}}


def version_2_in_protobuf() -> bytes:
    """The same as a message of google/gnostic `openapiv2/OpenAPIv2.proto`."""
    info = _text(1, _INFO["title"]) + _text(2, _INFO["version"])
    return _text(1, "2.0") + _message(2, info) + _message(8, b"")


def _text(number: int, text: str) -> bytes:
    return _message(number, text.encode())


def _message(number: int, content: bytes) -> bytes:
    """A field of known length, which is short enough for one byte."""
    return bytes([number << 3 | 2, len(content)]) + content


class OpenApi:
    """The documents for the kinds served now, made when asked for and kept until kinds change."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._made: dict[str, tuple[int, bytes]] = {}

    def index(self) -> bytes:
        """`/openapi/v3`: where each document is; its hash changes with what it says."""
        return self._keep("", self._index)

    def document(self, group: str, version: str) -> bytes | None:
        """`/openapi/v3/apis/GROUP/VERSION`, or None when that is not served."""
        served = self._kinds.in_group(group, version)
        if not served:
            return None
        return self._keep(served[0].api_version, lambda: document(served))

    def hash(self, group: str, version: str) -> str:
        """Names the content of a document, so that clients may keep it for ever."""
        digest = hashlib.sha256((schema.digest() + _prose_digest()).encode())
        for kind in self._kinds.in_group(group, version):
            digest.update(repr(kind).encode())
        return digest.hexdigest().upper()

    def _index(self) -> Object:
        paths = {}
        for group, versions in self._kinds.groups().items():
            for version in versions:
                name = f"apis/{group}/{version}" if group else f"api/{version}"
                url = f"/openapi/v3/{name}?hash={self.hash(group, version)}"
                paths[name] = {"serverRelativeURL": url}
        return {"paths": paths}

    def _keep(self, name: str, make: Any) -> bytes:
        generation, body = self._made.get(name, (-1, b""))
        if generation != self._kinds.generation:
            generation, body = self._kinds.generation, orjson.dumps(make())
            self._made[name] = (generation, body)
        return body


@cache
def _prose_digest() -> str:
    return hashlib.sha256(_DESCRIPTIONS.read_bytes()).hexdigest()


def document(kinds: Iterable[Kind]) -> Object:
    """The document of one group and version."""
    paths: Object = {}
    schemas = Schemas()
    for kind in kinds:
        paths |= _paths(kind)
        if kind.custom:
            schemas.add_custom(_custom_name(kind), kind.custom)
            schemas.written[_custom_name(kind)]["x-kubernetes-group-version-kind"] = [_gvk(kind)]
        elif kind.built_in:
            struct = schema.built_in().struct(kind.type_name)
            schemas.add(struct)
            schemas.written[_name(struct)]["x-kubernetes-group-version-kind"] = [_gvk(kind)]
    return {
        "openapi": "3.0.0",
        "info": _INFO,
        "paths": paths,
        "components": {"schemas": schemas.written},
    }


def _gvk(kind: Kind) -> Object:
    return {"group": kind.group, "kind": kind.kind, "version": kind.version}


def _paths(kind: Kind) -> Object:
    collection = kind.path("{namespace}" if kind.namespaced else None)
    item = f"{collection}/{{name}}"
    paths = {
        collection: _operations(kind, _ON_COLLECTION, kind.verbs),
        item: _operations(kind, _ON_ITEM, kind.verbs),
    }
    if status := kind.subresource("status"):
        paths[f"{item}/status"] = _operations(kind, _ON_STATUS, status.verbs)
    return {path: operations for path, operations in paths.items() if operations}


def _operations(kind: Kind, methods: Mapping[str, str], verbs: Iterable[str]) -> Object:
    return {method: _operation(kind, method) for method, verb in methods.items() if verb in verbs}


def _operation(kind: Kind, method: str) -> Object:
    operation: Object = {
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": method,
        "x-kubernetes-group-version-kind": _gvk(kind),
    }
    if method in ("post", "put", "patch"):
        operation["parameters"] = _WRITE_PARAMETERS
    if method == "patch":
        operation["parameters"] = [*_WRITE_PARAMETERS, _FORCE]
        patches = _PATCHES if not kind.built_in else (*_PATCHES, "strategic-merge-patch+json")
        content = {f"application/{patch}": {"schema": {"type": "object"}} for patch in patches}
        operation["requestBody"] = {"content": content, "required": True}
    return operation


# --- schemas --------------------------------------------------------------------------------------


def _name(struct: Struct) -> str:
    package = struct.name.partition(".")[0]
    return _PREFIXES.get(package, "io.k8s.api.") + struct.name


class Schemas:
    """The schemas of one document, written as they are referred to."""

    def __init__(self) -> None:
        self.written: Object = {}
        # Read for each document anew: prose that is asked for once needs no room afterwards.
        self._prose: Object = orjson.loads(_DESCRIPTIONS.read_bytes())

    def add(self, struct: Struct) -> None:
        """Write a struct and all that it refers to."""
        name = _name(struct)
        if name in self.written:
            return
        written = self.written[name] = self._described({"type": "object"}, struct.name)
        prose = self._prose["fields"].get(struct.name, {})
        properties = {
            key: self._property(field, prose.get(key)) for key, field in struct.fields.items()
        }
        if properties:
            written["properties"] = properties
        if required := [key for key, field in struct.fields.items() if field.required]:
            written["required"] = required
        if struct.atomic:
            written["x-kubernetes-map-type"] = "atomic"

    def add_custom(self, name: str, version: CustomVersion) -> None:
        """Write the schema of a definition."""
        written = self._with_meta(self._published(version.schema))
        if version.selectable:
            fields = [{"fieldPath": path.removeprefix(".")} for path in version.selectable]
            written["x-kubernetes-selectable-fields"] = fields
        self.written[name] = written

    def _published(self, of: Mapping[str, Any]) -> Object:
        """A part of such a schema, with that of the metadata wherever a whole object is."""
        own = dict(of)
        if own.get("x-kubernetes-int-or-string"):
            own["anyOf"] = [{"type": "integer"}, {"type": "string"}]
        for name in ("items", "additionalProperties"):
            if isinstance(own.get(name), Mapping):
                own[name] = self._published(own[name])
        if properties := own.get("properties"):
            own["properties"] = {name: self._published(each) for name, each in properties.items()}
        return self._embedded(own) if own.get("x-kubernetes-embedded-resource") else own

    def _embedded(self, own: Object) -> Object:
        whole = self._with_meta(own)
        for name, text in _EMBEDDED.items():
            whole["properties"][name]["description"] = text
        return whole | {"required": sorted({*(own.get("required") or ()), *_EMBEDDED})}

    def _with_meta(self, own: Object) -> Object:
        # What all objects have, they have in the same words.
        like = schema.built_in().struct("core.v1.ConfigMap")
        prose = self._prose["fields"][like.name]
        meta = {
            name: self._property(like.fields[name], prose[name])
            for name in ("apiVersion", "kind", "metadata")
        }
        return own | {"properties": {**(own.get("properties") or {}), **meta}}

    def _described(self, written: Object, name: str) -> Object:
        text = self._prose["types"].get(name)
        return {"description": text} | written if text else written

    def _property(self, field: Field, description: str | None) -> Object:
        written = self._type(field.type)
        facts = _facts(field)
        if description:
            facts["description"] = description
        # Beside a reference nothing else is read, so it is wrapped.
        return {"allOf": [written], **facts} if facts and "$ref" in written else written | facts

    def _type(self, kind: Type) -> Object:
        match kind:
            case Struct():
                self.add(kind)
                return {"$ref": _REFERENCE + _name(kind)}
            case List(item):
                return {"type": "array", "items": self._type(item)}
            case Map(value):
                return {"type": "object", "additionalProperties": self._type(value)}
            case Scalar(name) if name in _NAMED:
                long_name, written = _NAMED[name]
                self.written[long_name] = self._described(written, name)
                return {"$ref": _REFERENCE + long_name}
            case Scalar(name, _, enum):
                return _PLAIN[name] | ({"enum": list(enum)} if enum else {})


def _facts(field: Field) -> Object:
    """What clients need to know of a field besides its type."""
    facts: Object = {}
    if isinstance(field.type, List):
        facts["x-kubernetes-list-type"] = field.list_type
        if field.list_keys:
            facts["x-kubernetes-list-map-keys"] = list(field.list_keys)
    if field.patch_strategy:
        facts["x-kubernetes-patch-strategy"] = ",".join(field.patch_strategy)
    if field.merge_key:
        facts["x-kubernetes-patch-merge-key"] = field.merge_key
    if field.atomic and isinstance(field.type, Map):
        facts["x-kubernetes-map-type"] = "atomic"
    if field.default is not None:
        facts["default"] = field.default
    return facts


def _custom_name(kind: Kind) -> str:
    return f"{'.'.join(reversed(kind.group.split('.')))}.{kind.version}.{kind.kind}"

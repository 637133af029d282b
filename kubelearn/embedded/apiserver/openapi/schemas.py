"""Schemas of types: what fields objects have, in the words of OpenAPI.

Stands for the generated `openapi_generated.go` of upstream's API modules.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import orjson

from kubelearn.embedded.apiserver import schema
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.openapi import custom
from kubelearn.embedded.apiserver.openapi.dialect import Dialect
from kubelearn.embedded.apiserver.schema import Field, List, Map, Scalar, Struct, Type
from kubelearn.objects import Object

_DESCRIPTIONS = Path(__file__).parent.with_name("data") / "descriptions.json"
_PREFIXES = {
    "meta": "io.k8s.apimachinery.pkg.apis.",
    "apiextensions": "io.k8s.apiextensions-apiserver.pkg.apis.",
    "apiregistration": "io.k8s.kube-aggregator.pkg.apis.",
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
_GVK = "x-kubernetes-group-version-kind"


@cache
def prose_digest() -> str:
    """Names the content of all descriptions."""
    return hashlib.sha256(_DESCRIPTIONS.read_bytes()).hexdigest()


def gvk(kind: Kind, name: str | None = None) -> Object:
    """How operations and schemas name their kind."""
    return {"group": kind.group, "kind": name or kind.kind, "version": kind.version}


class Schemas:
    """The schemas of one document, written as they are referred to."""

    def __init__(self, dialect: Dialect) -> None:
        self.written: Object = {}
        self._dialect = dialect
        # Read for each document anew: prose that is asked for once needs no room afterwards.
        self._prose: Object = orjson.loads(_DESCRIPTIONS.read_bytes())

    def add_kind(self, kind: Kind) -> None:
        """Write a kind's schema and all that it refers to."""
        if kind.custom:
            self._add_custom(kind)
        elif kind.built_in:
            struct = schema.built_in().struct(kind.type_name)
            self.add(struct)
            self.written[_name(struct)][_GVK] = [gvk(kind)]

    def add(self, struct: Struct) -> None:
        """Write a struct and all that it refers to."""
        name = _name(struct)
        if name in self.written:
            return
        written = self.written[name] = self._described({"type": "object"}, struct.name)
        if properties := self._properties(struct):
            written["properties"] = properties
        if required := [key for key, field in struct.fields.items() if field.required]:
            written["required"] = required
        if struct.atomic:
            written["x-kubernetes-map-type"] = "atomic"

    def _properties(self, struct: Struct, only: tuple[str, ...] = ()) -> Object:
        prose = self._prose["fields"].get(struct.name, {})
        return {
            key: self._property(field, prose.get(key))
            for key, field in struct.fields.items()
            if not only or key in only
        }

    def _add_custom(self, kind: Kind) -> None:
        # What all objects have, they have in the same words.
        like = schema.built_in().struct("core.v1.ConfigMap")
        meta = self._properties(like, ("apiVersion", "kind", "metadata"))
        name = _custom_name(kind, kind.kind)
        if custom.is_open(kind, self._dialect):
            self.written[name] = {"type": "object"}
        else:
            self.written[name] = custom.published(kind, self._dialect, meta)
        self.written[name][_GVK] = [gvk(kind)]
        listed = custom.list_of(kind, self._dialect, name, meta)
        listed["properties"]["metadata"] = self._list_meta()
        listed[_GVK] = [gvk(kind, kind.list_kind)]
        self.written[_custom_name(kind, kind.list_kind)] = listed
        if fields := custom.selectable_fields(kind):
            for each in (self.written[name], listed):
                each["x-kubernetes-selectable-fields"] = fields

    def _list_meta(self) -> Object:
        struct = schema.built_in().struct("meta.v1.ListMeta")
        self.add(struct)
        words = {"description": custom.LIST_METADATA}
        return self._dialect.told_with(self._dialect.reference(_name(struct)), words)

    def _described(self, written: Object, name: str) -> Object:
        text = self._prose["types"].get(name)
        return {"description": text} | written if text else dict(written)

    def _property(self, field: Field, description: str | None) -> Object:
        facts = _facts(field)
        if description:
            facts["description"] = description
        return self._dialect.told_with(self._type(field.type), facts)

    def _type(self, kind: Type) -> Object:
        named = self._dialect.named
        match kind:
            case Struct():
                self.add(kind)
                return self._dialect.reference(_name(kind))
            case List(item):
                return {"type": "array", "items": self._type(item)}
            case Map(value):
                return {"type": "object", "additionalProperties": self._type(value)}
            case Scalar(_, go) if go in named:
                long_name, written = named[go]
                self.written[long_name] = self._described(written, go)
                return self._dialect.reference(long_name)
            case Scalar(name, _, enum):
                return _PLAIN[name] | ({"enum": list(enum)} if enum else {})


def _name(struct: Struct) -> str:
    package = struct.name.partition(".")[0]
    return _PREFIXES.get(package, "io.k8s.api.") + struct.name


def _custom_name(kind: Kind, name: str) -> str:
    return f"{'.'.join(reversed(kind.group.split('.')))}.{kind.version}.{name}"


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

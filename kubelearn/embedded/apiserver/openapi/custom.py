"""The schemas of custom resources, as OpenAPI tells them.

Stands for k8s.io/apiextensions-apiserver `pkg/controller/openapi/builder` and, for version 2, which
cannot say all that a definition can, `pkg/controller/openapi/v2/conversion.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.pruning import EMBEDDED, PRESERVE, Schema
from kubelearn.embedded.apiserver.apiextensions.structural import INT_OR_STRING
from kubelearn.embedded.apiserver.apiextensions.version import CustomVersion
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.openapi.dialect import Dialect
from kubelearn.objects import Object

_CONVENTIONS = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md"
LIST_METADATA = f"Standard list metadata. More info: {_CONVENTIONS}#types-kinds"
# Objects in custom resources say in words of their own what all objects have.
_EMBEDDED_WORDS = {
    "apiVersion": (
        "apiVersion defines the versioned schema of this representation of an object. "
        f"More info: {_CONVENTIONS}#resources"
    ),
    "kind": (
        "kind is a string value representing the type of this object. In CamelCase. "
        f"More info: {_CONVENTIONS}#types-kinds"
    ),
}
_NOT_IN_VERSION_2 = ("allOf", "anyOf", "oneOf", "not", "default")


def is_open(kind: Kind, dialect: Dialect) -> bool:
    """Whether nothing can be said about its objects: kubectl would refuse what is not listed."""
    return dialect.version == 2 and bool(_version(kind).schema.get(PRESERVE))


def published(kind: Kind, dialect: Dialect, meta: Object) -> Object:
    """The schema of a custom kind; `meta` has the properties that all objects have."""
    own = dict(_version(kind).schema)
    own = _in_version_2(own) if dialect.version == 2 else _unfolded(own)
    whole = _with_embedded(own, dialect, meta)
    return whole | {"properties": {**(whole.get("properties") or {}), **meta}}


def list_of(kind: Kind, dialect: Dialect, name: str, meta: Object) -> Object:
    """The schema of a list of a kind, whose own schema has that name."""
    return {
        "description": f"{kind.list_kind} is a list of {kind.kind}",
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": meta["apiVersion"],
            "items": {
                "description": f"List of {kind.plural}. More info: {_CONVENTIONS}",
                "type": "array",
                "items": dialect.reference(name),
            },
            "kind": meta["kind"],
        },
    }


def selectable_fields(kind: Kind) -> list[Object]:
    """The fields by which objects can be selected."""
    return [{"fieldPath": path.removeprefix(".")} for path in _version(kind).selectable]


def _version(kind: Kind) -> CustomVersion:
    if kind.custom is None:
        raise ValueError(f"{kind.kind} is no custom kind")
    return kind.custom


def _each_part(own: Object, change: Callable[[Any], Object]) -> Object:
    """A schema with its parts changed."""
    for name in ("items", "additionalProperties"):
        if isinstance(own.get(name), Mapping):
            own[name] = change(own[name])
    if properties := own.get("properties"):
        own["properties"] = {name: change(each) for name, each in properties.items()}
    return own


def _unfolded(of: Schema) -> Object:
    """A schema that says in plain words what `x-kubernetes-int-or-string` means."""
    own = dict(of)
    if own.get(INT_OR_STRING):
        own["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return _each_part(own, _unfolded)


def _with_embedded(of: Schema, dialect: Dialect, meta: Object) -> Object:
    """A schema with that of the metadata wherever a whole object is."""
    own = _each_part(dict(of), lambda part: _with_embedded(part, dialect, meta))
    if not own.get(EMBEDDED) or (dialect.version == 2 and own.get(PRESERVE)):
        return own
    words = {name: meta[name] | {"description": text} for name, text in _EMBEDDED_WORDS.items()}
    properties = {**(own.get("properties") or {}), "metadata": meta["metadata"], **words}
    required = own.get("required") or []
    added = [name for name in ("kind", "apiVersion") if name not in required]
    return own | {"properties": properties, "required": [*required, *added]}


def _in_version_2(of: Schema) -> Object:
    """A schema without what version 2 cannot say, and what kubectl could not read there."""
    own = {name: value for name, value in of.items() if name not in _NOT_IN_VERSION_2}
    if required := _always_required(own):
        own["required"] = required
    else:
        own.pop("required", None)
    if own.pop("nullable", False):
        for name in ("type", "items", "properties"):
            own.pop(name, None)
    if own.get(PRESERVE):
        own.pop("items", None)
        own.pop("properties", None)
    told = own.get("type")
    if (told == "array" and not own.get("items")) or (told == "object" and own.get(PRESERVE)):
        del own["type"]
    return _each_part(own, _in_version_2)


def _always_required(own: Schema) -> list[str]:
    """The required fields that cannot be null."""
    others = own.get("additionalProperties")
    if isinstance(others, Mapping) and others.get("nullable"):
        return []
    properties = own.get("properties") or {}
    required = own.get("required") or []
    return [name for name in required if not properties.get(name, {}).get("nullable")]

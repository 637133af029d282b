"""How server-side apply looks at a value: as one thing, or as parts with owners of their own.

Stands for sigs.k8s.io/structured-merge-diff `schema`, which upstream derives from OpenAPI; here it
follows from the schema of built-in kinds and from that of definitions. Where nothing is said, the
form of a value decides: maps have parts, lists are one thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from kubelearn.embedded.apiserver import schema
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.managedfields import fieldset
from kubelearn.embedded.apiserver.schema import Field, List, Map, Scalar, Struct, Type

_NUMBERS = frozenset({"float64", "int32", "int64"})
_STRINGS = frozenset({"string", "[]byte", "Time", "MicroTime", "Duration"})


class ShapeError(ValueError):
    """A value that has no place in an applied configuration."""


@dataclass(frozen=True)
class Leaf:
    """One thing: a scalar, or a list or map that is written as a whole."""

    # What it must be: `numeric`, `string`, `boolean`, `scalar`, `list`, `map`; empty for anything.
    form: str = ""
    # What is inside of an atomic list or map, so that it can be checked all the same.
    inside: Shape | None = None


@dataclass(frozen=True)
class Parts:
    """A map or struct whose fields have owners."""

    struct: Struct | None = None
    # The shape of a map's values; None for a struct, which has the fields that it names.
    value: Shape | None = None
    # Fields of a custom resource that are known by name.
    known: Mapping[str, Shape] = field(default_factory=dict, hash=False)

    @cached_property
    def _named(self) -> Mapping[str, Shape]:
        return _fields(self.struct) if self.struct else self.known

    def named(self, name: str) -> Shape | None:
        """The shape of a field that the schema knows by name."""
        return self._named.get(name)

    def child(self, name: str) -> Shape | None:
        """The shape of a field; None when there is no such field."""
        return self._named.get(name) or self.value


@dataclass(frozen=True)
class Items:
    """A list whose items have owners: by keys, or without keys by value."""

    item: Shape
    keys: tuple[str, ...] = ()
    # Values of keys that an item may leave out.
    defaults: tuple[tuple[str, Any], ...] = ()

    def element(self, item: Any) -> str:
        """What an item is called in paths."""
        if not self.keys:
            if isinstance(item, dict):
                raise ShapeError("associative list without keys has an element that's a map type")
            return fieldset.value(item)
        if not isinstance(item, dict):
            raise ShapeError("associative list with keys may not have non-map elements")
        all_fields = dict(self.defaults) | item
        found = {name: all_fields[name] for name in self.keys if name in all_fields}
        if not found:
            names = " ".join(f'"{name}"' for name in self.keys)
            raise ShapeError(
                f"associative list with keys has an element that omits all key fields [{names}] "
                "(and doesn't have default values for any key fields)"
            )
        return fieldset.key(found)


@dataclass(frozen=True)
class Deduced:
    """Free JSON: its own form says what it is."""


Shape = Leaf | Parts | Items | Deduced


def resolve(shape: Shape, *values: Any) -> Leaf | Parts | Items:
    """The shape of these values, of which those that count are of the same form."""
    if not isinstance(shape, Deduced):
        return shape
    return Parts(value=shape) if any(isinstance(each, dict) for each in values) else Leaf()


def shape_of(kind: Kind) -> Parts:
    """The shape of a kind's objects."""
    if kind.custom:
        return _resource_shape(kind.custom.schema, preserves=False)
    return Parts(schema.built_in().struct(kind.type_name))


# --- custom resources -----------------------------------------------------------------------------


def _resource_shape(of: Mapping[str, Any], *, preserves: bool) -> Parts:
    """The shape of a whole object, at the root or embedded."""
    text = Leaf("string")
    metadata = Parts(schema.built_in().struct("meta.v1.ObjectMeta"))
    own = _object_shape(of, preserves=preserves)
    known = {**own.known, "apiVersion": text, "kind": text, "metadata": metadata}
    return Parts(value=own.value, known=known)


def _schema_shape(of: Mapping[str, Any], *, preserves: bool) -> Shape:
    if of.get("x-kubernetes-embedded-resource"):
        return _resource_shape(of, preserves=preserves)
    match of.get("type", ""):
        case "object":
            parts = _object_shape(of, preserves=preserves)
            return Leaf("map", parts) if of.get("x-kubernetes-map-type") == "atomic" else parts
        case "array":
            return _array_shape(of, preserves=preserves)
        case "integer" | "number":
            return Leaf("numeric")
        case "string":
            return Leaf("string")
        case "boolean":
            return Leaf("boolean")
    return Leaf("scalar") if of.get("x-kubernetes-int-or-string") else Deduced()


def _object_shape(of: Mapping[str, Any], *, preserves: bool) -> Parts:
    # Who preserves unknown fields does so for everything inside.
    preserves = preserves or bool(of.get("x-kubernetes-preserve-unknown-fields"))
    properties, others = of.get("properties") or {}, of.get("additionalProperties")
    value: Shape | None = None
    if isinstance(others, Mapping):
        value = _schema_shape(others, preserves=preserves)
    elif others or (others is None and (preserves or not properties)):
        value = Deduced()
    known = {name: _schema_shape(each, preserves=preserves) for name, each in properties.items()}
    return Parts(value=value, known=known)


def _array_shape(of: Mapping[str, Any], *, preserves: bool) -> Shape:
    items = of.get("items") or {}
    item = _schema_shape(items, preserves=preserves)
    match of.get("x-kubernetes-list-type"):
        case "map":
            keys = tuple(of["x-kubernetes-list-map-keys"])
            properties = items.get("properties") or {}
            marked = ((name, properties.get(name, {}).get("default")) for name in keys)
            return Items(item, keys, tuple(each for each in marked if each[1] is not None))
        case "set":
            return Items(item)
    return Leaf("list", item)


# --- built-in kinds -------------------------------------------------------------------------------


@cache
def _fields(struct: Struct) -> Mapping[str, Shape]:
    return {name: _field_shape(each) for name, each in struct.fields.items()}


def _field_shape(each: Field) -> Shape:
    if isinstance(each.type, List):
        return _list_shape(each.type, each)
    shape = _type_shape(each.type)
    return Leaf("map", shape) if each.atomic and isinstance(shape, Parts) else shape


def _list_shape(kind: List, each: Field) -> Shape:
    item = _type_shape(kind.item)
    if each.list_type == "map" and isinstance(kind.item, Struct):
        fields = kind.item.fields
        defaults = tuple(
            (name, fields[name].default)
            for name in each.list_keys
            if fields[name].default is not None
        )
        return Items(item, each.list_keys, defaults)
    return Items(item) if each.list_type == "set" else Leaf("list", item)


def _type_shape(kind: Type) -> Shape:
    if isinstance(kind, Scalar):
        return _scalar_shape(kind.name)
    if isinstance(kind, List):
        return Leaf("list", _type_shape(kind.item))
    if isinstance(kind, Map):
        return Parts(value=_type_shape(kind.value))
    return Leaf("map", Parts(kind)) if kind.atomic else Parts(kind)


def _scalar_shape(name: str) -> Shape:
    if name in _NUMBERS:
        return Leaf("numeric")
    if name in _STRINGS:
        return Leaf("string")
    if name == "bool":
        return Leaf("boolean")
    return Deduced() if name == "Any" else Leaf("scalar")

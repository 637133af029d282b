"""The types of the built-in kinds: fields, lists, maps, and how clients may patch them.

Stands where upstream keeps Go structs with their tags (k8s.io/api `*/types.go`); everything that
upstream generates or derives from those is driven by this data here: decoding, defaulting of marked
fields, strategic merge, server-side apply, protobuf, OpenAPI. `tools/schema.py` writes the data.
A type is parsed when it is first asked for, so that starting costs only the reading of the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import orjson

_DATA = Path(__file__).with_name("data") / "schema.json"
# Spelled in Go in the data; these have an encoding of their own in JSON or protobuf.
_SCALARS = {
    "bool": "bool", "float64": "float64", "int32": "int32", "int64": "int64", "string": "string",
    "[]byte": "[]uint8", "Any": "interface {}", "Time": "v1.Time", "MicroTime": "v1.MicroTime",
    "Duration": "v1.Duration", "Quantity": "resource.Quantity", "IntOrString": "intstr.IntOrString",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf: `string`, `int32`, `Quantity`, ..., or `Any` for free-form JSON."""

    name: str
    go: str
    enum: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class List:
    """A list; whether its items have keys is a matter of the field that holds it."""

    item: Type
    go: str


@dataclass(frozen=True, slots=True)
class Map:
    """A map with string keys."""

    value: Type
    go: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct, by its JSON name."""

    name: str
    type: Type
    # The field's number in protobuf; 0 for the two fields of `TypeMeta`.
    number: int = 0
    pointer: bool = False
    required: bool = False
    # Written even when empty, as Go does without `omitempty`.
    always: bool = False
    # Left out when zero although a struct otherwise never is (`omitzero`).
    omitzero: bool = False
    # An inlined struct: in JSON its fields stand among its parent's.
    inline: bool = False
    default: Any = None
    list_type: str = "atomic"
    list_keys: tuple[str, ...] = ()
    # A map or struct that server-side apply takes as one value.
    atomic: bool = False
    patch_strategy: tuple[str, ...] = ()
    merge_key: str = ""


@dataclass(frozen=True)
class Struct:
    """An object with known fields."""

    name: str
    atomic: bool
    _schema: Schema = field(repr=False, compare=False)

    @property
    def go(self) -> str:
        """Go's name for it, which error messages print: `v1.PodSpec`."""
        return _go_name(self.name)

    @property
    def short(self) -> str:
        """`PodSpec`."""
        return self.name.rpartition(".")[2]

    @cached_property
    def declared(self) -> tuple[Field, ...]:
        """Fields as Go declares them, inlined structs as one field."""
        return tuple(self._schema.fields(self.name))

    @cached_property
    def go_paths(self) -> Mapping[str, str]:
        """Fields of inlined structs, as Go's messages name them: `VolumeSource.emptyDir`."""
        return {
            name: f"{item.name}.{item.type.go_paths.get(name, name)}"
            for item in self.declared
            if item.inline and isinstance(item.type, Struct)
            for name in item.type.fields
        }

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Fields as JSON has them, those of inlined structs among the others."""
        found: dict[str, Field] = {}
        for item in self.declared:
            if item.inline and isinstance(item.type, Struct):
                found |= item.type.fields
            else:
                found[item.name] = item
        return found


Type = Scalar | List | Map | Struct


class Schema:
    """All types, by names such as `core.v1.PodSpec`."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._types: Mapping[str, Any] = data["types"]
        self._named: Mapping[str, Any] = data["named"]
        self._parsed: dict[str, Type] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._types

    def struct(self, name: str) -> Struct:
        """The struct of that name; KeyError when there is none."""
        found = self.type(name)
        if not isinstance(found, Struct):
            raise KeyError(name)
        return found

    def type(self, expression: str) -> Type:
        """The type that a Go expression such as `[]core.v1.Container` stands for."""
        found = self._parsed.get(expression)
        if found is None:
            found = self._parsed[expression] = self._parse(expression)
        return found

    def fields(self, name: str) -> list[Field]:
        """The declared fields of a struct; `Struct.declared` keeps them."""
        return [self._field(key, *spec) for key, spec in self._types[name]["fields"].items()]

    def _parse(self, expression: str) -> Type:
        if go := _SCALARS.get(expression):
            return Scalar(expression, go)
        if expression.startswith("[]"):
            item = self.type(expression[2:])
            return List(item, f"[]{item.go}")
        if expression.startswith("map["):
            key, _, value = expression[4:].partition("]")
            inner = self.type(value)
            return Map(inner, f"map[{_go_name(key)}]{inner.go}")
        if expression in self._types:
            return Struct(expression, bool(self._types[expression].get("atomic")), self)
        return self._parse_named(expression)

    def _parse_named(self, name: str) -> Type:
        spec = self._named[name]
        match self.type(spec["type"]):
            case Scalar(base):
                return Scalar(base, _go_name(name), tuple(spec.get("enum", ())))
            case List(item):
                return List(item, _go_name(name))
            case Map(value):
                return Map(value, _go_name(name))
            case Struct() as struct:
                return struct

    def _field(
        self, name: str, expression: str, number: int, facts: Mapping[str, Any] | None = None
    ) -> Field:
        facts = facts or {}
        kind = self.type(expression.removeprefix("*"))
        return Field(
            name=name,
            type=kind,
            number=number,
            pointer=expression.startswith("*"),
            required="required" in facts,
            always="always" in facts,
            omitzero="omitzero" in facts,
            inline="inline" in facts,
            default=facts.get("default"),
            list_type=facts.get("list", "atomic"),
            list_keys=tuple(facts.get("keys", ())),
            atomic=facts.get("map") == "atomic" or (isinstance(kind, Struct) and kind.atomic),
            patch_strategy=tuple(filter(None, facts.get("strategy", "").split(","))),
            merge_key=facts.get("merge", ""),
        )


def _go_name(name: str) -> str:
    # Go prints the last part of the package's path only.
    return ".".join(name.split(".")[-2:])


@cache
def built_in() -> Schema:
    """The schema of the built-in kinds."""
    return Schema(orjson.loads(_DATA.read_bytes()))


@cache
def digest() -> str:
    """Names the content of the schema, for those who keep what they made from it."""
    return hashlib.sha256(_DATA.read_bytes()).hexdigest()

"""The types that only expressions of mutating policies have: `Object`, and `JSONPatch`.

Stands for k8s.io/apiserver `pkg/cel/mutation`. `Object.spec{replicas: 3}` is an object whose fields
have values of any type; that its type is named after its place is checked when it is used. The
module is loaded with the language, when the first mutating policy is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from celpy import celtypes

from kubelearn.embedded.apiserver.apiextensions.cel import unescaped

_OPERATION = frozenset({"op", "path", "from", "value"})


class Made(celtypes.MapType):
    """An object that an expression made, with the name of its type."""

    def __init__(self, type_name: str, fields: Mapping[Any, Any]) -> None:
        super().__init__(fields)
        self.type_name = type_name


class ObjectType(celtypes.MapType):
    """A type such as `Object.spec`, which has those of its fields below it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __getitem__(self, field: Any) -> ObjectType:
        return ObjectType(f"{self.name}.{unescaped(str(field))}")

    def __call__(self, fields: Mapping[Any, Any] | None) -> Made:
        """An object of this type."""
        named = {celtypes.StringType(unescaped(n)): each for n, each in (fields or {}).items()}
        return Made(self.name, named)


class JsonPatchType(ObjectType):
    """The type of one operation."""

    def __call__(self, fields: Mapping[Any, Any] | None) -> Made:
        """An operation; raises ValueError for a field that operations do not have."""
        for name in fields or {}:
            if name not in _OPERATION:
                raise ValueError(f"unexpected JSONPatchType field: {name}")
        return super().__call__(fields)


def variables() -> dict[str, Any]:
    """The types by the names that expressions have for them."""
    return {
        "Object": ObjectType("Object"),
        "JSONPatch": JsonPatchType("JSONPatch"),
        # Where the function `jsonpatch.escapeKey` is found.
        "jsonpatch": celtypes.MapType(),
    }


def mismatches(value: Any, expected: str) -> Iterator[str]:
    """Where the type of an object within a value is not named after its place."""
    if isinstance(value, Made):
        if value.type_name != expected:
            yield (
                f'unexpected type name "{value.type_name}", expected "{expected}", '
                "which matches field name path from root Object type"
            )
        for name, each in value.items():
            yield from mismatches(each, f"{expected}.{name!s}")
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from mismatches(each, expected)

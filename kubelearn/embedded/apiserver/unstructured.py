"""What is wrong with the types of a patched object, where upstream does not decode it from JSON.

Stands for k8s.io/apimachinery `pkg/runtime/converter.go`: a strategic merge patch ends in a tree of
Go values, which is converted to structs, and the converter has words of its own. Conversion itself
is left to the one decoder that there is (`serializer`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kubelearn.embedded.apiserver import scalars
from kubelearn.embedded.apiserver.schema import List, Map, Scalar, Struct, Type

_KINDS = {bool: "bool", dict: "map", float: "float64", int: "int64", list: "slice", str: "string"}


def problem(kind: Type, value: Any) -> str:
    """Why a value cannot become one of that type, in upstream's words; empty when it can."""
    if value is None:
        return ""
    found = _KINDS[type(value)]
    match kind:
        case Struct() if found != "map":
            return f"cannot restore struct from: {found}"
        case List() if found != "slice":
            return f"cannot restore slice from {found}"
        case Map() if found != "map":
            return f"cannot restore map from {found}"
        case Scalar():
            return _scalar_problem(kind, value, found)
    return next(filter(None, (problem(*part) for part in _parts(kind, value))), "")


def _parts(kind: Type, value: Any) -> Iterator[tuple[Type, Any]]:
    match kind:
        case Struct():
            yield from ((field.type, value.get(name)) for name, field in kind.fields.items())
        case List(item):
            yield from ((item, each) for each in value)
        case Map(item):
            yield from ((item, each) for each in value.values())


def _scalar_problem(kind: Scalar, value: Any, found: str) -> str:
    try:
        scalars.decoder(kind)(value, [])
    except scalars.WrongType as error:
        if scalars.is_struct(kind):
            # It reads itself, from JSON after all.
            return str(error)
    except ValueError as error:
        return str(error)
    else:
        return ""
    if kind.name == "[]byte":
        return f"cannot restore slice from {found}"
    # Go itself could make a text of a number, and a whole number of any; the converter refuses.
    if (found, kind.name) in (("int64", "string"), ("float64", "int32"), ("float64", "int64")):
        return f"cannot convert {found} to {kind.go}"
    return f"unrecognized type: {kind.name}"

"""From what a client sent to the object that the API holds, just as Go's decoder would read it.

Stands for k8s.io/apimachinery `pkg/runtime/serializer/json` and sigs.k8s.io/json. Upstream decodes
into structs and encodes those again, and much of what users see follows from that: unknown fields
vanish, empty optional ones too, some structs are always written, quantities change their form, and
the messages about wrong types name Go's types. Here one decoder is built from the schema for each
type. After it, every other part may trust the types of what it reads.

One thing differs: a wrong type ends decoding at once (upstream reads on, and reports the first). A
custom resource is read by its definition (`apiextensions/version.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from kubelearn.embedded.apiserver import scalars, schema
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.scalars import Decode, WrongType
from kubelearn.embedded.apiserver.schema import Field, List, Map, Scalar, Struct, Type
from kubelearn.objects import Object


class DecodeError(ValueError):
    """The body cannot be read as that kind; the text is upstream's."""


class Decoded(NamedTuple):
    """An object in canonical form, and the paths of fields that its kind does not have."""

    object: Object
    unknown: list[str]


def decode(kind: Kind, body: Any) -> Decoded:
    """Read a body as an object of that kind; DecodeError when its types do not fit."""
    if kind.custom:
        return kind.custom.decode(body)
    return decode_struct(schema.built_in().struct(kind.type_name), body)


def decode_struct(struct: Struct, body: Any) -> Decoded:
    """Read a value as one struct of the schema; DecodeError when its types do not fit."""
    dropped: list[str] = []
    try:
        decoded = _struct_decoder(struct)(body, dropped)
    except WrongType as error:
        # A type that decodes itself ends Go's decoding at once; other errors wait till the end.
        raise DecodeError(_own_error(struct, body) or str(error)) from None
    except ValueError as error:
        raise DecodeError(str(error)) from None
    return Decoded(decoded, list(unknown_fields(struct, body)) if dropped else [])


def _own_error(kind: Type, value: Any) -> str:
    """What the first type that decodes itself has to say, if one objects."""
    found: list[tuple[Type, Any]] = []
    if isinstance(kind, Struct) and isinstance(value, dict):
        fields = kind.fields
        found = [(fields[key].type, item) for key, item in value.items() if key in fields]
    elif isinstance(kind, List) and isinstance(value, list):
        found = [(kind.item, item) for item in value]
    elif isinstance(kind, Map) and isinstance(value, dict):
        found = [(kind.value, item) for item in value.values()]
    elif isinstance(kind, Scalar) and scalars.is_struct(kind) and value is not None:
        try:
            scalars.decoder(kind)(value, [])
        except WrongType:
            return ""
        except ValueError as error:
            return str(error)
    return next(filter(None, (_own_error(*each) for each in found)), "")


def unknown_fields(kind: Type, value: Any, path: str = "") -> list[str]:
    """Paths in `value` that the type does not have, such as `spec.containers[0].imagePolicy`."""
    found: list[str] = []
    if isinstance(kind, Struct) and isinstance(value, dict):
        here = f"{path}." if path else ""
        for key, item in value.items():
            if field := kind.fields.get(key):
                found += unknown_fields(field.type, item, here + key)
            else:
                found.append(here + key)
    elif isinstance(kind, List) and isinstance(value, list):
        for i, item in enumerate(value):
            found += unknown_fields(kind.item, item, f"{path}[{i}]")
    elif isinstance(kind, Map) and isinstance(value, dict):
        for key, item in value.items():
            found += unknown_fields(kind.value, item, f"{path}.{key}")
    return found


# --- decoders, one for each type ------------------------------------------------------------------


def _decoder(kind: Type) -> Decode:
    match kind:
        case Struct():
            return _struct_decoder(kind)
        case List():
            return _list_decoder(kind)
        case Map():
            return _map_decoder(kind)
        case Scalar():
            return scalars.decoder(kind)


@cache
def _struct_decoder(struct: Struct) -> Decode:
    name, go = struct.short, struct.go
    # Filled below, because a struct may contain itself.
    table: dict[str, tuple[Decode, bool]] = {}
    zeros: list[tuple[str, Callable[[], Any]]] = []

    def decode_fields(value: Any, dropped: list[str]) -> Any:
        if type(value) is not dict:
            raise WrongType(value, go)
        if not table:
            _fill(struct, table, zeros)
        kept: Object = {}
        key = ""
        try:
            for key, item in value.items():
                known = table.get(key)
                if known is None:
                    dropped.append(key)
                elif item is not None:
                    item = known[0](item, dropped)
                    if item or known[1]:
                        kept[key] = item
        except WrongType as error:
            error.inside(name, struct.go_paths.get(key, key))
            raise
        for key, zero in zeros:
            if key not in kept:
                kept[key] = zero()
        return kept

    return decode_fields


def _fill(
    struct: Struct,
    table: dict[str, tuple[Decode, bool]],
    zeros: list[tuple[str, Callable[[], Any]]],
) -> None:
    for name, field in struct.fields.items():
        keeps_empty = field.pointer or field.always or _is_go_struct(field.type)
        table[name] = (_decoder(field.type), keeps_empty)
        if _always_written(field):
            zeros.append((name, _zero(field)))


def _is_go_struct(kind: Type) -> bool:
    return isinstance(kind, Struct) or (isinstance(kind, Scalar) and scalars.is_struct(kind))


def _always_written(field: Field) -> bool:
    # Go's omitempty has no effect on structs, because no struct counts as empty.
    return field.always or (not field.pointer and not field.omitzero and _is_go_struct(field.type))


def _zero(field: Field) -> Callable[[], Any]:
    kind = field.type
    if isinstance(kind, Struct) and not field.pointer:
        decode_fields = _struct_decoder(kind)
        return lambda: decode_fields({}, [])
    value = scalars.zero(kind) if isinstance(kind, Scalar) and not field.pointer else None
    return lambda: value


def _list_decoder(kind: List) -> Decode:
    item, go = _decoder(kind.item), kind.go
    # A null among structs becomes an empty struct, among texts an empty text.
    zero = _zero(Field("", kind.item))

    def decode_items(value: Any, dropped: list[str]) -> Any:
        if type(value) is not list:
            raise WrongType(value, go)
        # An empty list is no list: it would be lost on the way through etcd.
        return [zero() if each is None else item(each, dropped) for each in value] or None

    return decode_items


def _map_decoder(kind: Map) -> Decode:
    item, go = _decoder(kind.value), kind.go
    zero = _zero(Field("", kind.value))

    def decode_values(value: Any, dropped: list[str]) -> Any:
        if type(value) is not dict:
            raise WrongType(value, go)
        return {
            key: zero() if each is None else item(each, dropped) for key, each in value.items()
        } or None

    return decode_values

"""Request bodies in Kubernetes' protobuf encoding, read into plain objects.

kubectl sends these for `create deployment`, `create token`, `auth can-i` and the like, and offers
no JSON when they are refused. Follows k8s.io/apimachinery `pkg/runtime/serializer/protobuf`: four
bytes of magic, then an envelope that names the kind and holds the message. The schema has the
numbers of the fields. Left out: writing it, since every client also takes JSON answers.
"""

from __future__ import annotations

import base64
import struct as binary
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

from kubelearn.embedded.apiserver import schema
from kubelearn.embedded.apiserver.schema import Field, List, Map, Scalar, Struct, Type
from kubelearn.embedded.apiserver.serializer import decode_struct
from kubelearn.objects import Object, micro_timestamp, timestamp

_MAGIC = b"k8s\0"


# What reading goes wrong with, when bytes are not what their field's type says they are.
_BROKEN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    binary.error,
)


class ProtobufError(ValueError):
    """The body is no message of that kind."""


def decode(body: bytes, type_name: str = "") -> Object:
    """Read a body; `type_name` is the struct to expect when the envelope names no kind.

    Empty fields are still there as zeros, as this encoding has them: the serializer drops those.
    """
    if not body.startswith(_MAGIC):
        raise ProtobufError(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    try:
        return _decode_envelope(body[len(_MAGIC) :], type_name)
    except _BROKEN as error:
        raise ProtobufError(f"unable to decode the protobuf message: {error}") from error


def _decode_envelope(body: bytes, type_name: str) -> Object:
    parts = dict(_fields(body))
    meta = {number: _text(value) for number, value in _fields(parts.get(1, b""))}
    api_version, kind = meta.get(1, ""), meta.get(2, "")
    if kind:
        type_name = _type_name(api_version, kind)
    found: Object = {"apiVersion": api_version, "kind": kind} if kind else {}
    return found | _message(schema.built_in().struct(type_name), parts.get(2, b""))


def _type_name(api_version: str, kind: str) -> str:
    group, _, version = api_version.rpartition("/")
    # Options may come under any group; they belong to none.
    for package in (f"{group.partition('.')[0] or 'core'}.{version}", "meta.v1"):
        if f"{package}.{kind}" in schema.built_in():
            return f"{package}.{kind}"
    raise ProtobufError(f'no kind "{kind}" is registered for version "{api_version}"')


def _fields(body: bytes) -> Iterator[tuple[int, Any]]:
    """Pairs of field number and value: an integer, or the bytes of the value."""
    position, end = 0, len(body)
    while position < end:
        tag, position = _varint(body, position)
        value: Any
        match tag & 7:
            case 0:
                value, position = _varint(body, position)
            case 1:
                value, position = body[position : position + 8], position + 8
            case 2:
                length, position = _varint(body, position)
                value, position = body[position : position + length], position + length
            case 5:
                value, position = body[position : position + 4], position + 4
            case wire:
                raise ProtobufError(f"illegal wire type {wire}")
        if position > end:
            raise ProtobufError("unexpected EOF")
        yield tag >> 3, value


def _varint(body: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 64:
        byte = body[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise ProtobufError("integer overflow")


@cache
def _by_number(struct: Struct) -> dict[int, Field]:
    return {field.number: field for field in struct.declared if field.number}


def _message(struct: Struct, body: bytes) -> Object:
    known = _by_number(struct)
    found: Object = {}
    for number, value in _fields(body):
        field = known.get(number)
        if field is None:
            continue
        match field.type:
            case _ if special := _SPECIAL.get((struct.name, field.name)):
                found[field.name] = special(value)
            case Struct() as inner if field.inline:
                found |= _message(inner, value)
            case List(item):
                found.setdefault(field.name, []).append(_value(item, value))
            case Map(item):
                name, entry = _entry(item, value)
                found.setdefault(field.name, {})[name] = entry
            case kind:
                found[field.name] = _value(kind, value)
    return found


def _entry(kind: Type, body: bytes) -> tuple[str, Any]:
    parts = dict(_fields(body))
    return _text(parts.get(1, b"")), _value(kind, parts.get(2, b""))


def _value(kind: Type, value: Any) -> Any:
    match kind:
        case Struct():
            return _message(kind, value)
        case List(item):
            # A list inside a map is a message of its own, with the items as field 1.
            return [_value(item, each) for _, each in _fields(value)]
        case Map(item):
            return dict(_entry(item, each) for _, each in _fields(value))
        case Scalar(name):
            return _SCALARS[name](value)


def _text(value: bytes) -> str:
    return value.decode()


def _integer(value: int) -> int:
    # Negative numbers are written as 64 bits, whatever their type.
    return value - (1 << 64) if value >> 63 else value


def _moment(value: bytes) -> datetime | None:
    parts = dict(_fields(value))
    seconds, nanoseconds = _integer(parts.get(1, 0)), parts.get(2, 0)
    if not parts or seconds < -62135596800:
        return None
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanoseconds // 1000)


def _time(value: bytes) -> str | None:
    moment = _moment(value)
    return timestamp(moment) if moment else None


def _micro_time(value: bytes) -> str | None:
    moment = _moment(value)
    return micro_timestamp(moment) if moment else None


def _int_or_string(value: bytes) -> int | str:
    parts = dict(_fields(value))
    return _text(parts.get(3, b"")) if parts.get(1) else _integer(parts.get(2, 0))


def _quantity(value: bytes) -> str:
    return _text(dict(_fields(value)).get(1, b"0")) or "0"


def _duration(value: bytes) -> str:
    seconds = dict(_fields(value)).get(1, 0) / 1e9
    return f"{seconds:g}s"


def _json(value: bytes) -> Any:
    raw = dict(_fields(value)).get(1, b"")
    return orjson.loads(raw) if raw else None


def _schema(value: bytes) -> Object:
    struct = schema.built_in().struct(_SCHEMA)
    # Nobody drops its zeros later, because the field's type tells nothing of what it holds.
    return decode_struct(struct, _message(struct, value)).object


def _schema_or_list(value: bytes) -> Any:
    fields = list(_fields(value))
    one = next((_schema(each) for number, each in fields if number == 1), None)
    return one if one is not None else [_schema(each) for number, each in fields if number == 2]


def _schema_or_bool(value: bytes) -> Any:
    parts = dict(_fields(value))
    return _schema(parts[2]) if 2 in parts else bool(parts.get(1))


_SCHEMA = "apiextensions.v1.JSONSchemaProps"
# Fields that hold one thing or another; JSON needs no word for which.
_SPECIAL: dict[tuple[str, str], Callable[[bytes], Any]] = {
    (_SCHEMA, "additionalItems"): _schema_or_bool,
    (_SCHEMA, "additionalProperties"): _schema_or_bool,
    (_SCHEMA, "items"): _schema_or_list,
}
_SCALARS: dict[str, Callable[[Any], Any]] = {
    "Any": _json,
    "Duration": _duration,
    "IntOrString": _int_or_string,
    "MicroTime": _micro_time,
    "Quantity": _quantity,
    "Time": _time,
    "[]byte": lambda value: base64.b64encode(value).decode(),
    "bool": bool,
    "float64": lambda value: binary.unpack("<d", value)[0],
    "int32": _integer,
    "int64": _integer,
    "string": _text,
}

"""Version 2 as a message of protobuf, which kubectl read until 1.26.

Stands for github.com/google/gnostic-models `openapiv2/OpenAPIv2.proto`: a table of the fields that
our documents use, and encoders that follow it. JSON within messages is JSON here too, where
upstream writes it as YAML, of which it is a part.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from kubelearn.objects import Object

_VARINT, _FIXED_64, _BYTES = 0, 1, 2
# From a field's number and its value to its bytes.
Encode = Callable[[int, Any], bytes]


def document(content: Object) -> bytes:
    """A whole document."""
    return _content("Document", content)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _bytes(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _text(number: int, value: str) -> bytes:
    return _bytes(number, value.encode())


def _integer(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _double(number: int, value: float) -> bytes:
    return _varint(number << 3 | _FIXED_64) + struct.pack("<d", value)


def _any(number: int, value: Any) -> bytes:
    """JSON, in the message that holds YAML."""
    return _bytes(number, _bytes(2, orjson.dumps(value) + b"\n"))


def _of(message: str) -> Encode:
    return lambda number, value: _bytes(number, _content(message, value))


def _each(encode: Encode) -> Encode:
    return lambda number, values: b"".join(encode(number, value) for value in values)


def _inside(encode: Encode, inner: int = 1) -> Encode:
    """A message around one field."""
    return lambda number, value: _bytes(number, encode(inner, value))


def _map(encode: Encode, inner: int = 1) -> Encode:
    """A message whose one field repeats pairs of a name and a value."""

    def encoded(number: int, values: Mapping[str, Any]) -> bytes:
        pairs = (_bytes(inner, _text(1, name) + encode(2, each)) for name, each in values.items())
        return _bytes(number, b"".join(pairs))

    return encoded


def _schema_or_bool(number: int, value: Any) -> bytes:
    if isinstance(value, bool):
        return _bytes(number, _integer(2, value))
    return _bytes(number, _bytes(1, _content("Schema", value)))


def _parameter(number: int, value: Object) -> bytes:
    """One of those that stand in the body or in the query, in messages for all that could be."""
    if value["in"] == "body":
        inner = _bytes(1, _content("BodyParameter", value))
    else:
        inner = _bytes(2, _bytes(3, _content("QueryParameter", value)))
    return _bytes(number, _bytes(1, inner))


_SCHEMA = _of("Schema")
_OPERATION = _of("Operation")
_MESSAGES: dict[str, dict[str, tuple[int, Encode]]] = {
    "Document": {
        "swagger": (1, _text),
        "info": (2, _of("Info")),
        "paths": (8, _map(_of("PathItem"), inner=2)),
        "definitions": (9, _map(_SCHEMA)),
    },
    "Info": {"title": (1, _text), "version": (2, _text)},
    "PathItem": {
        "get": (2, _OPERATION),
        "put": (3, _OPERATION),
        "post": (4, _OPERATION),
        "delete": (5, _OPERATION),
        "patch": (8, _OPERATION),
    },
    "Operation": {
        "consumes": (7, _each(_text)),
        "parameters": (8, _each(_parameter)),
        "responses": (9, _map(_inside(_of("Response")))),
        "x-": (13, _any),
    },
    "BodyParameter": {
        "name": (2, _text),
        "in": (3, _text),
        "required": (4, _integer),
        "schema": (5, _SCHEMA),
    },
    "QueryParameter": {
        "in": (2, _text),
        "name": (4, _text),
        "type": (6, _text),
        "uniqueItems": (20, _integer),
    },
    "Response": {"description": (1, _text)},
    "Schema": {
        "$ref": (1, _text),
        "format": (2, _text),
        "title": (3, _text),
        "description": (4, _text),
        "default": (5, _any),
        "multipleOf": (6, _double),
        "maximum": (7, _double),
        "exclusiveMaximum": (8, _integer),
        "minimum": (9, _double),
        "exclusiveMinimum": (10, _integer),
        "maxLength": (11, _integer),
        "minLength": (12, _integer),
        "pattern": (13, _text),
        "maxItems": (14, _integer),
        "minItems": (15, _integer),
        "uniqueItems": (16, _integer),
        "maxProperties": (17, _integer),
        "minProperties": (18, _integer),
        "required": (19, _each(_text)),
        "enum": (20, _each(_any)),
        "additionalProperties": (21, _schema_or_bool),
        "type": (22, _inside(_text)),
        "items": (23, _inside(_SCHEMA)),
        "properties": (25, _map(_SCHEMA)),
        "x-": (31, _any),
    },
}  # fmt: skip


def _content(message: str, value: Object) -> bytes:
    """The fields of a message; those without a place in it are left out."""
    fields = _MESSAGES[message]
    out = []
    for name, each in value.items():
        if name in fields:
            number, encode = fields[name]
            out.append(encode(number, each))
        elif name.startswith("x-") and "x-" in fields:
            number, encode = fields["x-"]
            out.append(_bytes(number, _text(1, name) + encode(2, each)))
    return b"".join(out)

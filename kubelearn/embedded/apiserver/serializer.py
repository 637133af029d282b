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

import binascii
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

import orjson

from kubelearn.embedded.apiserver import schema
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.quantity import canonical
from kubelearn.embedded.apiserver.schema import Field, List, Map, Scalar, Struct, Type
from kubelearn.objects import Object, micro_timestamp, timestamp

# Objects that change together carry the same times, each of them several.
_TIMES = 1024
# What stands after each name, and in texts in both spellings or in none.
_NAME_END = re.compile(rb'"\s*:')

# Takes a value and the list of dropped names, and gives the value as it is kept.
Decode = Callable[[Any, list[str]], Any]


class DecodeError(ValueError):
    """The body cannot be read as that kind; the text is upstream's."""


class Decoded(NamedTuple):
    """An object in canonical form, and the paths of fields that its kind does not have."""

    object: Object
    unknown: list[str]


class _WrongType(Exception):
    """A value of the wrong JSON type, on its way up to where its path is known."""

    def __init__(self, value: Any, go: str, *, word: str = "") -> None:
        super().__init__()
        self.value, self.go = word or _word(value), go
        self.struct = ""
        self.path: list[str] = []

    def inside(self, struct: str, field: str) -> None:
        """Note the struct and field that hold the value; Go's path has no indices."""
        self.struct = self.struct or struct
        self.path.insert(0, field)

    def __str__(self) -> str:
        if not self.path:
            return f"json: cannot unmarshal {self.value} into Go value of type {self.go}"
        place = f"{self.struct}.{'.'.join(self.path)}"
        return f"json: cannot unmarshal {self.value} into Go struct field {place} of type {self.go}"


def _word(value: Any) -> str:
    # bool comes first, because Python counts it among the integers.
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, float):
        return f"number {value}"
    words = {str: "string", dict: "object", list: "array", int: "number"}
    return words.get(type(value), "null")


def decode(kind: Kind, body: Any) -> Decoded:
    """Read a body as an object of that kind; DecodeError when its types do not fit."""
    if kind.custom:
        return kind.custom.decode(body)
    return decode_struct(schema.built_in().struct(kind.type_name), body)


def decode_struct(struct: Struct, body: Any) -> Decoded:
    """Read a value as one struct of the schema."""
    dropped: list[str] = []
    try:
        decoded = _struct_decoder(struct)(body, dropped)
    except _WrongType as error:
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
    elif isinstance(kind, Scalar) and kind.name in _STRUCT_ZERO and value is not None:
        try:
            _SPECIAL[kind.name](value)
        except _WrongType:
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


def duplicate_fields(body: bytes, content: Any) -> list[str]:
    """Paths of names that stand twice in one JSON object; the later one counts.

    `content` is what the body was decoded to. If that has as many names, none was lost.
    """
    if _has_all_names(content, body):
        return []
    twice = False

    def note(pairs: list[tuple[str, Any]]) -> Any:
        nonlocal twice
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        twice = True
        return _Pairs(pairs)

    tree = json.loads(body, object_pairs_hook=note)
    return list(dict.fromkeys(_duplicates(tree, ""))) if twice else []


def _has_all_names(content: Any, body: bytes) -> bool:
    if b"\\u" in body:  # a quotation mark could be written so, and would not be counted
        return False
    try:
        return len(_NAME_END.findall(orjson.dumps(content))) == len(_NAME_END.findall(body))
    except orjson.JSONEncodeError:  # nested deeper than it writes
        return False


class _Pairs(list[tuple[str, Any]]):
    """A JSON object in which a name stands twice."""


def _duplicates(value: Any, path: str) -> list[str]:
    found: list[str] = []
    if isinstance(value, (dict, _Pairs)):
        seen = set()
        for key, item in value.items() if isinstance(value, dict) else value:
            here = f"{path}.{key}" if path else key
            if key in seen:
                found.append(here)
            seen.add(key)
            found += _duplicates(item, here)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            found += _duplicates(item, f"{path}[{i}]")
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
            return _scalar_decoder(kind)


@cache
def _struct_decoder(struct: Struct) -> Decode:
    name, go = struct.short, struct.go
    # Filled below, because a struct may contain itself.
    table: dict[str, tuple[Decode, bool]] = {}
    zeros: list[tuple[str, Callable[[], Any]]] = []

    def decode_fields(value: Any, dropped: list[str]) -> Any:
        if type(value) is not dict:
            raise _WrongType(value, go)
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
        except _WrongType as error:
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
    return isinstance(kind, Struct) or (isinstance(kind, Scalar) and kind.name in _STRUCT_ZERO)


def _always_written(field: Field) -> bool:
    # Go's omitempty has no effect on structs, because no struct counts as empty.
    return field.always or (not field.pointer and not field.omitzero and _is_go_struct(field.type))


# Scalars that are structs in Go, with what an unset one is written as.
_STRUCT_ZERO: dict[str, Any] = {
    "Any": None, "Time": None, "MicroTime": None, "Duration": "0s", "Quantity": "0",
    "IntOrString": 0,
}  # fmt: skip
_ZERO: dict[str, Any] = {
    "[]byte": "", "bool": False, "float64": 0, "int32": 0, "int64": 0, "string": "",
}  # fmt: skip


def _zero(field: Field) -> Callable[[], Any]:
    kind = field.type
    if isinstance(kind, Struct) and not field.pointer:
        decode_fields = _struct_decoder(kind)
        return lambda: decode_fields({}, [])
    value = None
    if isinstance(kind, Scalar) and not field.pointer:
        value = (_STRUCT_ZERO | _ZERO).get(kind.name)
    return lambda: value


def _list_decoder(kind: List) -> Decode:
    item, go = _decoder(kind.item), kind.go
    # A null among structs becomes an empty struct, among texts an empty text.
    zero = _zero(Field("", kind.item))

    def decode_items(value: Any, dropped: list[str]) -> Any:
        if type(value) is not list:
            raise _WrongType(value, go)
        # An empty list is no list: it would be lost on the way through etcd.
        return [zero() if each is None else item(each, dropped) for each in value] or None

    return decode_items


def _map_decoder(kind: Map) -> Decode:
    item, go = _decoder(kind.value), kind.go
    zero = _zero(Field("", kind.value))

    def decode_values(value: Any, dropped: list[str]) -> Any:
        if type(value) is not dict:
            raise _WrongType(value, go)
        return {
            key: zero() if each is None else item(each, dropped) for key, each in value.items()
        } or None

    return decode_values


def _scalar_decoder(kind: Scalar) -> Decode:
    if special := _SPECIAL.get(kind.name):
        return lambda value, _: special(value)
    if kind.name in _INTEGER_BITS:
        return _integer_decoder(kind)
    python = {"string": str, "bool": bool}[kind.name]

    def decode_exact(value: Any, _: list[str]) -> Any:
        if type(value) is not python:
            raise _WrongType(value, kind.go)
        return value

    return decode_exact


_INTEGER_BITS = {"int32": 31, "int64": 63}


def _integer_decoder(kind: Scalar) -> Decode:
    limit = 1 << _INTEGER_BITS[kind.name]

    def decode_integer(value: Any, _: list[str]) -> Any:
        if type(value) is not int:
            raise _WrongType(value, kind.go)
        if not -limit <= value < limit:
            raise _WrongType(value, kind.go, word=f"number {value}")
        return value

    return decode_integer


def _float(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _WrongType(value, "float64")
    return value


def _bytes(value: Any) -> str:
    if not isinstance(value, str):
        raise _WrongType(value, "[]uint8")
    text = value.replace("\n", "").replace("\r", "")
    try:
        binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise ValueError(f"illegal base64 data at input byte {_base64_error(text)}") from None
    return text


def _base64_error(text: str) -> int:
    good = re.match(r"[A-Za-z0-9+/]*", text)
    end = good.end() if good else 0
    # Padding may begin at the third or fourth place of a group; else the group is incomplete.
    return end if end < len(text) or end % 4 == 0 else end // 4 * 4


def _quantity(value: Any) -> str:
    return canonical(str(value).strip() if not isinstance(value, bool) else "bool")


def _int_or_string(value: Any) -> Any:
    if type(value) is int and not -(1 << 31) <= value < 1 << 31:
        raise _WrongType(value, "int32", word=f"number {value}")
    if type(value) not in (int, str):
        raise _WrongType(value, "int32")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _WrongType(value, "string")
    return value


def _time(value: Any) -> str:
    return _canonical_time(_text(value))


@lru_cache(maxsize=_TIMES)
def _canonical_time(text: str) -> str:
    return timestamp(_moment(text))


def _micro_time(value: Any) -> str:
    layout = "2006-01-02T15:04:05.000000Z07:00"
    return micro_timestamp(_moment(_text(value), layout))


_RFC3339 = (
    (r"\d{4}", "2006"), ("-", "-"), (r"\d\d", "01"), ("-", "-"), (r"\d\d", "02"), ("T", "T"),
    (r"\d\d", "15"), (":", ":"), (r"\d\d", "04"), (":", ":"), (r"\d\d(?:\.\d+)?", "05"),
    (r"Z|[+-]\d\d:\d\d", "Z07:00"),
)  # fmt: skip


def _moment(text: str, layout: str = "2006-01-02T15:04:05Z07:00") -> datetime:
    rest = text
    for pattern, name in _RFC3339:
        found = re.match(pattern, rest)
        if not found:
            raise ValueError(
                f'parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{name}"'
            )
        rest = rest[found.end() :]
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
    except ValueError:
        raise ValueError(f'parsing time "{text}": day out of range') from None


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "Any": lambda value: value,
    "Duration": _text,
    "IntOrString": _int_or_string,
    "MicroTime": _micro_time,
    "Quantity": _quantity,
    "Time": _time,
    "[]byte": _bytes,
    "float64": _float,
}

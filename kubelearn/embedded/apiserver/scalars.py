"""Single values, just as Go's decoder would read them: texts, numbers, times, quantities.

Stands for encoding/json, and for the types that decode themselves: `UnmarshalJSON` of
k8s.io/apimachinery `pkg/apis/meta/v1/{time,micro_time,duration}.go`, `pkg/api/resource` and
`pkg/util/intstr`.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from kubelearn.embedded.apiserver.quantity import canonical
from kubelearn.embedded.apiserver.schema import Scalar
from kubelearn.objects import micro_timestamp, timestamp

# Objects that change together carry the same times, each of them several.
_TIMES = 1024

Decode = Callable[[Any, list[str]], Any]
"""Takes a value and the list of dropped names, and gives the value as it is kept."""

# Scalars that are structs in Go, which decode themselves, with what an unset one is written as.
_STRUCT_ZERO: dict[str, Any] = {
    "Any": None, "Time": None, "MicroTime": None, "Duration": "0s", "Quantity": "0",
    "IntOrString": 0,
}  # fmt: skip
_ZERO: dict[str, Any] = {
    "[]byte": "", "bool": False, "float64": 0, "int32": 0, "int64": 0, "string": "",
}  # fmt: skip


def is_struct(kind: Scalar) -> bool:
    """Whether the type is a struct in Go, which decodes itself and is never empty."""
    return kind.name in _STRUCT_ZERO


def zero(kind: Scalar) -> Any:
    """What an unset value is written as."""
    return _STRUCT_ZERO[kind.name] if is_struct(kind) else _ZERO.get(kind.name)


class WrongType(Exception):
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


def decoder(kind: Scalar) -> Decode:
    """Reads a value of that type. Raises WrongType, or ValueError where a type reads itself."""
    if special := _SPECIAL.get(kind.name):
        return lambda value, _: special(value)
    if kind.name in _INTEGER_BITS:
        return _integer_decoder(kind)
    python = {"string": str, "bool": bool}[kind.name]

    def decode_exact(value: Any, _: list[str]) -> Any:
        if type(value) is not python:
            raise WrongType(value, kind.go)
        return value

    return decode_exact


_INTEGER_BITS = {"int32": 31, "int64": 63}


def _integer_decoder(kind: Scalar) -> Decode:
    limit = 1 << _INTEGER_BITS[kind.name]

    def decode_integer(value: Any, _: list[str]) -> Any:
        if type(value) is not int:
            raise WrongType(value, kind.go)
        if not -limit <= value < limit:
            raise WrongType(value, kind.go, word=f"number {value}")
        return value

    return decode_integer


def _float(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WrongType(value, "float64")
    return value


def _bytes(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongType(value, "[]uint8")
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
        raise WrongType(value, "int32", word=f"number {value}")
    if type(value) not in (int, str):
        raise WrongType(value, "int32")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongType(value, "string")
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

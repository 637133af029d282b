"""The hash of a pod template, by which its ReplicaSets and revisions are called.

Upstream: pkg/controller `ComputeHash` and pkg/util/hash. The hash is taken of what the programming
language Go prints of the template, with the names of all its types and fields; so `data/`, which
`tools/gotypes.py` writes, has these names in their order. Lists and maps without content print as
those that are not there, as in a program that reads objects in protobuf.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

from kubelearn.objects import Object

_DATA = Path(__file__).with_name("data") / "podtemplate.json"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_OFFSET, _PRIME, _MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF
# What the types with an encoding of their own are called in Go.
_GO_NAMES = {
    "Time": "v1.Time",
    "Quantity": "resource.Quantity",
    "IntOrString": "intstr.IntOrString",
}
_QUANTITY = re.compile(r"([+-]?)0*(\d*)(?:\.(\d*?)0*)?([A-Za-z]*|[eE][+-]?\d+)$")
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
# The digits that surely fit into 64 bits.
_FITTING_DIGITS, _FITTING_BINARY_DIGITS = 18, 15
_NANO = 9


def template_hash(template: Object, collisions: int | None = None) -> str:
    """The value of `pod-template-hash`; `collisions` makes another one when it is taken."""
    data = _typed(template, "core.v1.PodTemplateSpec").encode()
    if collisions is not None:
        data += collisions.to_bytes(8, "little")
    value = _OFFSET
    for byte in data:
        value = (value ^ byte) * _PRIME & _MASK
    return _safe(value)


def data_hash(data: bytes) -> str:
    """The hash of a revision's data (upstream's pkg/controller/history)."""
    value = _OFFSET
    for byte in data:
        value = value * _PRIME & _MASK ^ byte
    return _safe(value)


def _safe(value: int) -> str:
    """A number in an alphabet that makes no words."""
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(value))


# --- what Go prints -------------------------------------------------------------------------------


@cache
def _types() -> tuple[Mapping[str, Any], Mapping[str, str]]:
    data = json.loads(_DATA.read_bytes())
    return data["structs"], data["named"]


def _typed(value: Any, kind: str) -> str:
    """A value behind the name of its type."""
    name = f"({_go_name(kind)})"
    if not kind.startswith("*"):
        return name + _bare(value, kind)
    return name + ("<nil>" if value is None else _bare(value, kind[1:]))


@cache
def _go_name(kind: str) -> str:
    """A type as Go calls it: of a package's path only the last part is told."""
    name = re.sub(r"\w+\.(\w+\.\w+)", r"\1", kind)
    return re.sub(r"\w+$", lambda found: _GO_NAMES.get(found[0], found[0]), name)


def _bare(value: Any, kind: str) -> str:
    structs, named = _types()
    if kind in structs:
        return _braced((go, _field(value, name, of)) for go, name, of in structs[kind])
    kind = named.get(kind, kind)
    if special := _SPECIAL.get(kind):
        return special(value)
    if kind.startswith("[]"):
        return f"[{' '.join(_bare(each, kind[2:]) for each in value)}]" if value else "<nil>"
    if kind.startswith("map["):
        return _map(value, kind.partition("]")[2]) if value else "<nil>"
    if kind == "bool":
        return "true" if value else "false"
    return str(value or ("" if kind == "string" else 0))


def _field(value: Any, name: str, kind: str) -> str:
    """A field of a struct; one without a name in JSON has its own fields among its parent's."""
    return _typed((value or {}).get(name) if name else value, kind)


def _map(value: Mapping[str, Any], kind: str) -> str:
    pairs = sorted(value.items(), key=lambda pair: pair[0].encode())
    return f"map[{' '.join(f'{name}:{_bare(each, kind)}' for name, each in pairs)}]"


def _braced(fields: Iterable[tuple[str, str]]) -> str:
    return f"{{{' '.join(f'{name}:{text}' for name, text in fields)}}}"


def _time(_: Any) -> str:
    """No time: templates have none."""
    return "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}"


def _int_or_string(value: Any) -> str:
    kind, number, text = (1, 0, value) if isinstance(value, str) else (0, value or 0, "")
    return f"{{Type:(intstr.Type){kind} IntVal:(int32){number} StrVal:(string){text}}}"


def _quantity(value: Any) -> str:
    """A quantity as it is kept: as a number and a power of ten, if it is not too large."""
    text = str(value)
    found = _QUANTITY.match(text)
    if found is None or text == "0":
        return _amount(0, 0, text, "DecimalSI")
    sign, whole, part, suffix = found.groups()
    digits, shift = whole + (part or ""), len(part or "")
    if suffix in _BINARY:
        power = _BINARY[suffix]
        room = _FITTING_BINARY_DIGITS - len(whole) - int(power * 3 / 10) - 1
        number = int(digits or 0)
        if shift or room < 0:
            return _large(Decimal(f"{whole or 0}.{part or 0}") * 2**power, sign, "BinarySI")
        kept = text if number & 7 else ""
        return _amount(_signed(sign, number << power), 0, kept, "BinarySI")
    exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
    form = "DecimalSI" if suffix in _DECIMAL else "DecimalExponent"
    scale = exponent - shift
    if len(digits) > _FITTING_DIGITS or scale < -_NANO:
        return _large(Decimal(f"{whole or 0}.{part or 0}").scaleb(exponent), sign, form)
    canonical = scale % 3 == 0 and not digits.endswith("000") and digits[:1] not in ("", "0")
    return _amount(_signed(sign, int(digits or 0)), scale, text if canonical else "", form)


def _signed(sign: str, number: int) -> int:
    return -number if sign == "-" else number


def _amount(number: int, scale: int, text: str, form: str) -> str:
    return (
        f"{{i:(resource.int64Amount){{value:(int64){number} scale:(resource.Scale){scale}}} "
        f"d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){text} "
        f"Format:(resource.Format){form}}}"
    )


def _large(amount: Decimal, sign: str, form: str) -> str:
    """A quantity that does not fit: in billionths, as words of 64 bits."""
    number, words = ceil(amount.scaleb(_NANO)), []
    while number:
        number, word = number >> 64, number & (1 << 64) - 1
        words.append(str(word))
    negative = "true" if sign == "-" else "false"
    unscaled = f"{{neg:(bool){negative} abs:(big.nat)[{' '.join(words)}]}}"
    return (
        "{i:(resource.int64Amount){value:(int64)0 scale:(resource.Scale)0} "
        f"d:(resource.infDecAmount){{Dec:(*inf.Dec){{unscaled:(big.Int){unscaled} "
        f"scale:(inf.Scale){_NANO}}}}} s:(string) Format:(resource.Format){form}}}"
    )


_SPECIAL: dict[str, Callable[[Any], str]] = {
    "IntOrString": _int_or_string,
    "Quantity": _quantity,
    "Time": _time,
}

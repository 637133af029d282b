"""Quantities in the one form in which the API writes them: `1000m` is `1`, `0.5` is `500m`.

Follows k8s.io/apimachinery `pkg/api/resource/quantity.go`. Arithmetic on quantities is in
`kubelearn.quantity`; this module is about their text only.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import lru_cache

_PARTS = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = {0: "", **{exponent: suffix for suffix, exponent in _BINARY.items()}}
_LARGEST = Decimal(2**63 - 1)
_NANO = Decimal("1e-9")
# Upstream takes `1e9999999`, too, and prints it as it came. Here that many digits would have to be
# written out, and whoever adds them up would hold up everybody.
_MOST_DIGITS = 100
_EXACT = Context(prec=3 * _MOST_DIGITS)
_FORMAT_WRONG = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """The canonical text of a quantity; ValueError in upstream's words when it is none."""
    found = _PARTS.fullmatch(text)
    if not text or not found:
        raise ValueError(_FORMAT_WRONG)
    sign, whole, fraction, suffix = found.groups()
    if len(whole) + len(fraction or "") > _MOST_DIGITS:
        raise ValueError("unable to parse numeric part of quantity")
    value = Decimal(f"{sign}{whole or 0}.{fraction or 0}")
    if suffix in _BINARY:
        scaled = _EXACT.multiply(value, Decimal(2 ** _BINARY[suffix]))
        return _binary(min(_round_up(scaled), _LARGEST))
    if suffix in _DECIMAL:
        return _decimal(_round_up(value.scaleb(_DECIMAL[suffix], _EXACT)))
    if re.fullmatch(r"[eE][+-]?\d{1,9}", suffix) and abs(int(suffix[1:])) <= _MOST_DIGITS:
        return _decimal(_round_up(value.scaleb(int(suffix[1:]), _EXACT)), exponent=suffix[0])
    raise ValueError("unable to parse quantity's suffix")


def _round_up(value: Decimal) -> Decimal:
    # Whoever asks for very little still gets something.
    return value.quantize(_NANO, ROUND_CEILING if value > 0 else ROUND_FLOOR, _EXACT)


def _binary(value: Decimal) -> str:
    if abs(value) < 1024 or value != value.to_integral_value():
        return _decimal(value)
    number, exponent = int(value), 0
    while number % 1024 == 0 and exponent < 60:
        number, exponent = number // 1024, exponent + 10
    return f"{number}{_BINARY_SUFFIX[exponent]}"


def _decimal(value: Decimal, *, exponent: str = "") -> str:
    if not value:
        return "0"
    scale = -9
    number = int(value.scaleb(9, _EXACT))
    while number % 1000 == 0 and scale < 18:
        number, scale = number // 1000, scale + 3
    if exponent:
        return f"{number}{f'{exponent.lower()}{scale}' if scale else ''}"
    return f"{number}{_DECIMAL_SUFFIX[scale]}"

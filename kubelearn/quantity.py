"""Quantities: the text in which the API writes amounts, and the numbers behind it.

Stands for k8s.io/apimachinery `pkg/api/resource`. Numbers are exact decimals of any size; the form
in which somebody wrote one is not kept.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

_SUFFIX = {
    "": Decimal(1), "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12),
    "P": Decimal(10**15), "E": Decimal(10**18),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
    "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip
# The same few amounts are read again and again.
_QUANTITIES = 1024
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)")


@lru_cache(maxsize=_QUANTITIES, typed=True)
def quantity(text: str | int | float) -> Decimal:
    """The number behind a quantity such as `500m`, `1.5Gi` or `2`.

    Raises ValueError with upstream's words when it is none (`apimachinery/pkg/api/resource`).
    """
    found = _QUANTITY.fullmatch(str(text))
    if not found:
        raise ValueError(
            "quantities must match the regular expression "
            "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    number, exponent, suffix = found.groups()
    try:
        return Decimal(number + (exponent or "")) * _SUFFIX[suffix or ""]
    except InvalidOperation as error:
        raise ValueError("unable to parse quantity's suffix") from error


def format_quantity(value: Decimal, *, binary: bool = False) -> str:
    """The shortest exact text of a number: `1500m`, `2`, or `128Mi` with binary suffixes."""
    wanted = [s for s in _SUFFIX if s.endswith("i") == binary or not s]
    for suffix in sorted(wanted, key=_SUFFIX.__getitem__, reverse=True):
        if value % _SUFFIX[suffix] == 0:
            return f"{value / _SUFFIX[suffix]:.0f}{suffix if value else ''}"
    return str(value)

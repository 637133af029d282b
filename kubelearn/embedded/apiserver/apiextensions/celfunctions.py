"""What expressions of Kubernetes can do beyond CEL itself.

Stands for k8s.io/apiserver `pkg/cel/library` and cel-go `ext`. Left out: optional values but for
`oldSelf`, macros with two variables, and the libraries for semantic versions and networks.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from celpy import celtypes
from celpy.evaluation import CELEvalError

from kubelearn.embedded.apiserver.apiextensions.patterns import compile_pattern
from kubelearn.quantity import quantity

_NUMBERS = (celtypes.IntType, celtypes.UintType, celtypes.DoubleType)


class OptionalOldSelf:
    """The value before, of which there may be none (`optionalOldSelf`)."""

    def __init__(self, present: bool, value: Any = None) -> None:
        self.present = present
        self.content = value


class Quantity:
    """A quantity such as `500m`, to be compared."""

    def __init__(self, text: str) -> None:
        self.amount = quantity(str(text))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.amount == other.amount

    def __hash__(self) -> int:
        return hash(self.amount)


def functions() -> dict[str, Callable[..., Any]]:
    """All of them by name; methods have their object as first argument."""
    return {
        **{f"_{sign}_": _compare(each) for sign, each in _COMPARISONS.items()},
        "_==_": _equal,
        "_!=_": lambda a, b: _error(a, b) or celtypes.BoolType(not _same(a, b)),
        **_STRINGS,
        **_LISTS,
        **_OTHERS,
    }


# --- comparisons ----------------------------------------------------------------------------------

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _compare(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    """A comparison that takes numbers of different types, as Kubernetes has it."""

    def function(a: Any, b: Any) -> Any:
        if error := _error(a, b):
            return error
        if isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS):
            a, b = _number(a), _number(b)
        return celtypes.BoolType(compare(a, b))

    return function


def _error(*values: Any) -> Any:
    return next((each for each in values if isinstance(each, CELEvalError)), None)


def _number(value: Any) -> int | float:
    return float(value) if isinstance(value, celtypes.DoubleType) else int(value)


def _equal(a: Any, b: Any) -> Any:
    return _error(a, b) or celtypes.BoolType(_same(a, b))


def _same(a: Any, b: Any) -> bool:
    """Values of different types are different, which is no error."""
    if isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS):
        return _number(a) == _number(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[name], b[name]) for name in a)
    return type(a) is type(b) and bool(a == b)


# --- texts ----------------------------------------------------------------------------------------


def _string(text: Any) -> Any:
    return celtypes.StringType(text)


def _strings(texts: Any) -> Any:
    return celtypes.ListType([_string(each) for each in texts])


def _integer(number: int) -> Any:
    return celtypes.IntType(number)


def _replace(text: str, old: str, new: str, count: int = -1) -> Any:
    return _string(str(text).replace(str(old), str(new), int(count)))


def _split(text: str, separator: str, count: int = -1) -> Any:
    limit = int(count)
    if limit == 0:
        return _strings([])
    parts = str(text).split(str(separator), limit - 1 if limit > 0 else -1)
    return _strings(parts if separator else list(str(text)))


def _index_of(container: Any, item: Any, start: int = 0) -> Any:
    if isinstance(container, str):
        return _integer(str(container).find(str(item), int(start)))
    found = (i for i, each in enumerate(container) if _same(each, item))
    return _integer(next(found, -1))


def _last_index_of(container: Any, item: Any) -> Any:
    if isinstance(container, str):
        return _integer(str(container).rfind(str(item)))
    found = [i for i, each in enumerate(container) if _same(each, item)]
    return _integer(found[-1] if found else -1)


def _format(text: str, values: Any) -> Any:
    rest = list(values)

    def shown(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        value = rest.pop(0)
        return f"{float(value):{found[0][1:]}}" if found[0][-1] in "fe" else _shown(value)

    return _string(re.sub(r"%(?:%|s|d|(?:\.\d+)?[fe])", shown, str(text)))


def _shown(value: Any) -> str:
    if isinstance(value, celtypes.BoolType):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value)


def _find(text: str, pattern: str) -> Any:
    found: Any = compile_pattern(str(pattern)).search(str(text))
    return _string(found[0] if found else "")


def _find_all(text: str, pattern: str, limit: int = -1) -> Any:
    compiled: Any = compile_pattern(str(pattern))
    found = [each[0] for each in compiled.finditer(str(text))]
    return _strings(found if limit < 0 else found[: int(limit)])


_STRINGS: dict[str, Callable[..., Any]] = {
    "charAt": lambda text, index: _string(str(text)[int(index) : int(index) + 1]),
    "find": _find,
    "findAll": _find_all,
    "format": _format,
    "indexOf": _index_of,
    "join": lambda texts, separator="": _string(str(separator).join(map(str, texts))),
    "lastIndexOf": _last_index_of,
    "lowerAscii": lambda text: _string(str(text).lower()),
    "replace": _replace,
    "reverse": lambda text: type(text)(text[::-1]),
    "split": _split,
    "substring": lambda text, start, end=None: _string(
        str(text)[int(start) : None if end is None else int(end)]
    ),
    "trim": lambda text: _string(str(text).strip()),
    "upperAscii": lambda text: _string(str(text).upper()),
}

# --- lists ----------------------------------------------------------------------------------------


def _is_sorted(items: Any) -> Any:
    return celtypes.BoolType(all(a <= b for a, b in pairwise(items)))


def _sum(items: Any) -> Any:
    total = items[0] if items else celtypes.IntType(0)
    for each in items[1:]:
        total = total + each
    return total


_LISTS: dict[str, Callable[..., Any]] = {
    "isSorted": _is_sorted,
    "max": max,
    "min": min,
    "sum": _sum,
}

# --- the rest -------------------------------------------------------------------------------------


def _is_quantity(text: Any) -> Any:
    try:
        return celtypes.BoolType(quantity(str(text)) is not None)
    except ValueError:
        return celtypes.BoolType(False)


def _is_url(text: Any) -> Any:
    parts = urlsplit(str(text))
    return celtypes.BoolType(bool(parts.scheme) or str(text).startswith("/"))


def _escape_key(_: Any, key: str) -> Any:
    """A name as JSON pointers have it (`jsonpatch.escapeKey`)."""
    return _string(str(key).replace("~", "~0").replace("/", "~1"))


def _compare_to(one: Quantity, other: Quantity) -> Any:
    return _integer((one.amount > other.amount) - (one.amount < other.amount))


_OTHERS: dict[str, Callable[..., Any]] = {
    "compareTo": _compare_to,
    "escapeKey": _escape_key,
    "hasValue": lambda optional: celtypes.BoolType(optional.present),
    "isGreaterThan": lambda one, other: celtypes.BoolType(one.amount > other.amount),
    "isLessThan": lambda one, other: celtypes.BoolType(one.amount < other.amount),
    "isQuantity": _is_quantity,
    "isURL": _is_url,
    "orValue": lambda optional, other: optional.content if optional.present else other,
    "quantity": Quantity,
    "value": lambda optional: optional.content,
}

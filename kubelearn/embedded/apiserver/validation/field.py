"""Errors about fields, in upstream's words.

Follows k8s.io/apimachinery `pkg/util/validation/field/errors.go`. Validators are generators of
these; a path is plain text such as `spec.containers[0].name`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from kubelearn.embedded.apiserver.status import number


class FieldError(NamedTuple):
    """One thing that is wrong with one field."""

    reason: str
    message: str
    field: str


Errors = Iterator[FieldError]

IMMUTABLE = "field is immutable"


def required(field: str, detail: str = "") -> FieldError:
    """Missing or empty."""
    return FieldError("FieldValueRequired", _body("Required value", detail), field)


def invalid(field: str, value: Any, detail: str) -> FieldError:
    """Malformed or out of bounds."""
    return FieldError("FieldValueInvalid", _body(f"Invalid value: {_shown(value)}", detail), field)


def invalid_whole(field: str, detail: str) -> FieldError:
    """Invalid as a whole, so that the value would not tell more."""
    return FieldError("FieldValueInvalid", _body("Invalid value", detail), field)


def duplicate(field: str, value: Any) -> FieldError:
    """Given twice where it has to be unique."""
    return FieldError("FieldValueDuplicate", f"Duplicate value: {_shown(value)}", field)


def not_found(field: str, value: Any) -> FieldError:
    """Names something that is not there."""
    return FieldError("FieldValueNotFound", f"Not found: {_shown(value)}", field)


def forbidden(field: str, detail: str) -> FieldError:
    """Well formed, but not allowed here."""
    return FieldError("FieldValueForbidden", _body("Forbidden", detail), field)


def not_supported(field: str, value: Any, supported: Iterable[str]) -> FieldError:
    """Not one of a fixed set."""
    values = ", ".join(_shown(each) for each in supported)
    detail = f"supported values: {values}" if values else ""
    message = _body(f"Unsupported value: {_shown(value)}", detail)
    return FieldError("FieldValueNotSupported", message, field)


def too_long(field: str, length: int, unit: str = "byte") -> FieldError:
    """More than `length` bytes or characters; the value itself is not repeated."""
    plural = "" if length == 1 else "s"
    return FieldError(
        "FieldValueTooLong", f"Too long: may not be more than {length} {unit}{plural}", field
    )


def too_many(field: str, count: int, limit: int) -> FieldError:
    """More than `limit` items."""
    items = "item" if limit == 1 else "items"
    return FieldError(
        "FieldValueTooMany", f"Too many: {count}: must have at most {limit} {items}", field
    )


def each_invalid(field: str, value: Any, problems: Iterable[str]) -> Errors:
    """An error for each problem that a function of `names` found."""
    for problem in problems:
        yield invalid(field, value, problem)


def one_of(field: str, value: Any, supported: Sequence[str]) -> Errors:
    """Required, and one of a fixed set."""
    if value in (None, ""):
        yield required(field)
    elif value not in supported:
        yield not_supported(field, value, supported)


def non_negative(field: str, value: int | None) -> Errors:
    """A count that may be zero or left out."""
    if value is not None and value < 0:
        yield invalid(field, value, "must be greater than or equal to 0")


def immutable(field: str, new: Any, old: Any) -> Errors:
    """The field may not change."""
    # As text, because Python takes True for 1.
    if _sorted(new or None) != _sorted(old or None):
        yield invalid(field, new, IMMUTABLE)


def _body(words: str, detail: str) -> str:
    return f"{words}: {detail}" if detail else words


def _sorted(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return number(value)
    text = orjson.dumps(value).decode()
    if isinstance(value, (dict, list)):
        # Go writes JSON so that it can stand in HTML.
        for sign, code in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
            text = text.replace(sign, code)
    return text

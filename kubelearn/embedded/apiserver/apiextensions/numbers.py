"""Numbers against the bounds of a schema.

Stands for the number half of k8s.io/kube-openapi `pkg/validation/validate/{validator,values}.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubelearn.embedded.apiserver.apiextensions.pruning import Schema
from kubelearn.embedded.apiserver.apiextensions.results import Failure
from kubelearn.embedded.apiserver.status import number

_BITS = {"int32": 31, "int64": 63}
_LARGEST_FLOAT = 3.4028234663852886e38


def number_failures(value: int | float, schema: Schema, path: str) -> Iterator[Failure]:
    """What is wrong with a number."""
    if problem := _out_of_range(value, schema):
        yield Failure("general", path, f"Checked value must be of type {problem} in {path}")
    # Of an integer upstream makes integers of the bounds, too.
    whole = isinstance(value, int)
    bounds = {
        name: int(schema[name]) if whole else schema[name]
        for name in ("multipleOf", "minimum", "maximum")
        if schema.get(name) is not None
    }
    if "multipleOf" in bounds:
        yield from _multiple(value, bounds["multipleOf"], path)
    if "minimum" in bounds:
        yield from _least(value, bounds["minimum"], bool(schema.get("exclusiveMinimum")), path)
    if "maximum" in bounds:
        yield from _most(value, bounds["maximum"], bool(schema.get("exclusiveMaximum")), path)


def _multiple(value: int | float, factor: int | float, path: str) -> Iterator[Failure]:
    if factor <= 0:
        message = f"factor MultipleOf declared for {path} must be positive: {number(factor)}"
        yield Failure("", path, message, factor)
        return
    # As upstream does it, because of what floating point makes of 0.3 / 0.1.
    times = 1 / factor * value if factor < 1 else value / factor
    if not float(times).is_integer():
        message = f"{path} in body should be a multiple of {number(factor)}"
        yield Failure("", path, message, value)


def _least(value: int | float, least: int | float, strict: bool, path: str) -> Iterator[Failure]:
    if value < least or (strict and value == least):
        words = "greater than" if strict else "greater than or equal to"
        yield Failure("", path, f"{path} in body should be {words} {number(least)}", value)


def _most(value: int | float, most: int | float, strict: bool, path: str) -> Iterator[Failure]:
    if value > most or (strict and value == most):
        words = "less than" if strict else "less than or equal to"
        yield Failure("", path, f"{path} in body should be {words} {number(most)}", value)


def _out_of_range(value: int | float, schema: Schema) -> str:
    kind, name = schema.get("type"), schema.get("format", "")
    if kind == "integer":
        limit = 1 << _BITS.get(name, 63)
        if (isinstance(value, float) and not value.is_integer()) or not -limit <= value < limit:
            return f"integer with format {name}" if name in _BITS else "integer (default format)"
    elif kind == "number" and name == "float" and abs(value) > _LARGEST_FLOAT:
        return "number with format float"
    return ""

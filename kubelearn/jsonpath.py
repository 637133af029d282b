"""JSONPath, of printer columns, selectable fields and waits: where in an object a value is.

Stands for k8s.io/client-go `util/jsonpath`. Left out is what only kubectl's templates need: text
around an expression, `range`, functions. Fields that are missing give no result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

Step = Callable[[Any], Iterator[Any]]

_TOKEN = re.compile(
    r"""
    (?P<descent>\.\.) (?P<below>\*|[^.\[\]\s]+)
  | \.(?P<field>(?:\\.|[^.\[\]\s])+)
  | \[\s*(?:'(?P<single>(?:\\.|[^'])*)'|"(?P<double>(?:\\.|[^"])*)")\s*\]
  | \[\s*(?P<star>\*)\s*\]
  | \[\s*\?\(\s*(?P<filter>.*?)\s*\)\s*\]
  | \[(?P<slice>[-\d:,\s]+)\]
    """,
    re.VERBOSE,
)
_FILTER = re.compile(r"(?P<left>.+?)\s*(?P<operator>==|!=|<=|>=|<|>)\s*(?P<right>.+)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class JsonPathError(ValueError):
    """An expression that cannot be read."""


class JsonPath:
    """A path that was read once."""

    def __init__(self, expression: str) -> None:
        self._steps = _steps(expression.removeprefix("$"))

    def find(self, obj: Any) -> list[Any]:
        """All values at the path."""
        found = [obj]
        for step in self._steps:
            found = [each for value in found for each in step(value)]
        return found


@lru_cache(maxsize=1024)
def json_path(expression: str) -> JsonPath:
    """The path of an expression such as `.spec.replicas`; raises JsonPathError."""
    return JsonPath(expression)


def _steps(expression: str) -> list[Step]:
    steps: list[Step] = []
    position = 0
    text = expression.strip()
    while position < len(text) and text[position:] != ".":
        found = _TOKEN.match(text, position)
        if not found:
            raise JsonPathError(f"unrecognized JSONPath {text[position:]!r}")
        steps.append(_step(found))
        position = found.end()
    return steps


def _step(found: re.Match[str]) -> Step:
    parts = {name: each for name, each in found.groupdict().items() if each is not None}
    if "descent" in parts:
        return _descent(parts["below"])
    if "filter" in parts:
        return _filter(parts["filter"])
    if "slice" in parts:
        return _slice(parts["slice"])
    if "star" in parts or parts.get("field") == "*":
        return _children
    name = parts.get("field") or parts.get("single") or parts.get("double") or ""
    return _field(re.sub(r"\\(.)", r"\1", name))


def _field(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descent(name: str) -> Step:
    own = _children if name == "*" else _field(name)

    def step(value: Any) -> Iterator[Any]:
        yield from own(value)
        for each in _children(value):
            yield from step(each)

    return step


def _slice(text: str) -> Step:
    wanted = [part.strip().split(":") for part in text.split(",")]

    def step(value: Any) -> Iterator[Any]:
        if not isinstance(value, list):
            return
        for bounds in wanted:
            numbers = [int(each) if each.strip() else None for each in bounds]
            if len(numbers) > 1:
                yield from value[slice(*numbers)]
            elif numbers[0] is not None and -len(value) <= numbers[0] < len(value):
                yield value[numbers[0]]

    return step


def _filter(text: str) -> Step:
    found = _FILTER.fullmatch(text)
    compare = _COMPARE[found["operator"]] if found else None
    left = _operand(found["left"] if found else text)
    right = _operand(found["right"]) if found else None

    def holds(item: Any) -> bool:
        one = left(item)
        if compare is None or right is None:
            return bool(one)
        other = right(item)
        try:
            return bool(one) and bool(other) and compare(one[0], other[0])
        except TypeError:
            return False

    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list):
            yield from (item for item in value if holds(item))

    return step


def _operand(text: str) -> Callable[[Any], list[Any]]:
    text = text.strip()
    if text.startswith("@"):
        return JsonPath(text[1:]).find
    literal = _literal(text)
    return lambda _: [literal]


def _literal(text: str) -> Any:
    if re.fullmatch(r"""'[^']*'|"[^"]*\"""", text):
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)
    except ValueError:
        raise JsonPathError(f"unrecognized literal {text!r}") from None

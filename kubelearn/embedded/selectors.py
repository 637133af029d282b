"""Label and field selectors of list and watch requests.

Stands for k8s.io/apimachinery `pkg/labels/selector.go` and `pkg/fields/selector.go`; the messages
are theirs. A selector is a list of requirements that must all hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kubelearn.labelselector import requirement_holds

_TOKEN = re.compile(r"\s*(?:(==|!=|[=!(),<>])|([^\s=!(),<>]+))")
_OPERATORS = {
    "in": "In", "notin": "NotIn", "=": "In", "==": "In", "!=": "NotIn", "<": "Lt", ">": "Gt",
}  # fmt: skip
_BINARY = "in, notin, =, ==, !=, gt, lt"


class SelectorError(ValueError):
    """A selector that cannot be read; the text is upstream's."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One term of a label selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels fulfil it."""
        return requirement_holds(labels, self.key, self.operator, self.values)


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All of the requirements; none at all selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.requirements)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(requirement.holds(labels) for requirement in self.requirements)


def parse_labels(text: str) -> LabelSelector:
    """Read `app=web,tier in (front, back),!old`. Raises SelectorError."""
    tokens = _Tokens(text)
    found: list[Requirement] = []
    first = tokens.peek()
    if first is not None and first != "!" and not _is_identifier(first):
        raise SelectorError(f"found '{first}', expected: !, identifier, or 'end of string'")
    while tokens.peek() is not None:
        try:
            found.append(_requirement(tokens))
        except SelectorError as error:
            raise SelectorError(f"unable to parse requirement: {error}") from None
        separator = tokens.take()
        if separator is None:
            break
        if separator != ",":
            raise SelectorError(f"found '{separator}', expected: ',' or 'end of string'")
        if not _is_identifier(tokens.peek()) and tokens.peek() != "!":
            raise SelectorError(f"found '{tokens.peek() or ''}', expected: identifier after ','")
    return LabelSelector(tuple(found))


class _Tokens:
    """The words of a selector, with one word of lookahead."""

    def __init__(self, text: str) -> None:
        self._tokens: Iterator[str] = iter([a or b for a, b in _TOKEN.findall(text)])
        self._next: str | None = next(self._tokens, None)

    def peek(self) -> str | None:
        return self._next

    def take(self) -> str | None:
        taken, self._next = self._next, next(self._tokens, None)
        return taken


def _is_identifier(token: str | None) -> bool:
    return token is not None and not re.match(r"[=!(),<>]", token)


def _requirement(tokens: _Tokens) -> Requirement:
    key, absent = tokens.take(), False
    if key == "!":
        key, absent = tokens.take(), True
    if key is None or not _is_identifier(key):
        raise SelectorError(f"found '{key or ''}', expected: identifier")
    if absent or tokens.peek() in (None, ","):
        return Requirement(key, "DoesNotExist" if absent else "Exists")
    word = tokens.take() or ""
    if word not in _OPERATORS:
        raise SelectorError(f"found '{word}', expected: {_BINARY}")
    values = _values(tokens) if word in ("in", "notin") else (_exact(tokens),)
    return _checked(key, word, values)


def _checked(key: str, word: str, values: tuple[str, ...]) -> Requirement:
    if word in "<>" and not re.fullmatch(r"[+-]?\d+", values[0]):
        raise SelectorError(
            f'values[0]: Invalid value: "{values[0]}": '
            "for 'Gt', 'Lt' operators, the value must be an integer"
        )
    return Requirement(key, _OPERATORS[word], values)


def _exact(tokens: _Tokens) -> str:
    if tokens.peek() in (None, ","):
        return ""
    value = tokens.take()
    if value is None or not _is_identifier(value):
        raise SelectorError(f"found '{value or ''}', expected: identifier")
    return value


def _values(tokens: _Tokens) -> tuple[str, ...]:
    opening = tokens.take()
    if opening != "(":
        raise SelectorError(f"found '{opening or ''}' expected: '('")
    values, expects_value = [], True
    expected = "',', ')' or identifier"
    while (token := tokens.take()) != ")":
        if token is None or (token != "," and not _is_identifier(token)):
            raise SelectorError(f"found '{token or ''}', expected: {expected}")
        expected = "',', or identifier" if token == "," else "',' or ')'"
        if token == ",":
            # Two commas in a row, or one at an end, stand for the empty value.
            if expects_value:
                values.append("")
            expects_value = True
        elif expects_value:
            values.append(token)
            expects_value = False
        else:
            raise SelectorError(f"found '{token}', expected: ',' or ')'")
    return (*values, "") if expects_value else tuple(values)


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """Terms `path=value` (True) or `path!=value` (False) over a kind's selectable fields."""

    terms: tuple[tuple[str, str, bool], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Whether an object with these fields is selected."""
        return all((fields.get(path, "") == value) is equal for path, value, equal in self.terms)

    def exact(self, path: str) -> str | None:
        """The one value that `path` must have, if the selector demands one."""
        for term, value, equal in self.terms:
            if term == path and equal:
                return value
        return None


NO_FIELDS = FieldSelector()
"""Chooses by no field, and so everything."""


def parse_fields(text: str) -> FieldSelector:
    r"""Read `spec.nodeName=a,status.phase!=Failed`; `\,`, `\=` and `\\` are escapes."""
    terms = []
    for term in filter(None, re.split(r"(?<!\\),", text)):
        found = re.fullmatch(r"((?:[^=!\\]|\\.|!(?!=))*?)(!=|==|=)(.*)", term, re.DOTALL)
        if not found:
            raise SelectorError(f"invalid selector: '{text}'; can't understand '{term}'")
        path, operator, value = found.groups()
        terms.append((path, re.sub(r"\\([\\,=])", r"\1", value), operator != "!="))
    return FieldSelector(tuple(terms))

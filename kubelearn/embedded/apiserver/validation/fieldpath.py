"""Paths to the fields of a schema: `.spec.color`, `.spec.ports['http']`.

Follows `ValidFieldPath` in k8s.io/apiextensions-apiserver `pkg/apiserver/schema/cel/validation.go`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|[.\[\]]|[^.\[\]]+")


class FieldPathError(ValueError):
    """A path that leads to no field; the text is upstream's."""


def field_at(
    path: str, schema: Mapping[str, Any], *, array_notation: bool = True
) -> tuple[list[str], Mapping[str, Any]]:
    """The names along a path and the schema at its end. Raises FieldPathError."""
    tokens = iter(_TOKEN.findall(path))
    names: list[str] = []
    for token in tokens:
        if token == "[":
            if not array_notation:
                raise FieldPathError("array notation is not allowed")
            name = _quoted(_next(tokens))
            schema = _child(schema, name)
            closing = _next(tokens)
            if closing != "]":
                raise FieldPathError(f"expected ] but got {closing}")
        elif token == ".":
            name = _next(tokens)
            schema = _child(schema, name)
        else:
            raise FieldPathError(f"expected [ or . but got: {token}")
        names.append(name)
    return names, schema


def _next(tokens: Any) -> str:
    found: str | None = next(tokens, None)
    if found is None:
        raise FieldPathError("unexpected end of JSON path")
    return found


def _quoted(token: str) -> str:
    if len(token) < 2 or not token.startswith("'") or not token.endswith("'"):
        raise FieldPathError(f"expected single quoted string but got {token}")
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _child(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    properties, others = schema.get("properties"), schema.get("additionalProperties")
    found: Mapping[str, Any] | None = None
    if properties:
        found = properties.get(name)
    elif isinstance(others, Mapping):
        found = others
    if found is None:
        raise FieldPathError("does not refer to a valid field")
    return found

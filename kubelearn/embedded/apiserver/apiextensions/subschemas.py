"""All schemas inside a schema.

Stands for `SchemaHas` in k8s.io/apiextensions-apiserver `pkg/apis/apiextensions/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.pruning import Schema

RULES = "x-kubernetes-validations"
_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLE = ("items", "not", "additionalProperties", "additionalItems")
_MAPS = ("properties", "patternProperties", "definitions", "dependencies")


def subschemas(schema: Any) -> Iterator[Schema]:
    """A schema itself and every schema in it, however deep."""
    if not isinstance(schema, Mapping):
        return
    yield schema
    for name in _SINGLE:
        yield from subschemas(schema.get(name))
    for name in _LISTS:
        for each in schema.get(name) or []:
            yield from subschemas(each)
    for name in _MAPS:
        for each in (schema.get(name) or {}).values():
            yield from subschemas(each)


def has_rules(schema: Schema) -> bool:
    """Whether there is a rule anywhere in a schema."""
    return any(each.get(RULES) for each in subschemas(schema))


def children(schema: Schema) -> list[tuple[str, Schema]]:
    """The schemas right inside a schema of version 1, with the paths that lead to them."""
    found: list[tuple[str, Any]] = [
        (f".{name}", schema.get(name)) for name in ("additionalProperties", "items", "not")
    ]
    found += [
        (f".properties[{name}]", each) for name, each in (schema.get("properties") or {}).items()
    ]
    for name in ("allOf", "oneOf", "anyOf"):
        found += [(f".{name}[{i}]", each) for i, each in enumerate(schema.get(name) or [])]
    return [(path, each) for path, each in found if isinstance(each, Mapping)]

"""Pruning: fields that a structural schema does not know are dropped.

Stands for k8s.io/apiextensions-apiserver `pkg/apiserver/schema/pruning` and, for nulls,
`pkg/apiserver/schema/defaulting/prunenulls.go`. A schema is the JSON of the definition itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

META_FIELDS = frozenset({"apiVersion", "kind", "metadata"})
PRESERVE = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"


def child(schema: Schema | None, name: str) -> Schema | None:
    """The schema of a field; None when nothing is said about it."""
    if schema is None:
        return None
    found: Schema | None = (schema.get("properties") or {}).get(name)
    return additional(schema) if found is None else found


def additional(schema: Schema) -> Schema | None:
    """The schema of a map's values."""
    values = schema.get("additionalProperties")
    return values if isinstance(values, dict) else None


def prune(obj: Any, schema: Schema) -> list[str]:
    """Drop what the schema does not know, in place; gives the paths of what was dropped."""
    return sorted(_pruned(obj, {**schema, EMBEDDED: True}, ""))


def _pruned(value: Any, schema: Schema | None, path: str) -> Iterator[str]:
    preserves = schema is not None and bool(schema.get(PRESERVE))
    if isinstance(value, list):
        yield from _pruned_items(value, schema, path, preserves=preserves)
    elif isinstance(value, dict):
        yield from _pruned_fields(value, schema, path, preserves=preserves)


def _pruned_fields(
    value: dict[str, Any], schema: Schema | None, path: str, *, preserves: bool
) -> Iterator[str]:
    schema = schema or {}
    properties = schema.get("properties") or {}
    takes_all = schema.get("additionalProperties") is not None
    for name in list(value):
        here = f"{path}.{name}" if path else name
        if schema.get(EMBEDDED) and name in META_FIELDS:
            continue
        if name in properties:
            yield from _pruned(value[name], properties[name], here)
        elif takes_all:
            yield from _pruned(value[name], additional(schema), here)
        elif not preserves:
            yield here
            del value[name]


def _pruned_items(
    value: list[Any], schema: Schema | None, path: str, *, preserves: bool
) -> Iterator[str]:
    items = schema.get("items") if schema else None
    if preserves:
        # What is preserved here is preserved in each item as well.
        items = {**(items or {}), PRESERVE: True}
    for index, item in enumerate(value):
        yield from _pruned(item, items, f"{path}[{index}]")


def prune_nulls(value: Any, schema: Schema | None) -> None:
    """Drop nulls where they are not allowed and no default takes their place."""
    if isinstance(value, dict):
        for name in list(value):
            below = child(schema, name)
            if value[name] is None and below is not None and not _keeps_null(below):
                del value[name]
            else:
                prune_nulls(value[name], below)
    elif isinstance(value, list):
        for item in value:
            prune_nulls(item, schema.get("items") if schema else None)


def _keeps_null(schema: Schema) -> bool:
    return bool(schema.get("nullable")) or schema.get("default") is not None

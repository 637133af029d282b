"""Lists that are sets or maps: no item twice.

Stands for k8s.io/apiextensions-apiserver `pkg/apiserver/schema/listtype/validation.go`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from kubelearn.embedded.apiserver.apiextensions.pruning import Schema, child
from kubelearn.embedded.apiserver.validation.field import Errors, duplicate, invalid


def unique_items(value: Any, schema: Schema | None, path: str = "") -> Errors:
    """Errors for items that stand twice in a set, or whose keys do in a map."""
    if schema is None:
        return
    if isinstance(value, dict):
        for name, each in value.items():
            in_map = name not in (schema.get("properties") or {})
            here = f"{path}[{name}]" if in_map else f"{path}.{name}" if path else name
            yield from unique_items(each, child(schema, name), here)
    elif isinstance(value, list):
        yield from _unique(value, schema, path)
        for index, item in enumerate(value):
            yield from unique_items(item, schema.get("items"), f"{path}[{index}]")


def _unique(items: list[Any], schema: Schema, path: str) -> Errors:
    match schema.get("x-kubernetes-list-type"):
        case "set":
            keys: Sequence[Any] = items
        case "map":
            for index, item in enumerate(items):
                if item is not None and not isinstance(item, dict):
                    detail = "must be an object for an array of list-type map"
                    yield invalid(f"{path}[{index}]", item, detail)
                    return
            names = schema["x-kubernetes-list-map-keys"]
            keys = [{k: each[k] for k in names if k in (each or {})} for each in items]
        case _:
            return
    for index in repeated(keys):
        yield duplicate(f"{path}[{index}]", keys[index])


def repeated(values: Sequence[Any]) -> list[int]:
    """Where a value stands for the second time."""
    seen: dict[bytes, int] = {}
    found = []
    for index, value in enumerate(values):
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        seen[text] = seen.get(text, 0) + 1
        if seen[text] == 2:
            found.append(index)
    return found

"""Defaults of custom resources, filled in when an object is written and when it is read.

Stands for k8s.io/apiextensions-apiserver `pkg/apiserver/schema/defaulting/algorithm.go`.
"""

from __future__ import annotations

import copy
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.pruning import Schema, additional


def default(value: Any, schema: Schema | None) -> None:
    """Fill in what is missing, in place; a null that is not allowed counts as missing."""
    if schema is None:
        return
    if isinstance(value, dict):
        _default_fields(value, schema)
    elif isinstance(value, list) and (items := schema.get("items")):
        for index, item in enumerate(value):
            if _is_missing(item, items):
                value[index] = copy.deepcopy(items.get("default"))
            default(value[index], items)


def _default_fields(value: dict[str, Any], schema: Schema) -> None:
    properties = schema.get("properties") or {}
    for name, below in properties.items():
        wanted = below.get("default")
        if wanted is not None and (name not in value or _is_missing(value[name], below)):
            value[name] = copy.deepcopy(wanted)
    others = additional(schema)
    for name in value:
        if name in properties:
            default(value[name], properties[name])
        elif others is not None:
            if _is_missing(value[name], others):
                value[name] = copy.deepcopy(others.get("default"))
            default(value[name], others)


def _is_missing(value: Any, schema: Schema) -> bool:
    return value is None and not schema.get("nullable")

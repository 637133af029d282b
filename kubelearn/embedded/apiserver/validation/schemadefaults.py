"""Rules for the defaults in the schemas of CustomResourceDefinitions.

Follows k8s.io/apiextensions-apiserver `pkg/apiserver/schema/defaulting/validation.go`. Left out:
defaults inside of metadata, of which only those of embedded resources are allowed.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

# As modules, because these import this package in turn.
from kubelearn.embedded.apiserver.apiextensions import objectmeta, pruning, valuevalidation
from kubelearn.embedded.apiserver.serializer import DecodeError
from kubelearn.embedded.apiserver.validation.field import Errors, invalid, invalid_whole

Schema = Mapping[str, Any]

_META_FIELDS = ("apiVersion", "kind", "metadata")


def schema_defaults(schema: Schema, field: str, *, root: bool = False) -> Errors:
    """A default has to be a value that its schema allows."""
    if root:
        schema = {**schema, pruning.EMBEDDED: True}
    if schema.get("default") is not None:
        yield from _default(schema, f"{field}.default")
    if isinstance(schema.get("items"), Mapping):
        yield from schema_defaults(schema["items"], f"{field}.items")
    for name, each in (schema.get("properties") or {}).items():
        # Defaults in metadata are forbidden anyway, or belong to an object that is not there yet.
        if not schema.get(pruning.EMBEDDED) or name not in _META_FIELDS:
            yield from schema_defaults(each, f"{field}.properties[{name}]")


def _default(schema: Schema, field: str) -> Errors:
    value = schema["default"]
    pruned = copy.deepcopy({"default": value})
    if pruning.prune(pruned, {"properties": {"default": schema}}):
        yield invalid(field, value, "must not have unknown fields")
    try:
        objectmeta.coerce(pruned["default"], schema, field)
    except DecodeError as error:
        yield invalid_whole(field, str(error))
        return
    if found := list(objectmeta.embedded(value, schema, field)):
        yield from found
    else:
        yield from valuevalidation.validate(value, schema, field)

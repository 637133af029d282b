"""Structural schemas: schemas that say of each field what it is, in one place.

Stands for k8s.io/apiextensions-apiserver `pkg/apiserver/schema/{validation,complete}.go`. Pruning
and defaults need to know every field; so types stand in the *structure* of a schema, and what is
inside `allOf`, `anyOf`, `oneOf` and `not` may only restrict values of fields that are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.patterns import PatternError, compile_pattern
from kubelearn.embedded.apiserver.apiextensions.pruning import EMBEDDED, PRESERVE, Schema
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    FieldError,
    forbidden,
    invalid,
    required,
)

INT_OR_STRING = "x-kubernetes-int-or-string"
_INT_OR_STRING_ANY_OF = [{"type": "integer"}, {"type": "string"}]
_EMPTY_TYPE = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}
# What belongs to the structure, with the word that says how it is to be left out elsewhere.
_STRUCTURE = {
    "type": "empty",
    "additionalProperties": "undefined",
    "default": "undefined",
    "title": "empty",
    "description": "empty",
    "nullable": "false",
    PRESERVE: "false",
    EMBEDDED: "false",
    INT_OR_STRING: "false",
    "x-kubernetes-list-map-keys": "empty",
    "x-kubernetes-list-type": "undefined",
    "x-kubernetes-map-type": "undefined",
    "x-kubernetes-validations": "empty",
}
_QUANTIFIERS = ("allOf", "anyOf", "oneOf")


def structural(schema: Schema, path: str) -> list[FieldError]:
    """Why a schema is not structural, in alphabetical order."""
    found = chain(_invariants(schema, "root", path), _complete(schema, schema, path, path))
    return sorted(found, key=lambda error: f"{error.field}: {error.message}")


# --- the structure --------------------------------------------------------------------------------


def _invariants(schema: Schema, level: str, path: str) -> Errors:
    items, others = schema.get("items"), schema.get("additionalProperties")
    if schema.get("type") == "array" and items is None:
        yield required(f"{path}.items", "must be specified")
    if items is not None:
        yield from _invariants(items, "item", f"{path}.items")
    for name, each in (schema.get("properties") or {}).items():
        yield from _invariants(each, "field", f"{path}.properties[{name}]")
    if others is not None and level == "root":
        yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
    if isinstance(others, Mapping):
        yield from _invariants(others, "field", f"{path}.additionalProperties")
    yield from _extensions(schema, path)
    yield from _values(schema, path, skip=_int_or_string_exception(schema))
    yield from _type(schema, level, path)
    yield from _meta_properties(schema, level, path)


def _extensions(schema: Schema, path: str) -> Errors:
    if schema.get(INT_OR_STRING):
        for name in (PRESERVE, EMBEDDED):
            if schema.get(name):
                detail = "must be false if x-kubernetes-int-or-string is true"
                yield invalid(f"{path}.{name}", True, detail)


def _type(schema: Schema, level: str, path: str) -> Errors:
    kind = schema.get("type", "")
    if schema.get(EMBEDDED):
        if kind != "object":
            detail = "must be object if x-kubernetes-embedded-resource is true"
            yield (
                invalid(f"{path}.type", kind, detail) if kind else required(f"{path}.type", detail)
            )
        if schema.get("additionalProperties") is not None:
            detail = "must not be used if x-kubernetes-embedded-resource is set"
            yield forbidden(f"{path}.additionalProperties", detail)
    elif not kind and not schema.get(INT_OR_STRING) and not schema.get(PRESERVE):
        yield required(f"{path}.type", _EMPTY_TYPE[level])
    if level == "root" and kind and kind != "object":
        yield invalid(f"{path}.type", kind, "must be object at the root")


def _meta_properties(schema: Schema, level: str, path: str) -> Errors:
    properties = schema.get("properties") or {}
    is_resource = level == "root" or bool(schema.get(EMBEDDED))
    for name in ("kind", "apiVersion"):
        kind = properties.get(name, {}).get("type", "")
        if is_resource and name in properties and kind != "string":
            yield invalid(f"{path}.properties[{name}].type", kind, "must be string")
    if "metadata" in properties:
        yield from _metadata(properties["metadata"], level, f"{path}.properties[metadata]",
                             is_resource=is_resource)  # fmt: skip
    if schema.get(EMBEDDED) and not schema.get(PRESERVE) and not properties:
        detail = (
            "must not be empty if x-kubernetes-embedded-resource is true without "
            "x-kubernetes-preserve-unknown-fields"
        )
        yield required(f"{path}.properties", detail)


def _metadata(schema: Schema, level: str, path: str, *, is_resource: bool) -> Errors:
    if is_resource and schema.get("type", "") != "object":
        yield invalid(f"{path}.type", schema.get("type", ""), "must be object")
    properties = schema.get("properties") or {}
    rest = schema.keys() - {"type", "default"}
    if properties.keys() <= {"name", "generateName"}:
        rest -= {"properties"}
    if level == "root" and rest:
        yield forbidden(
            path,
            "must not specify anything other than name and generateName, but metadata is "
            "implicitly specified",
        )


# --- value validation -----------------------------------------------------------------------------


def _int_or_string_exception(schema: Schema) -> str:
    """Where the one form of types inside of alternatives is: the long way to say int-or-string."""
    if schema.get("anyOf") == _INT_OR_STRING_ANY_OF:
        return "anyOf"
    all_of = schema.get("allOf") or [{}]
    return "allOf" if all_of[0].get("anyOf") == _INT_OR_STRING_ANY_OF else ""


def _values(schema: Schema, path: str, *, skip: str = "") -> Errors:
    if skip != "anyOf":
        for index, each in enumerate(schema.get("anyOf") or []):
            yield from _nested(each, f"{path}.anyOf[{index}]")
    for index, each in enumerate(schema.get("allOf") or []):
        first = "anyOf" if skip == "allOf" and index == 0 else ""
        yield from _nested(each, f"{path}.allOf[{index}]", skip=first)
    for index, each in enumerate(schema.get("oneOf") or []):
        yield from _nested(each, f"{path}.oneOf[{index}]")
    if "not" in schema:
        yield from _nested(schema["not"], f"{path}.not")
    if pattern := schema.get("pattern"):
        try:
            compile_pattern(pattern)
        except PatternError as error:
            detail = f"must be a valid regular expression, but isn't: {error}"
            yield invalid(f"{path}.pattern", pattern, detail)


def _nested(schema: Schema, path: str, *, skip: str = "") -> Errors:
    yield from _values(schema, path, skip=skip)
    if schema.get("items") is not None:
        yield from _nested(schema["items"], f"{path}.items")
    for name, each in (schema.get("properties") or {}).items():
        yield from _nested(each, f"{path}.properties[{name}]")
    for name, word in _STRUCTURE.items():
        if schema.get(name) not in (None, "", False, []):
            yield forbidden(f"{path}.{name}", f"must be {word} to be structural")
    if "metadata" in (schema.get("properties") or {}):
        yield forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _complete(values: Schema, structure: Any, path: str, value_path: str) -> Errors:
    """What alternatives speak of has to be in the structure as well."""
    for name in _QUANTIFIERS:
        for index, each in enumerate(values.get(name) or []):
            yield from _nested_complete(each, structure, path, f"{value_path}.{name}[{index}]")
    if "not" in values:
        yield from _nested_complete(values["not"], structure, path, f"{value_path}.not")


def _nested_complete(values: Schema, structure: Any, path: str, value_path: str) -> Errors:
    if structure is None:
        yield required(path, f"because it is defined in {value_path}")
        return
    yield from _complete(values, structure, path, value_path)
    if values.get("items") is not None:
        yield from _nested_complete(
            values["items"], structure.get("items"), f"{path}.items", f"{value_path}.items"
        )
    known = structure.get("properties") or {}
    for name, each in (values.get("properties") or {}).items():
        here, there = f"{path}.properties[{name}]", f"{value_path}.properties[{name}]"
        yield from _nested_complete(each, known.get(name), here, there)

"""Rules for the schemas of CustomResourceDefinitions.

Follows the second half of k8s.io/apiextensions-apiserver
`pkg/apis/apiextensions/validation/validation.go`. Its defaults are checked in `schemadefaults.py`,
its rules in `validationrules.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

# As modules, because these import this package in turn.
from kubelearn.embedded.apiserver.apiextensions import pruning, structural
from kubelearn.embedded.apiserver.apiextensions.subschemas import children
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    FieldError,
    forbidden,
    invalid,
    not_supported,
    required,
)
from kubelearn.embedded.apiserver.validation.schemadefaults import schema_defaults
from kubelearn.embedded.apiserver.validation.validationrules import (
    rule_expressions,
    validation_rule,
)

Schema = Mapping[str, Any]

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_META_FIELDS = ("apiVersion", "kind", "metadata")
_UNSUPPORTED = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
# What may stand beside a status that has a door of its own, by Go's names, as upstream lists them.
_AT_ROOT = (
    "Description", "Type", "Format", "Title", "Maximum", "ExclusiveMaximum", "Minimum",
    "ExclusiveMinimum", "MaxLength", "MinLength", "Pattern", "MaxItems", "MinItems", "UniqueItems",
    "MultipleOf", "Required", "Items", "Properties", "ExternalDocs", "Example",
    "XPreserveUnknownFields", "XValidations",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the whole a schema stands."""

    is_root: bool = False
    in_meta: bool = False
    # Why there may be no default here.
    no_default: str = ""


def validation_schema(holder: Mapping[str, Any], field: str, *, has_status: bool) -> Errors:
    """The schema of a version."""
    schema: Schema | None = holder.get("openAPIV3Schema")
    if schema is None:
        return
    field = f"{field}.openAPIV3Schema"
    if has_status:
        yield from _beside_status(schema, field)
    if schema.get("nullable"):
        yield forbidden(f"{field}.nullable", "nullable cannot be true at the root")
    unsupported = next(_unsupported(schema), "")
    found: list[FieldError] = []
    if not unsupported:
        found = structural.structural(schema, field) or list(
            schema_defaults(schema, field, root=True)
        )
        yield from found
    own = list(_schema(schema, field, _Place(is_root=True)))
    yield from own
    if unsupported and not own:
        yield invalid(field, "", unsupported)
    if not unsupported and not found and not own:
        yield from rule_expressions(schema, field)


def _beside_status(schema: Schema, field: str) -> Errors:
    if schema.get("type") != "object":
        detail = (
            'only "object" is allowed as the type at the root of the schema if the status '
            "subresource is enabled"
        )
        yield invalid(f"{field}.type", schema.get("type", ""), detail)
        return
    allowed = {_json_name(name) for name in _AT_ROOT}
    if any(name not in allowed for name, value in schema.items() if value):
        detail = (
            f"only [{' '.join(_AT_ROOT)}] fields are allowed at the root of the schema if the "
            "status subresource is enabled"
        )
        yield invalid(field, dict(schema), detail)


def _json_name(name: str) -> str:
    special = {
        "XPreserveUnknownFields": pruning.PRESERVE,
        "XValidations": "x-kubernetes-validations",
    }
    return special.get(name, name[0].lower() + name[1:])


def _unsupported(schema: Any) -> Any:
    """Why a schema cannot be a structure, in the words of upstream's conversion."""
    if not isinstance(schema, Mapping):
        return
    for name in ("id", "$ref", "patternProperties", "dependencies", "additionalItems"):
        if schema.get(name):
            yield f"OpenAPIV3Schema '{name}' is not supported"
    if schema.get(pruning.PRESERVE) is False:
        yield f"internal error: '{pruning.PRESERVE}' must be true or undefined"
    if isinstance(schema.get("items"), list):
        yield "OpenAPIV3Schema 'items' must be a schema, but is an array"
    for _, below in children(schema):
        yield from _unsupported(below)


# --- one schema -----------------------------------------------------------------------------------


def _schema(schema: Schema, field: str, place: _Place) -> Errors:
    yield from _standard(schema, field, place)
    if schema.get("uniqueItems"):
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(f"{field}.uniqueItems", detail)
    others = schema.get("additionalProperties")
    if schema.get("properties") and others is not None and others is not True:
        detail = "additionalProperties and properties are mutual exclusive"
        yield forbidden(f"{field}.additionalProperties", detail)
    for path, below in children(schema):
        yield from _schema(below, field + path, _place_below(schema, path, place))
    yield from _extensions(schema, field)
    yield from _list_type(schema, field)
    for i, rule in enumerate(schema.get("x-kubernetes-validations") or []):
        yield from validation_rule(rule, schema, f"{field}.x-kubernetes-validations[{i}]")


def _place_below(schema: Schema, path: str, place: _Place) -> _Place:
    inner = replace(place, is_root=False)
    if path == ".additionalProperties" and place.in_meta:
        return replace(inner, no_default="inside additionalProperties applying to object metadata")
    name = path.removeprefix(".properties[").removesuffix("]")
    is_resource = place.is_root or schema.get(pruning.EMBEDDED)
    if path.startswith(".properties") and is_resource and name in _META_FIELDS:
        reason = f"in top-level {name}" if place.is_root else place.no_default
        return replace(inner, in_meta=True, no_default=reason)
    return inner


def _standard(schema: Schema, field: str, place: _Place) -> Errors:
    kind = schema.get("type", "")
    if kind and kind not in _TYPES:
        yield not_supported(f"{field}.type", kind, _TYPES)
    if schema.get("default") is not None and place.no_default:
        yield forbidden(f"{field}.default", f"must not be set {place.no_default}")
    for name in _UNSUPPORTED:
        if schema.get(name):
            yield forbidden(f"{field}.{name}", f"{name} is not supported")
    if kind == "null":
        detail = "type cannot be set to null, use nullable as an alternative"
        yield forbidden(f"{field}.type", detail)
    if isinstance(schema.get("items"), list) and schema["items"]:
        yield forbidden(f"{field}.items", "items must be a schema object and not an array")
    if place.in_meta and schema.get(pruning.EMBEDDED):
        yield forbidden(f"{field}.{pruning.EMBEDDED}", "must not be used inside of resource meta")


def _extensions(schema: Schema, field: str) -> Errors:
    if schema.get(pruning.PRESERVE) is False:
        yield invalid(f"{field}.{pruning.PRESERVE}", False, "must be true or undefined")
    kind, map_type = schema.get("type", ""), schema.get("x-kubernetes-map-type")
    if map_type is not None and kind != "object":
        yield _wrong_type(field, kind, "must be object if x-kubernetes-map-type is specified")
    if map_type not in (None, "atomic", "granular"):
        yield not_supported(f"{field}.x-kubernetes-map-type", map_type, ("atomic", "granular"))


def _wrong_type(field: str, kind: str, detail: str) -> FieldError:
    return invalid(f"{field}.type", kind, detail) if kind else required(f"{field}.type", detail)


def _list_type(schema: Schema, field: str) -> Errors:
    kind, list_type = schema.get("type", ""), schema.get("x-kubernetes-list-type")
    items: Any = schema.get("items") or {}
    if list_type is not None and kind != "array":
        yield _wrong_type(field, kind, "must be array if x-kubernetes-list-type is specified")
    elif list_type == "set":
        yield from _set_items(items, f"{field}.items")
    if list_type not in (None, "atomic", "set", "map"):
        supported = ("atomic", "set", "map")
        yield not_supported(f"{field}.x-kubernetes-list-type", list_type, supported)
    keys = schema.get("x-kubernetes-list-map-keys") or []
    if keys and list_type != "map":
        detail = "must be map if x-kubernetes-list-map-keys is non-empty"
        here = f"{field}.x-kubernetes-list-type"
        yield invalid(here, list_type, detail) if list_type else required(here, detail)
    if list_type == "map":
        yield from _map_items(schema, keys, field)
    if list_type in ("set", "map"):
        yield from _keyed_items(items, keys if list_type == "map" else [], list_type, field)


def _set_items(items: Schema, field: str) -> Errors:
    detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
    inner = items.get("x-kubernetes-list-type")
    if items.get("type") == "array" and inner not in (None, "atomic"):
        yield invalid(f"{field}.x-kubernetes-list-type", inner, detail)
    if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
        yield invalid(f"{field}.x-kubernetes-map-type", inner, detail)


def _map_items(schema: Schema, keys: list[str], field: str) -> Errors:
    items: Any = schema.get("items")
    if not keys:
        detail = "must not be empty if x-kubernetes-list-type is map"
        yield required(f"{field}.x-kubernetes-list-map-keys", detail)
    if items is None:
        detail = "must have a schema if x-kubernetes-list-type is map"
        yield required(f"{field}.items", detail)
    elif items.get("type") != "object":
        detail = "must be object if parent array's x-kubernetes-list-type is map"
        yield invalid(f"{field}.items.type", items.get("type", ""), detail)
    else:
        yield from _key_properties(items.get("properties") or {}, keys, field)


def _key_properties(properties: Schema, keys: list[str], field: str) -> Errors:
    here = f"{field}.x-kubernetes-list-map-keys"
    for i, key in enumerate(keys):
        if key not in properties:
            yield invalid(here, keys, "entries must all be names of item properties")
        elif properties[key].get("type") in ("array", "object"):
            detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            yield invalid(f"{field}.items.properties[{key}].type", "object", detail)
        if key in keys[:i]:
            yield invalid(here, keys, "must not contain duplicate entries")


def _keyed_items(items: Schema, keys: list[str], list_type: str, field: str) -> Errors:
    if items.get("nullable"):
        detail = f"cannot be nullable when x-kubernetes-list-type is {list_type}"
        yield forbidden(f"{field}.items.nullable", detail)
    properties = items.get("properties") or {}
    for key in keys:
        found, here = properties.get(key), f"{field}.items.properties[{key}]"
        if found is None:
            continue
        if key not in (items.get("required") or []) and found.get("default") is None:
            detail = (
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be "
                "a required property"
            )
            yield required(f"{here}.default", detail)
        if found.get("nullable"):
            detail = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"
            yield forbidden(f"{here}.nullable", detail)

"""Rules for what a CustomResourceDefinition says of one version, or of all at once.

Follows k8s.io/apiextensions-apiserver `pkg/apis/apiextensions/validation/validation.go`. Schemas
are checked in `jsonschemaprops.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    invalid,
    required,
    too_many,
)
from kubelearn.embedded.apiserver.validation.fieldpath import FieldPathError, field_at
from kubelearn.embedded.apiserver.validation.jsonschemaprops import validation_schema
from kubelearn.objects import Object

_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_MOST_SELECTABLE = 8
_LONGEST_WARNING = 256
_NOT_SELECTABLE = (
    "must point to a field of type string, boolean or integer. "
    "Enum string fields and strings with formats are allowed."
)


def version_parts(part: Mapping[str, Any], field: str, *, schema: str, whole: Object) -> Errors:
    """The schema and what depends on it, of a version or of all."""
    has_status = "status" in (whole.get("subresources") or {})
    if part.get("schema"):
        yield from validation_schema(part["schema"], f"{field}.{schema}", has_status=has_status)
    yield from _subresources(part.get("subresources") or {}, f"{field}.subresources")
    for i, column in enumerate(part.get("additionalPrinterColumns") or []):
        yield from _column(column, f"{field}.additionalPrinterColumns[{i}]")
    if selectable := part.get("selectableFields"):
        found = (whole.get("schema") or {}).get("openAPIV3Schema") or {}
        yield from _selectable(selectable, found, f"{field}.selectableFields")


def deprecation(version: Object, field: str) -> Errors:
    """What clients of a deprecated version shall be told."""
    warning = version.get("deprecationWarning")
    if warning is None:
        return
    if not version.get("deprecated"):
        yield invalid(field, warning, "can only be set for deprecated versions")
        return
    if len(warning.encode()) > _LONGEST_WARNING:
        yield invalid(field, warning, f"must be <= {_LONGEST_WARNING} characters long")
    if not warning:
        yield invalid(field, warning, "must not be an empty string")
    bad = next((i for i, sign in enumerate(warning) if not sign.isprintable()), None)
    if bad is not None:
        detail = (
            "must only contain printable UTF-8 characters; "
            f"non-printable character found at index {bad}"
        )
        yield invalid(field, warning, detail)


def _subresources(subresources: Object, field: str) -> Errors:
    scale = subresources.get("scale")
    if scale is None:
        return
    for name, parts in (("specReplicasPath", (".spec",)), ("statusReplicasPath", (".status",))):
        if not scale[name]:
            yield required(f"{field}.scale.{name}")
        else:
            yield from _path_under(scale[name], parts, f"{field}.scale.{name}")
    if path := scale.get("labelSelectorPath"):
        yield from _path_under(path, (".spec", ".status"), f"{field}.scale.labelSelectorPath")


def _path_under(path: str, parts: Sequence[str], field: str) -> Errors:
    if problems := list(_simple_path(path, field)):
        yield from problems
    elif not path.startswith(tuple(f"{part}." for part in parts)):
        either = "either " if len(parts) > 1 else ""
        yield invalid(field, path, f"should be a json path under {either}{' or '.join(parts)}")


def _simple_path(path: str, field: str) -> Errors:
    if not path.startswith("."):
        yield invalid(field, path, "must be a simple json path starting with .")


def _column(column: Object, field: str) -> Errors:
    if not column["name"]:
        yield required(f"{field}.name")
    detail = f"must be one of {','.join(_COLUMN_TYPES)}"
    if not column["type"]:
        yield required(f"{field}.type", detail)
    elif column["type"] not in _COLUMN_TYPES:
        yield invalid(f"{field}.type", column["type"], detail)
    form = column.get("format")
    if form and form not in _COLUMN_FORMATS:
        yield invalid(f"{field}.format", form, f"must be one of {','.join(_COLUMN_FORMATS)}")
    if not column["jsonPath"]:
        yield required(f"{field}.JSONPath")
    else:
        yield from _simple_path(column["jsonPath"], f"{field}.JSONPath")


def _selectable(fields: Iterable[Object], schema: Object, field: str) -> Errors:
    seen = set()
    for i, each in enumerate(fields):
        path, here = each["jsonPath"], f"{field}[{i}].jsonPath"
        if not path:
            yield required(here)
            continue
        try:
            names, found = field_at(path, schema, array_notation=False)
        except FieldPathError as error:
            yield invalid(here, path, f"is an invalid path: {error}")
            continue
        if names[0] == "metadata":
            yield invalid(here, path, "must not point to fields in metadata")
        if found.get("type") not in ("string", "boolean", "integer"):
            yield invalid(here, path, _NOT_SELECTABLE)
        if tuple(names) in seen:
            yield duplicate(here, path)
        seen.add(tuple(names))
    if len(seen) > _MOST_SELECTABLE:
        yield too_many(field, len(seen), _MOST_SELECTABLE)

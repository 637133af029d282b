"""Rules for custom resources: those of their definition.

Follows k8s.io/apiextensions-apiserver `pkg/registry/customresource/{strategy,status_strategy,
validator}.go`. An update is not held responsible for what was wrong before it ("ratcheting").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

# As modules, because these import this package in turn.
from kubelearn.embedded.apiserver.apiextensions import listtype, objectmeta, rules, valuevalidation
from kubelearn.embedded.apiserver.names import path_segment
from kubelearn.embedded.apiserver.status import number
from kubelearn.embedded.apiserver.validation.field import Errors, FieldError, invalid
from kubelearn.embedded.apiserver.validation.metadata import (
    general_metadata,
    general_metadata_update,
)
from kubelearn.objects import Object

if TYPE_CHECKING:
    from kubelearn.embedded.apiserver.apiextensions.version import CustomVersion

_LARGEST_INT32 = 2**31 - 1
# After these the types are not what rules may rely on.
_BLOCKING = frozenset(
    {
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    }
)
_NOT_CHECKED = (
    "some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)
_GO_TYPES = {
    str: "string", bool: "bool", int: "int64", float: "float64", dict: "map[string]interface {}",
    list: "[]interface {}", type(None): "<nil>",
}  # fmt: skip


def create(version: CustomVersion, obj: Object) -> list[FieldError]:
    """What is wrong with a new object."""
    found = list(_type_meta(version, obj))
    if not found:
        found += general_metadata(obj, namespaced=version.namespaced)
        found += valuevalidation.validate(obj, version.schema)
        found += _scale_spec(version, obj)
        found += _scale_status(version, obj)
    found += objectmeta.embedded(obj, version.schema)
    found += listtype.unique_items(obj, version.schema)
    found += _rules(version, obj, valuevalidation.ABSENT, found)
    return found or list(general_metadata(obj, path_segment, namespaced=version.namespaced))


def update(version: CustomVersion, new: Object, old: Object) -> list[FieldError]:
    """What is wrong with a change."""
    found = list(general_metadata(new, path_segment, namespaced=version.namespaced))
    found += general_metadata_update(new, old)
    if problems := list(_type_meta(version, new)):
        found += problems
    else:
        found += general_metadata_update(new, old)
        found += valuevalidation.validate(new, version.schema, old=old)
        found += _scale_spec(version, new)
        found += _scale_status(version, new)
    found += objectmeta.embedded(new, version.schema)
    found += _unique(version, new, old)
    return found + list(_rules(version, new, old, found))


def status_update(version: CustomVersion, new: Object, old: Object) -> list[FieldError]:
    """What is wrong with a change of the status."""
    found = list(general_metadata(new, path_segment, namespaced=version.namespaced))
    found += general_metadata_update(new, old)
    if problems := list(_type_meta(version, new)):
        found += problems
    else:
        found += general_metadata_update(new, old)
        schema = (version.schema.get("properties") or {}).get("status")
        if schema and "status" in new:
            before = old.get("status", valuevalidation.ABSENT)
            found += valuevalidation.validate(new["status"], schema, "status", old=before)
        found += _scale_status(version, new)
    found += _unique(version, new, old)
    return found + list(_rules(version, new, old, found))


def _type_meta(version: CustomVersion, obj: Object) -> Errors:
    for name, wanted in (("kind", version.kind), ("apiVersion", version.api_version)):
        if obj.get(name) != wanted:
            yield invalid(name, obj.get(name, ""), f"must be {wanted}")


def _unique(version: CustomVersion, new: Object, old: Object) -> list[FieldError]:
    if any(listtype.unique_items(old, version.schema)):
        return []
    return list(listtype.unique_items(new, version.schema))


def _rules(version: CustomVersion, new: Object, old: Any, found: list[FieldError]) -> Errors:
    if not version.has_rules:
        return
    if any(error.reason in _BLOCKING for error in found):
        yield invalid("<nil>", None, _NOT_CHECKED)
    else:
        yield from rules.validate(new, old, version.schema)


# --- scale ----------------------------------------------------------------------------------------


def _scale_spec(version: CustomVersion, obj: Object) -> Errors:
    if version.scale:
        yield from _replicas(obj, version.scale["specReplicasPath"])


def _scale_status(version: CustomVersion, obj: Object) -> Errors:
    scale = version.scale or {}
    if path := scale.get("statusReplicasPath"):
        yield from _replicas(obj, path)
    if path := scale.get("labelSelectorPath"):
        _, problem = nested(obj, path, str)
        if problem:
            yield invalid(path, "", problem)


def _replicas(obj: Object, path: str) -> Errors:
    replicas, problem = nested(obj, path, int)
    if problem:
        yield invalid(path, 0, problem)
    elif replicas is not None and replicas < 0:
        yield invalid(path, replicas, "should be a non-negative integer")
    elif replicas is not None and replicas > _LARGEST_INT32:
        yield invalid(path, replicas, f"should be less than or equal to {_LARGEST_INT32}")


def nested(obj: Mapping[str, Any], path: str, wanted: type) -> tuple[Any, str]:
    """The value at a simple path such as `.spec.replicas`, or why there can be none."""
    found: Any = obj
    names = path.removeprefix(".").split(".")
    for index, name in enumerate(names):
        if not isinstance(found, Mapping):
            where = ".".join(names[: index + 1])
            return None, (
                f".{where} accessor error: {_shown(found)} is of the type "
                f"{_GO_TYPES[type(found)]}, expected map[string]interface{{}}"
            )
        if name not in found:
            return None, ""
        found = found[name]
    if type(found) is not wanted:
        return None, (
            f"{path} accessor error: {_shown(found)} is of the type {_GO_TYPES[type(found)]}, "
            f"expected {_GO_TYPES[wanted]}"
        )
    return found, ""


def _shown(value: Any) -> str:
    """A value as Go's `%v` prints it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return str(value).lower()
        case float():
            return number(value)
    return str(value)

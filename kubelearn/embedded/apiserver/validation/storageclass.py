"""Rules for StorageClasses (upstream `pkg/apis/storage/validation/validation.go`)."""

from __future__ import annotations

from collections.abc import Generator

from kubelearn.embedded.apiserver.validation.common import supported
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    FieldError,
    duplicate,
    immutable,
    invalid,
    required,
    too_long,
)
from kubelearn.embedded.apiserver.validation.metadata import label_name, metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.objects import Object

_POLICIES = ("Delete", "Retain")
_MODES = ("Immediate", "WaitForFirstConsumer")
_MOST_PARAMETERS = 512
_LONGEST_PARAMETERS = 256 * 1024


@on_create("storage.v1.StorageClass")
def storage_class(obj: Object) -> Errors:
    """A StorageClass."""
    yield from metadata(obj, namespaced=False)
    if not obj["provisioner"]:
        yield required("provisioner")
    else:
        yield from label_name(obj["provisioner"].lower(), "provisioner")
    yield from parameters(obj.get("parameters") or {})
    yield from supported("reclaimPolicy", obj.get("reclaimPolicy") or None, _POLICIES)
    yield from _binding_mode("volumeBindingMode", obj.get("volumeBindingMode"))
    terms = obj.get("allowedTopologies") or []
    # Upstream begins with a list of empty ones, so that none may be empty.
    seen: list[Object] = [{} for _ in terms]
    for i, term in enumerate(terms):
        field = f"allowedTopologies[{i}].matchLabelExpressions"
        found = yield from _topology(field, term)
        yield from (duplicate(field, "") for other in seen if other == found)
        seen.append(found)


def _binding_mode(field: str, mode: str | None) -> Errors:
    if mode is None:
        yield required(field)
    yield from supported(field, mode, _MODES)


def parameters(parameters: Object) -> Errors:
    """What a class tells its driver."""
    if len(parameters) > _MOST_PARAMETERS:
        yield too_long("parameters", _MOST_PARAMETERS)
        return
    if "" in parameters:
        yield invalid("parameters", "", "field can not be empty.")
    if sum(len(name) + len(value) for name, value in parameters.items()) > _LONGEST_PARAMETERS:
        yield too_long("parameters", _LONGEST_PARAMETERS)


def _topology(field: str, term: Object) -> Generator[FieldError, None, Object]:
    found: Object = {}
    for i, requirement in enumerate(term.get("matchLabelExpressions") or []):
        here = f"{field}[{i}]"
        values = requirement["values"] or []
        if not values:
            yield required(f"{here}.values")
        for j, value in enumerate(values):
            if value in values[:j]:
                yield duplicate(f"{here}.values[{j}]", value)
        yield from label_name(requirement["key"], f"{here}.key")
        if requirement["key"] in found:
            yield duplicate(f"{here}.key", requirement["key"])
        found[requirement["key"]] = set(values)
    return found


@on_update("storage.v1.StorageClass")
def storage_class_update(new: Object, old: Object) -> Errors:
    """A StorageClass, of which little may change."""
    yield from storage_class(new)
    yield from metadata_update(new, old)
    for name in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):
        yield from immutable(name, new.get(name), old.get(name))

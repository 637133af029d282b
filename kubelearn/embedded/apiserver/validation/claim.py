"""Rules for PersistentVolumeClaims (upstream `pkg/apis/core/validation/validation.go`)."""

from __future__ import annotations

import copy

from kubelearn.embedded.apiserver.names import qualified_name
from kubelearn.embedded.apiserver.validation.field import (
    IMMUTABLE,
    Errors,
    each_invalid,
    forbidden,
    immutable,
    invalid,
    not_supported,
    required,
)
from kubelearn.embedded.apiserver.validation.internals import difference
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.embedded.apiserver.validation.storage import claim_spec
from kubelearn.objects import Object, annotations_of
from kubelearn.quantity import quantity

_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
_RESIZING = (
    "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress",
    "NodeResizeInfeasible", "NodeResizePending",
)  # fmt: skip
_FIXED = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName "
    "for bound claims"
)


@on_create("core.v1.PersistentVolumeClaim")
def claim(obj: Object) -> Errors:
    """A PersistentVolumeClaim."""
    yield from metadata(obj)
    yield from claim_spec("spec", obj["spec"])


@on_update("core.v1.PersistentVolumeClaim")
def claim_update(new: Object, old: Object) -> Errors:
    """A PersistentVolumeClaim, which can grow once it is bound, and little else."""
    yield from metadata_update(new, old)
    yield from claim(new)
    classes = [annotations_of(each).get(_OLD_CLASS) for each in (new, old)]
    if classes[0] != classes[1]:
        yield invalid(f"metadata.annotations.{_OLD_CLASS}", classes[0] or "", IMMUTABLE)
    spec, before = copy.deepcopy(new["spec"]), old["spec"]
    _excuse(spec, new, old)
    if spec != before:
        changed = difference("core.v1.PersistentVolumeClaimSpec", before, spec)
        yield forbidden("spec", f"{_FIXED}\n{changed}")
    yield from _size(new, old)
    modes = (each["spec"].get("volumeMode") for each in (new, old))
    yield from immutable("volumeMode", *modes)


def _excuse(spec: Object, new: Object, old: Object) -> None:
    """Take back what may change."""
    before = old["spec"]
    names = []
    if not before.get("volumeName"):
        names.append("volumeName")
    old_class = annotations_of(old).get(_OLD_CLASS)
    if "storageClassName" not in before and old_class in (None, spec.get("storageClassName")):
        names.append("storageClassName")
    if new["status"].get("phase") == "Bound":
        names.append("volumeAttributesClassName")
        if requests := spec["resources"].get("requests"):
            requests["storage"] = before["resources"]["requests"]["storage"]
    for name in names:
        spec.pop(name, None)
        if name in before:
            spec[name] = before[name]


def _size(new: Object, old: Object) -> Errors:
    size, before = (
        quantity((each["spec"]["resources"].get("requests") or {}).get("storage", 0))
        for each in (new, old)
    )
    capacity = quantity((old["status"].get("capacity") or {}).get("storage", 0))
    if size < before and size <= capacity:
        detail = "field can not be less than status.capacity"
        yield forbidden("spec.resources.requests.storage", detail)


@on_status_update("core.v1.PersistentVolumeClaim")
def claim_status(new: Object, old: Object) -> Errors:
    """What the controller found for a claim."""
    yield from metadata_update(new, old)
    if not new["spec"].get("accessModes"):
        yield required("Spec.accessModes")
    status = new["status"]
    for name, value in (status.get("capacity") or {}).items():
        yield from amount(f"status.capacity[{name}]", value)
    for name, state in (status.get("allocatedResourceStatuses") or {}).items():
        yield from _resource("status.allocatedResourceStatuses", name)
        if state not in _RESIZING:
            yield not_supported("status.allocatedResourceStatuses", name, sorted(_RESIZING))
    for name, value in (status.get("allocatedResources") or {}).items():
        if problems := [*_resource("status.allocatedResources", name)]:
            yield from problems
        else:
            yield from amount(f"status.allocatedResources[{name}]", value)


def amount(field: str, value: str) -> Errors:
    """An amount of storage."""
    if (number := quantity(value)) < 0:
        yield invalid(field, int(number), "must be a valid resource quantity")


def _resource(field: str, name: str) -> Errors:
    if problems := qualified_name(name):
        yield from each_invalid(field, name, problems)
    elif name != "storage" and ("/" not in name or "kubernetes.io/" in name):
        yield not_supported(field, name, ("storage",))

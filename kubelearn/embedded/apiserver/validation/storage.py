"""Rules for claims on storage."""

from __future__ import annotations

from kubelearn.embedded.apiserver.validation.common import dns_subdomain, supported
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    forbidden,
    invalid,
    not_supported,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import (
    check_annotations,
    check_labels,
    label_selector,
)
from kubelearn.objects import Object, quantity

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


def claim_template(field: str, template: Object) -> Errors:
    """The template of a claim, in a pod or a StatefulSet."""
    yield from check_labels(template["metadata"].get("labels"), f"{field}.labels")
    annotations = template["metadata"].get("annotations")
    yield from check_annotations(annotations, f"{field}.annotations")
    yield from claim_spec(f"{field}.spec", template["spec"])


def claim_spec(field: str, spec: Object) -> Errors:
    """What a claim asks for."""
    modes = spec.get("accessModes") or []
    if not modes:
        yield required(f"{field}.accessModes", "at least 1 access mode is required")
    yield from label_selector(spec.get("selector"), f"{field}.selector")
    yield from access_modes(f"{field}.accessModes", modes)
    size = (spec["resources"].get("requests") or {}).get("storage")
    where = f"{field}.resources[storage]"
    if size is None:
        yield required(where)
    elif quantity(size) <= 0:
        yield invalid(where, size, "must be greater than zero")
    if spec.get("storageClassName"):
        yield from dns_subdomain(f"{field}.storageClassName", spec["storageClassName"])
    yield from supported(f"{field}.volumeMode", spec.get("volumeMode"), ("Block", "Filesystem"))


def access_modes(field: str, modes: list[str]) -> Errors:
    """How many may mount it at once."""
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield not_supported(field, mode, ACCESS_MODES)
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        detail = "may not use ReadWriteOncePod with other access modes"
        yield forbidden(field, detail)

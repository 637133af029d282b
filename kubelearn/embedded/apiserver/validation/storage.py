"""Rules for claims on storage."""

from __future__ import annotations

from kubelearn.embedded.apiserver.validation.common import dns_label, dns_subdomain, supported
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
from kubelearn.objects import Object
from kubelearn.quantity import quantity

VOLUME_MODES = ("Block", "Filesystem")
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
    yield from supported(f"{field}.volumeMode", spec.get("volumeMode"), VOLUME_MODES)
    yield from _data_sources(field, spec)


def _data_sources(field: str, spec: Object) -> Errors:
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None:
        yield from _data_source(f"{field}.dataSource", source)
    if reference is None:
        return
    yield from _data_source(f"{field}.dataSourceRef", reference)
    if namespace := reference.get("namespace"):
        yield from dns_label(f"{field}.dataSourceRef.namespace", namespace)
        if source is not None:
            detail = "may not be specified when dataSourceRef.namespace is specified"
            yield invalid(field, {}, detail)
    elif source is not None:
        pairs = ((each.get("apiGroup"), each["kind"], each["name"]) for each in (source, reference))
        if len({*pairs}) > 1:
            yield invalid(field, {}, "must match dataSourceRef")


def _data_source(field: str, source: Object) -> Errors:
    for name in ("name", "kind"):
        if not source[name]:
            yield required(f"{field}.{name}")
    group = source.get("apiGroup") or ""
    if group:
        yield from dns_subdomain(f"{field}.apiGroup", group)
    elif source["kind"] != "PersistentVolumeClaim":
        detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        yield invalid(field, source["kind"], detail)


def access_modes(field: str, modes: list[str]) -> Errors:
    """How many may mount it at once."""
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield not_supported(field, mode, ACCESS_MODES)
    others = {*modes} & {*ACCESS_MODES} - {"ReadWriteOncePod"}
    if "ReadWriteOncePod" in modes and others:
        detail = "may not use ReadWriteOncePod with other access modes"
        yield forbidden(field, detail)

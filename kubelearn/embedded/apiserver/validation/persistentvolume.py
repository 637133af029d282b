"""Rules for PersistentVolumes (upstream `pkg/apis/core/validation/validation.go`).

Of the many types of storage systems only those that a node here could mount are looked into.
"""

from __future__ import annotations

from collections.abc import Callable

from kubelearn.embedded.apiserver import schema
from kubelearn.embedded.apiserver.validation.claim import amount
from kubelearn.embedded.apiserver.validation.common import (
    dns_label,
    dns_subdomain,
    no_backsteps,
    supported,
)
from kubelearn.embedded.apiserver.validation.csi import driver_name
from kubelearn.embedded.apiserver.validation.field import (
    IMMUTABLE,
    Errors,
    forbidden,
    immutable,
    invalid,
    not_supported,
    required,
)
from kubelearn.embedded.apiserver.validation.internals import difference, internal
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.embedded.apiserver.validation.scheduling import node_selector
from kubelearn.embedded.apiserver.validation.storage import VOLUME_MODES, access_modes
from kubelearn.embedded.apiserver.validation.volume import host_path, nfs
from kubelearn.objects import Object
from kubelearn.quantity import quantity

_SOURCE = "core.v1.PersistentVolumeSource"
_POLICIES = ("Delete", "Recycle", "Retain")
_SECRETS = (
    "controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef",
    "nodeExpandSecretRef",
)  # fmt: skip


@on_create("core.v1.PersistentVolume")
def persistent_volume(obj: Object) -> Errors:
    """A PersistentVolume."""
    yield from metadata(obj, namespaced=False)
    spec = obj["spec"]
    modes = spec.get("accessModes") or []
    if not modes:
        yield required("spec.accessModes")
    yield from access_modes("spec.accessModes", modes)
    yield from _capacity(spec.get("capacity") or {})
    policy = spec.get("persistentVolumeReclaimPolicy")
    yield from supported("spec.persistentVolumeReclaimPolicy", policy, _POLICIES)
    if (affinity := spec.get("nodeAffinity")) is not None:
        yield from _node_affinity(affinity)
    yield from _source(spec)
    if spec.get("storageClassName"):
        yield from dns_subdomain("spec.storageClassName", spec["storageClassName"])
    yield from supported("spec.volumeMode", spec.get("volumeMode"), VOLUME_MODES)


def _capacity(capacity: Object) -> Errors:
    if not capacity:
        yield required("spec.capacity")
    if set(capacity) != {"storage"}:
        shown = dict(sorted(capacity.items())) or None
        yield not_supported("spec.capacity", shown, ("storage",))
    for name, value in capacity.items():
        field = f"spec.capacity[{name}]"
        yield from amount(field, value)
        if quantity(value) <= 0:
            yield invalid(field, value, "must be greater than zero")


def _node_affinity(affinity: Object) -> Errors:
    if "required" in affinity:
        yield from node_selector("spec.nodeAffinity.required", affinity["required"])
    else:
        yield required("spec.nodeAffinity.required", "must specify required node constraints")


def _sources(spec: Object) -> Object:
    names = schema.built_in().struct(_SOURCE).fields
    return {name: source for name, source in spec.items() if name in names}


def _source(spec: Object) -> Errors:
    order = [*_CHECKS]
    given = sorted(
        _sources(spec),
        key=lambda name: order.index(name) if name in order else len(order),
    )
    for name in given[:1]:
        if check := _CHECKS.get(name):
            yield from check(f"spec.{name}", spec[name])
        if name == "local" and "nodeAffinity" not in spec:
            yield required("spec.nodeAffinity", "Local volume requires node affinity")
    for name in given[1:]:
        yield forbidden(f"spec.{name}", "may not specify more than 1 volume type")
    if not given:
        yield required("spec", "must specify a volume type")
    recycled = spec.get("persistentVolumeReclaimPolicy") == "Recycle"
    if recycled and (spec.get("hostPath") or {}).get("path") == "/":
        detail = "may not be 'recycle' for a hostPath mount of '/'"
        yield forbidden("spec.persistentVolumeReclaimPolicy", detail)


def _local(field: str, source: Object) -> Errors:
    if not source["path"]:
        yield required(f"{field}.path")
    else:
        yield from no_backsteps(f"{field}.path", source["path"])


def _csi(field: str, source: Object) -> Errors:
    yield from driver_name(f"{field}.driver", source["driver"])
    if not source["volumeHandle"]:
        yield required(f"{field}.volumeHandle")
    for name in _SECRETS:
        if name in source:
            yield from _secret(f"{field}.{name}", source[name])


def _secret(field: str, secret: Object) -> Errors:
    for name, check in (("name", dns_subdomain), ("namespace", dns_label)):
        if not secret.get(name):
            yield required(f"{field}.{name}")
        else:
            yield from check(f"{field}.{name}", secret[name])


# In the order in which upstream comes to them.
_CHECKS: dict[str, Callable[[str, Object], Errors]] = {
    "hostPath": host_path,
    "nfs": nfs,
    "local": _local,
    "csi": _csi,
}


@on_update("core.v1.PersistentVolume")
def persistent_volume_update(new: Object, old: Object) -> Errors:
    """A PersistentVolume, which stays where it is."""
    # Twice, as upstream does, so that its problems are told twice.
    yield from persistent_volume(new)
    yield from persistent_volume(new)
    sources = [_sources(each["spec"]) for each in (old, new)]
    if sources[0] != sources[1]:
        detail = "spec.persistentvolumesource is immutable after creation"
        changed = difference(_SOURCE, *sources)
        yield forbidden("spec.persistentvolumesource", f"{detail}\n{changed}")
    modes = (each["spec"].get("volumeMode") for each in (new, old))
    yield from immutable("volumeMode", *modes)
    now, before = (each["spec"].get("nodeAffinity") for each in (new, old))
    if before is not None and now != before:
        shown = internal("core.v1.VolumeNodeAffinity", now)
        detail = f"{IMMUTABLE}, except for updating from beta label to GA"
        yield invalid("nodeAffinity", shown, detail)


@on_status_update("core.v1.PersistentVolume")
def persistent_volume_status(new: Object, old: Object) -> Errors:
    """What the controller found."""
    yield from metadata_update(new, old)

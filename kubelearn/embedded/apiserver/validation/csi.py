"""Rules for what drivers of storage say of themselves, and for volumes attached to nodes.

Upstream: `pkg/apis/storage/validation/validation.go`. Of a volume that is written out in an
attachment only its being there is asked for; no driver here makes one.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.names import dns_subdomain as name_rule
from kubelearn.embedded.apiserver.names import qualified_name
from kubelearn.embedded.apiserver.validation.common import dns_subdomain, supported
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    each_invalid,
    forbidden,
    immutable,
    invalid,
    non_negative,
    not_supported,
    required,
    too_long,
)
from kubelearn.embedded.apiserver.validation.metadata import (
    label_name,
    label_selector,
    metadata,
    metadata_update,
)
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.embedded.apiserver.validation.storageclass import parameters
from kubelearn.objects import Object
from kubelearn.quantity import quantity

_LONGEST_DRIVER, _LONGEST_NODE_ID = 63, 256
_FS_GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
_LIFECYCLES = ("Persistent", "Ephemeral")
_LEAST_PERIOD, _SHORTEST_TOKEN, _LONGEST_TOKEN = 10, 600, 2**32


def driver_name(field: str, name: str) -> Errors:
    """The name of a driver."""
    if not name:
        yield required(field)
        return
    if len(name) > _LONGEST_DRIVER:
        yield too_long(field, _LONGEST_DRIVER)
    yield from each_invalid(field, name, name_rule(name.lower()))


@on_create("storage.v1.VolumeAttachment")
def volume_attachment(obj: Object) -> Errors:
    """A volume, and the node that it is to be attached to."""
    yield from metadata(obj, namespaced=False)
    spec = obj["spec"]
    yield from driver_name("spec.attacher", spec["attacher"])
    inline, name = (
        spec["source"].get(part) for part in ("inlineVolumeSpec", "persistentVolumeName")
    )
    choice = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    if inline is None and name is None:
        yield required("spec.source", choice)
    elif inline is not None and name is not None:
        yield forbidden("spec.source", choice)
    elif name == "":
        yield required(
            "spec.source.persistentVolumeName", "must specify non empty persistentVolumeName"
        )
    yield from each_invalid("spec.nodeName", spec["nodeName"], name_rule(spec["nodeName"]))
    if name is not None:
        yield from each_invalid("spec.source.persistentVolumeName", name, name_rule(name))


@on_update("storage.v1.VolumeAttachment")
def volume_attachment_update(new: Object, old: Object) -> Errors:
    """An attachment, which stays what it is."""
    yield from volume_attachment(new)
    yield from metadata_update(new, old)
    yield from immutable("spec", new["spec"], old["spec"])


@on_create("storage.v1.CSINode")
def csi_node(obj: Object) -> Errors:
    """The drivers of a node."""
    yield from metadata(obj, namespaced=False)
    names: set[str] = set()
    for i, driver in enumerate(obj["spec"]["drivers"] or []):
        field = f"spec.drivers[{i}]"
        yield from _node_driver(field, driver)
        if driver["name"] in names:
            yield duplicate(f"{field}.name", driver["name"])
        names.add(driver["name"])
        yield from _topology_keys(field, driver.get("topologyKeys") or [])


def _node_driver(field: str, driver: Object) -> Errors:
    yield from driver_name(f"{field}.name", driver["name"])
    if not driver["nodeID"]:
        yield required(f"{field}.nodeID")
    if len(driver["nodeID"]) > _LONGEST_NODE_ID:
        detail = f"must be {_LONGEST_NODE_ID} characters or less"
        yield invalid(f"{field}.nodeID", driver["nodeID"], detail)
    count = (driver.get("allocatable") or {}).get("count")
    yield from non_negative(f"{field}.allocatable.count", count)


def _topology_keys(field: str, keys: list[str]) -> Errors:
    for i, key in enumerate(keys):
        if not key:
            yield required(field)
        if key in keys[:i]:
            yield duplicate(field, key)
        yield from each_invalid(field, key, qualified_name(key))


@on_update("storage.v1.CSINode")
def csi_node_update(new: Object, old: Object) -> Errors:
    """The drivers of a node, of which only the number of volumes may change."""
    yield from csi_node(new)
    yield from metadata_update(new, old)
    known = {driver["name"]: _fixed(driver) for driver in old["spec"]["drivers"] or []}
    for driver in new["spec"]["drivers"] or []:
        if driver["name"] in known:
            yield from immutable("spec.drivers", _fixed(driver), known[driver["name"]])


def _fixed(driver: Object) -> Object:
    return {name: value for name, value in driver.items() if name != "allocatable"}


@on_create("storage.v1.CSIDriver")
def csi_driver(obj: Object) -> Errors:
    """What a driver can do."""
    yield from metadata(obj, namespaced=False)
    yield from _driver_spec(obj["spec"])


def _driver_spec(spec: Object) -> Errors:
    yield from supported("spec.fsGroupPolicy", spec.get("fsGroupPolicy"), _FS_GROUP_POLICIES)
    requests = spec.get("tokenRequests") or []
    yield from _token_requests("spec.tokenRequests", requests)
    for mode in spec.get("volumeLifecycleModes") or []:
        if mode not in _LIFECYCLES:
            yield not_supported("spec.volumeLifecycleModes", mode, _LIFECYCLES)
    period = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if period is not None and period < _LEAST_PERIOD:
        field = "spec.nodeAllocatableUpdatePeriodSeconds"
        yield invalid(field, period, "must be greater than or equal to 10 seconds")
    in_secrets = spec.get("serviceAccountTokenInSecrets")
    if in_secrets is not None and not requests:
        detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        yield invalid("spec.serviceAccountTokenInSecrets", in_secrets, detail)


def _token_requests(field: str, requests: list[Object]) -> Errors:
    audiences: set[str] = set()
    for i, request in enumerate(requests):
        if request["audience"] in audiences:
            yield duplicate(f"{field}[{i}].audience", request["audience"])
            continue
        audiences.add(request["audience"])
        seconds, where = request.get("expirationSeconds"), f"{field}[{i}].expirationSeconds"
        if seconds is not None and seconds < _SHORTEST_TOKEN:
            yield invalid(where, seconds, "may not specify a duration less than 10 minutes")
        if seconds is not None and seconds > _LONGEST_TOKEN:
            yield invalid(where, seconds, "may not specify a duration larger than 2^32 seconds")


@on_update("storage.v1.CSIDriver")
def csi_driver_update(new: Object, old: Object) -> Errors:
    """What a driver can do, of which the most important stays."""
    yield from metadata_update(new, old)
    yield from _driver_spec(new["spec"])
    for field, name in (
        ("spec.attachedRequired", "attachRequired"),
        ("spec.volumeLifecycleModes", "volumeLifecycleModes"),
    ):
        yield from immutable(field, new["spec"].get(name), old["spec"].get(name))


@on_create("storage.v1.CSIStorageCapacity")
def csi_storage_capacity(obj: Object) -> Errors:
    """How much room a driver has for a class."""
    yield from metadata(obj)
    yield from label_selector(obj.get("nodeTopology"), "nodeTopology")
    yield from dns_subdomain("storageClassName", obj["storageClassName"])
    if "capacity" in obj and quantity(obj["capacity"]) < 0:
        yield invalid("capacity", obj["capacity"], "must be greater than or equal to 0")


@on_update("storage.v1.CSIStorageCapacity")
def csi_storage_capacity_update(new: Object, old: Object) -> Errors:
    """How much room a driver has now for the same class."""
    yield from metadata_update(new, old)
    for name in ("nodeTopology", "storageClassName"):
        yield from immutable(name, new.get(name), old.get(name))


@on_create("storage.v1.VolumeAttributesClass")
def volume_attributes_class(obj: Object) -> Errors:
    """Parameters of volumes that a driver can change later."""
    yield from metadata(obj, namespaced=False)
    if not obj["driverName"]:
        yield required("driverName")
    else:
        yield from label_name(obj["driverName"].lower(), "driverName")
    found = obj.get("parameters") or {}
    if not found:
        yield required("parameters", "must contain at least one key/value pair")
    yield from parameters(found)


@on_update("storage.v1.VolumeAttributesClass")
def volume_attributes_class_update(new: Object, old: Object) -> Errors:
    """A VolumeAttributesClass, which stays what it is."""
    yield from metadata_update(new, old)
    for name in ("driverName", "parameters"):
        if new.get(name) != old.get(name):
            yield forbidden(name, f"updates to {name} are forbidden.")
    yield from volume_attributes_class(new)

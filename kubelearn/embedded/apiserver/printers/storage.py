"""Rows of volumes, claims and classes of storage."""

from __future__ import annotations

from datetime import datetime

from kubelearn.embedded.apiserver.printers.columns import Cells, age, printer
from kubelearn.embedded.apiserver.printers.network import default_name
from kubelearn.objects import Object, annotations_of

_MODES = {
    "ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}  # fmt: skip
_CLASS = "volume.beta.kubernetes.io/storage-class"


def _access_modes(modes: list[str] | None) -> str:
    return ",".join(short for mode, short in _MODES.items() if mode in (modes or []))


def _phase(obj: Object) -> str:
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return str(obj["status"].get("phase", ""))


def _storage_class(obj: Object) -> str:
    old = annotations_of(obj).get(_CLASS)
    return str(old or obj["spec"].get("storageClassName", ""))


@printer(
    "core.v1.PersistentVolume",
    columns=(
        "Name", "Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim", "StorageClass",
        "VolumeAttributesClass", "Reason", "Age", "+VolumeMode",
    ),
)  # fmt: skip
def persistent_volume(obj: Object, now: datetime) -> Cells:
    """A PersistentVolume."""
    spec = obj["spec"]
    claim = spec.get("claimRef")
    return [
        obj["metadata"]["name"],
        (spec.get("capacity") or {}).get("storage", "0"),
        _access_modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        _phase(obj),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        _storage_class(obj),
        spec.get("volumeAttributesClassName", "<unset>"),
        obj["status"].get("reason", ""),
        age(obj, now),
        spec.get("volumeMode", "<unset>"),
    ]


@printer(
    "core.v1.PersistentVolumeClaim",
    columns=(
        "Name", "Status", "Volume", "Capacity", "Access Modes", "StorageClass",
        "VolumeAttributesClass", "Age", "+VolumeMode",
    ),
)  # fmt: skip
def persistent_volume_claim(obj: Object, now: datetime) -> Cells:
    """A PersistentVolumeClaim."""
    spec, status = obj["spec"], obj["status"]
    bound = ["", ""]
    if spec.get("volumeName"):
        capacity = (status.get("capacity") or {}).get("storage", "0")
        bound = [capacity, _access_modes(status.get("accessModes"))]
    return [
        obj["metadata"]["name"],
        _phase(obj),
        spec.get("volumeName", ""),
        *bound,
        _storage_class(obj),
        spec.get("volumeAttributesClassName", "<unset>"),
        age(obj, now),
        spec.get("volumeMode", "<unset>"),
    ]


@printer(
    "storage.v1.StorageClass",
    columns=(
        "Name", "Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age",
    ),
)  # fmt: skip
def storage_class(obj: Object, now: datetime) -> Cells:
    """A StorageClass."""
    return [
        default_name(obj, "storageclass.kubernetes.io/is-default-class"),
        obj["provisioner"],
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"),
        obj.get("allowVolumeExpansion", False),
        age(obj, now),
    ]


@printer("storage.v1.VolumeAttributesClass", columns=("Name", "DriverName", "Age"))
def volume_attributes_class(obj: Object, now: datetime) -> Cells:
    """A VolumeAttributesClass."""
    return [obj["metadata"]["name"], obj["driverName"], age(obj, now)]


@printer(
    "storage.v1.VolumeAttachment",
    columns=("Name", "Attacher", "PV", "Node", "Attached:boolean", "Age"),
)
def volume_attachment(obj: Object, now: datetime) -> Cells:
    """A VolumeAttachment."""
    spec = obj["spec"]
    volume = spec["source"].get("persistentVolumeName", "")
    attached = obj["status"].get("attached", False)
    return [
        obj["metadata"]["name"], spec["attacher"], volume, spec["nodeName"], attached,
        age(obj, now),
    ]  # fmt: skip


@printer("storage.v1.CSINode", columns=("Name", "Drivers:integer", "Age"))
def csi_node(obj: Object, now: datetime) -> Cells:
    """A CSINode."""
    return [obj["metadata"]["name"], len(obj["spec"].get("drivers") or []), age(obj, now)]


@printer(
    "storage.v1.CSIDriver",
    columns=(
        "Name", "AttachRequired:boolean", "PodInfoOnMount:boolean", "StorageCapacity:boolean",
        "TokenRequests", "RequiresRepublish:boolean", "Modes", "Age",
    ),
)  # fmt: skip
def csi_driver(obj: Object, now: datetime) -> Cells:
    """A CSIDriver."""
    spec = obj["spec"]
    requests = [each["audience"] for each in spec.get("tokenRequests") or []]
    return [
        obj["metadata"]["name"],
        spec.get("attachRequired", True),
        spec.get("podInfoOnMount", False),
        spec.get("storageCapacity", False),
        ",".join(requests) or "<unset>",
        spec.get("requiresRepublish", False),
        ",".join(spec.get("volumeLifecycleModes") or []) or "<none>",
        age(obj, now),
    ]

"""Rows of devices and of claims for them (resource.k8s.io)."""

from __future__ import annotations

from datetime import datetime

from kubelearn.embedded.apiserver.printers.columns import Cells, age, printer
from kubelearn.objects import Object


@printer("resource.v1.DeviceClass", "resource.v1.ResourceClaimTemplate", columns=("Name", "Age"))
def named(obj: Object, now: datetime) -> Cells:
    """A DeviceClass or a ResourceClaimTemplate."""
    return [obj["metadata"]["name"], age(obj, now)]


@printer("resource.v1.ResourceClaim", columns=("Name", "State", "Age"))
def resource_claim(obj: Object, now: datetime) -> Cells:
    """A ResourceClaim."""
    return [obj["metadata"]["name"], _state(obj), age(obj, now)]


def _state(claim: Object) -> str:
    status = claim.get("status") or {}
    is_deleted, is_allocated = "deletionTimestamp" in claim["metadata"], "allocation" in status
    states = {
        "deleted": is_deleted,
        "pending": not (is_deleted or is_allocated),
        "allocated": is_allocated,
        "reserved": is_allocated and status.get("reservedFor"),
    }
    return ",".join(state for state, holds in states.items() if holds)


@printer("resource.v1.ResourceSlice", columns=("Name", "Node", "Driver", "Pool", "Age"))
def resource_slice(obj: Object, now: datetime) -> Cells:
    """A ResourceSlice."""
    spec = obj["spec"]
    node = spec.get("nodeName", "")
    return [obj["metadata"]["name"], node, spec["driver"], spec["pool"]["name"], age(obj, now)]

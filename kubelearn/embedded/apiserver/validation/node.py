"""Rules for nodes and the leases by which they show that they live."""

from __future__ import annotations

from kubelearn.embedded.apiserver.names import dns_subdomain
from kubelearn.embedded.apiserver.validation.common import cidr
from kubelearn.embedded.apiserver.validation.field import Errors, duplicate, forbidden, invalid
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.embedded.apiserver.validation.metadata import (
    general_metadata,
    general_metadata_update,
    metadata,
    metadata_update,
)
from kubelearn.embedded.apiserver.validation.resources import resource_quantity
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.embedded.apiserver.validation.scheduling import taints
from kubelearn.objects import Object


@on_create("core.v1.Node")
def node(obj: Object) -> Errors:
    """A new node."""
    yield from metadata(obj, namespaced=False)
    spec = obj["spec"]
    # Upstream looks for taints in the spec and reports them in the metadata.
    yield from taints("metadata.taints", spec.get("taints") or [])
    yield from _resources(obj)
    ranges = spec.get("podCIDRs") or []
    for i, value in enumerate(ranges):
        yield from cidr(f"spec.podCIDRs[{i}]", value)
    if len(ranges) > len({":" in value for value in ranges}):
        detail = "may specify no more than one CIDR for each IP family"
        yield invalid("spec.podCIDRs", ranges, detail)


def _resources(obj: Object) -> Errors:
    for part in ("capacity", "allocatable"):
        for name, value in (obj["status"].get(part) or {}).items():
            yield from resource_quantity(f"status.{part}.{name}", name, value)


@on_update("core.v1.Node")
@on_status_update("core.v1.Node")
def node_update(new: Object, old: Object) -> Errors:
    """A change of a node; its range of addresses and its provider stay."""
    yield from node(new)
    yield from metadata_update(new, old)
    yield from _resources(new)
    seen = []
    for i, address in enumerate(new["status"].get("addresses") or []):
        if address in seen:
            yield duplicate(f"status.addresses[{i}]", internal("core.v1.NodeAddress", address))
        seen.append(address)
    spec, before = new["spec"], old["spec"]
    for name, field in (("podCIDR", "podCIDRs"), ("providerID", "providerID")):
        if before.get(field) and spec.get(field) != before[field]:
            detail = f'node updates may not change {name} except from "" to valid'
            yield forbidden(f"spec.{field}", detail)
    yield from taints("metadata.taints", spec.get("taints") or [])


@on_create("coordination.v1.Lease")
def lease(obj: Object) -> Errors:
    """A Lease."""
    yield from general_metadata(obj, dns_subdomain)
    yield from _lease_spec(obj["spec"])


@on_update("coordination.v1.Lease")
def lease_update(new: Object, old: Object) -> Errors:
    """A renewed Lease."""
    yield from general_metadata_update(new, old)
    yield from _lease_spec(new["spec"])


def _lease_spec(spec: Object) -> Errors:
    seconds = spec.get("leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        yield invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")
    transitions = spec.get("leaseTransitions")
    if transitions is not None and transitions < 0:
        yield invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0")
    if spec.get("preferredHolder") and not spec.get("strategy"):
        detail = "may only be specified if `strategy` is defined"
        yield forbidden("spec.preferredHolder", detail)

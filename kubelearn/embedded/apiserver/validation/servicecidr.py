"""Rules for ServiceCIDRs and IPAddresses (upstream `pkg/apis/networking/validation`)."""

from __future__ import annotations

import ipaddress
import re

from kubelearn.embedded.apiserver.names import dns_subdomain, path_segment
from kubelearn.embedded.apiserver.validation.common import cidr, sloppy_address
from kubelearn.embedded.apiserver.validation.field import (
    IMMUTABLE,
    Errors,
    each_invalid,
    immutable,
    invalid,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.objects import Object

_FIELD = "spec.cidrs"


@on_create("networking.v1.ServiceCIDR")
def service_cidr(obj: Object) -> Errors:
    """A range for Services."""
    yield from metadata(obj, namespaced=False)
    yield from _cidrs(obj["spec"].get("cidrs") or [])


@on_update("networking.v1.ServiceCIDR")
def service_cidr_update(new: Object, old: Object) -> Errors:
    """A range again; another family may be added, and nothing else changes."""
    yield from metadata_update(new, old)
    after, before = (each["spec"].get("cidrs") or [] for each in (new, old))
    if len(before) not in (len(after), 1) or len(after) - len(before) not in (0, 1):
        yield invalid(_FIELD, after, IMMUTABLE)
        return
    for i, (mine, its) in enumerate(zip(after, before, strict=False)):
        if mine != its:
            yield invalid(f"{_FIELD}[{i}]", mine, IMMUTABLE)
    if len(after) > len(before):
        yield from _cidrs(after)


def _cidrs(cidrs: list[str]) -> Errors:
    if not cidrs:
        yield required(_FIELD, "at least one CIDR required")
        return
    if len(cidrs) > 2:
        yield invalid(_FIELD, {"CIDRs": cidrs}, "may only hold up to 2 values")
        return
    for i, value in enumerate(cidrs):
        yield from cidr(f"{_FIELD}[{i}]", value)
    families = [_version(value) for value in cidrs]
    if len(families) == 2 and families[0] == families[1] != 0:
        detail = (
            "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and "
            "2001:db8::/64"
        )
        yield invalid(_FIELD, cidrs, detail)


def _version(text: str) -> int:
    try:
        return ipaddress.ip_network(text, strict=False).version
    except ValueError:
        return 0


def _address_name(name: str) -> list[str]:
    found = sloppy_address(name)
    if found is None:
        return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
    if re.search(r"(^|\.)0\d", name):
        return ["must not have leading 0s"]
    return [] if name == str(found) else [f'must be in canonical form ("{found}")']


@on_create("networking.v1.IPAddress")
def ip_address(obj: Object) -> Errors:
    """An address that something holds."""
    yield from metadata(obj, _address_name, namespaced=False)
    parent = obj["spec"].get("parentRef")
    if parent is None:
        yield required("spec.parentRef")
        return
    if group := parent.get("group"):
        yield from each_invalid("spec.parentRef.group", group, dns_subdomain(group))
    for name in ("resource", "name"):
        field, value = f"spec.parentRef.{name}", parent.get(name)
        if not value:
            yield required(field)
        else:
            yield from each_invalid(field, value, path_segment(value))
    if namespace := parent.get("namespace"):
        yield from each_invalid("spec.parentRef.namespace", namespace, path_segment(namespace))


@on_update("networking.v1.IPAddress")
def ip_address_update(new: Object, old: Object) -> Errors:
    """An address again, whose holder stays."""
    yield from metadata_update(new, old)
    holders = (each["spec"].get("parentRef") for each in (new, old))
    yield from immutable("spec.parentRef", *holders)

"""Rules for EndpointSlices, and for Endpoints, their older form."""

from __future__ import annotations

import ipaddress

from kubelearn.embedded.apiserver.names import label_value, port_number
from kubelearn.embedded.apiserver.validation.common import (
    address,
    app_protocol,
    dns_label,
    dns_subdomain,
    endpoint_address,
    supported,
)
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    each_invalid,
    immutable,
    invalid,
    one_of,
    required,
    too_many,
)
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.objects import Object

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_MOST_ENDPOINTS, _MOST_ADDRESSES, _MOST_HINTS = 1000, 100, 8


@on_create("discovery.v1.EndpointSlice")
def endpoint_slice(obj: Object) -> Errors:
    """A slice of a Service's endpoints."""
    yield from metadata(obj)
    kind = obj["addressType"]
    yield from one_of("addressType", kind, ("FQDN", "IPv4", "IPv6"))
    yield from _ports(obj.get("ports") or [])
    endpoints = obj.get("endpoints") or []
    if len(endpoints) > _MOST_ENDPOINTS:
        yield too_many("endpoints", len(endpoints), _MOST_ENDPOINTS)
        return
    for i, endpoint in enumerate(endpoints):
        yield from _endpoint(f"endpoints[{i}]", endpoint, kind)


@on_update("discovery.v1.EndpointSlice")
def endpoint_slice_update(new: Object, old: Object) -> Errors:
    """A slice again; its type of addresses stays."""
    yield from endpoint_slice(new)
    yield from immutable("addressType", new["addressType"], old["addressType"])


def _ports(ports: list[Object]) -> Errors:
    seen = set()
    for i, port in enumerate(ports):
        here = f"ports[{i}]"
        name = port.get("name", "")
        if name:
            yield from dns_label(f"{here}.name", name)
        if name in seen:
            yield duplicate(f"{here}.name", name)
        seen.add(name)
        yield from supported(f"{here}.protocol", port.get("protocol"), _PROTOCOLS)
        yield from app_protocol(f"{here}.appProtocol", port)


def _endpoint(field: str, endpoint: Object, kind: str) -> Errors:
    addresses = endpoint.get("addresses") or []
    if not addresses:
        yield required(f"{field}.addresses", "must contain at least 1 address")
    elif len(addresses) > _MOST_ADDRESSES:
        yield too_many(f"{field}.addresses", len(addresses), _MOST_ADDRESSES)
    for i, value in enumerate(addresses):
        yield from _address(f"{field}.addresses", i, value, kind)
    if endpoint.get("nodeName") is not None:
        yield from dns_subdomain(f"{field}.nodeName", endpoint["nodeName"])
    if endpoint.get("hostname") is not None:
        yield from dns_label(f"{field}.hostname", endpoint["hostname"])
    zones = (endpoint.get("hints") or {}).get("forZones") or []
    if len(zones) > _MOST_HINTS:
        yield too_many(f"{field}.hints.forZones", len(zones), _MOST_HINTS)
        return
    seen = set()
    for i, zone in enumerate(zones):
        where = f"{field}.hints.forZones[{i}].name"
        if zone["name"] in seen:
            yield duplicate(where, zone["name"])
        seen.add(zone["name"])
        yield from each_invalid(where, zone["name"], label_value(zone["name"]))


def _address(field: str, index: int, value: str, kind: str) -> Errors:
    here = f"{field}[{index}]"
    if kind not in ("IPv4", "IPv6"):
        return
    if problems := list(address(here, value)):
        yield from problems
        return
    if f"IPv{ipaddress.ip_address(value).version}" != kind:
        yield invalid(field, value, f"must be an {kind} address")
    yield from endpoint_address(here, value)


@on_create("core.v1.Endpoints")
def endpoints(obj: Object) -> Errors:
    """Endpoints of a Service."""
    yield from metadata(obj)
    for i, subset in enumerate(obj.get("subsets") or []):
        here = f"subsets[{i}]"
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield required(here, "must specify `addresses` or `notReadyAddresses`")
        for part in ("addresses", "notReadyAddresses"):
            for j, each in enumerate(subset.get(part) or []):
                yield from _old_address(f"{here}.{part}[{j}]", each)
        ports = subset.get("ports") or []
        for j, port in enumerate(ports):
            yield from _old_port(f"{here}.ports[{j}]", port, needs_name=len(ports) > 1)


def _old_address(field: str, each: Object) -> Errors:
    yield from address(f"{field}.ip", each["ip"])
    if each.get("hostname"):
        yield from dns_label(f"{field}.hostname", each["hostname"])
    if each.get("nodeName") is not None:
        yield from dns_subdomain(f"{field}.nodeName", each["nodeName"])
    yield from endpoint_address(f"{field}.ip", each["ip"])


def _old_port(field: str, port: Object, *, needs_name: bool) -> Errors:
    if port.get("name"):
        yield from dns_label(f"{field}.name", port["name"])
    elif needs_name:
        yield required(f"{field}.name")
    yield from each_invalid(f"{field}.port", port["port"], port_number(port["port"]))
    yield from one_of(f"{field}.protocol", port.get("protocol"), _PROTOCOLS)
    yield from app_protocol(f"{field}.appProtocol", port)


@on_update("core.v1.Endpoints")
def endpoints_update(new: Object, old: Object) -> Errors:
    """Endpoints again."""
    yield from metadata_update(new, old)
    yield from endpoints(new)

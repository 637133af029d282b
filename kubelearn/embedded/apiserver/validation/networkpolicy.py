"""Rules for NetworkPolicies (upstream `pkg/apis/networking/validation/validation.go`)."""

from __future__ import annotations

import ipaddress

from kubelearn.embedded.apiserver.names import port_name, port_number
from kubelearn.embedded.apiserver.validation.common import cidr, supported
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    forbidden,
    invalid,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import (
    label_selector,
    metadata,
    metadata_update,
)
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.objects import Object

_PROTOCOLS = ("TCP", "UDP", "SCTP")
_TYPES = ("Ingress", "Egress")


@on_create("networking.v1.NetworkPolicy")
def network_policy(obj: Object) -> Errors:
    """A NetworkPolicy."""
    yield from metadata(obj)
    yield from _spec(obj["spec"])


@on_update("networking.v1.NetworkPolicy")
def network_policy_update(new: Object, old: Object) -> Errors:
    """A NetworkPolicy again."""
    yield from metadata_update(new, old)
    yield from _spec(new["spec"])


def _spec(spec: Object) -> Errors:
    yield from label_selector(spec.get("podSelector"), "spec.podSelector")
    for direction, end in (("ingress", "from"), ("egress", "to")):
        for i, rule in enumerate(spec.get(direction) or []):
            field = f"spec.{direction}[{i}]"
            for j, port in enumerate(rule.get("ports") or []):
                yield from _port(f"{field}.ports[{j}]", port)
            for j, peer in enumerate(rule.get(end) or []):
                yield from _peer(f"{field}.{end}[{j}]", peer)
    types = spec.get("policyTypes") or []
    if len(types) > len(_TYPES):
        yield invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for i, each in enumerate(types):
        yield from supported(f"spec.policyTypes[{i}]", each, _TYPES)


def _port(field: str, found: Object) -> Errors:
    yield from supported(f"{field}.protocol", found.get("protocol"), _PROTOCOLS)
    port, end = found.get("port"), found.get("endPort")
    if isinstance(port, int):
        yield from each_invalid(f"{field}.port", port, port_number(port))
        if end is None:
            return
        if end < port:
            detail = "must be greater than or equal to `port`"
            yield invalid(f"{field}.endPort", port, detail)
        yield from each_invalid(f"{field}.endPort", end, port_number(end))
        return
    if end is not None:
        what = "not specified" if port is None else "non-numeric"
        yield invalid(f"{field}.endPort", end, f"may not be specified when `port` is {what}")
    if port is not None:
        yield from each_invalid(f"{field}.port", port, port_name(port))


def _peer(field: str, peer: Object) -> Errors:
    for name in ("podSelector", "namespaceSelector"):
        if name in peer:
            yield from label_selector(peer[name], f"{field}.{name}")
    if "ipBlock" in peer:
        yield from _block(f"{field}.ipBlock", peer["ipBlock"])
        if len(peer) > 1:
            yield forbidden(field, "may not specify both ipBlock and another peer")
    if not peer:
        yield required(field, "must specify a peer")


def _block(field: str, block: Object) -> Errors:
    if not block["cidr"]:
        yield required(f"{field}.cidr")
        return
    yield from cidr(f"{field}.cidr", block["cidr"])
    whole = _network(block["cidr"])
    if whole is None:
        return
    for i, excepted in enumerate(block.get("except") or []):
        here = f"{field}.except[{i}]"
        yield from cidr(here, excepted)
        part = _network(excepted)
        if part is not None and not _within(part, whole):
            yield invalid(here, excepted, "must be a strict subset of `cidr`")


def _within(
    part: ipaddress.IPv4Interface | ipaddress.IPv6Interface,
    whole: ipaddress.IPv4Interface | ipaddress.IPv6Interface,
) -> bool:
    # Networks, because upstream compares addresses with their prefix cut off.
    base = part.network.network_address
    return base in whole.network and whole.network.prefixlen < part.network.prefixlen


def _network(text: str) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface | None:
    try:
        return ipaddress.ip_interface(text) if "/" in text else None
    except ValueError:
        return None

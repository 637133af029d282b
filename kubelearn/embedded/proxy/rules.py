"""What a Service and its EndpointSlices mean: which addresses lead to which endpoints.

Pure functions. Follows pkg/proxy `servicechangetracker.go`, `endpointslicecache.go` and, for
traffic policies and endpoints that are on their way out, `topology.go` (`CategorizeEndpoints`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kubelearn.objects import Object

_AFFINITY_SECONDS = 10800
_PROTOCOLS = ("TCP", "UDP")


class Address(NamedTuple):
    """An IP address and a port."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"{self.ip}:{self.port}"


Addresses = tuple[Address, ...]


@dataclass(frozen=True)
class Rule:
    """One way into a Service: who asks one of `frontends` gets to one of `endpoints`."""

    frontends: Addresses
    endpoints: Addresses
    affinity_seconds: int = 0
    """How long a client stays with its endpoint; 0 for a Service without session affinity."""
    protocol: str = "TCP"
    by_node: Mapping[str, Addresses] | None = None
    """The endpoints for clients on each node, if it makes a difference where they are."""
    outsiders: frozenset[str] = frozenset()
    """Addresses of clients on a node that count as clients on none."""

    def endpoints_for(self, node: str | None) -> Addresses:
        """The endpoints for a client on that node; None is a client on no node."""
        if node is None or self.by_node is None:
            return self.endpoints
        return self.by_node.get(node, ())


class _Endpoint(NamedTuple):
    address: Address
    node: str
    ready: bool


def rules_of(
    service: Object, slices: Iterable[Object], *, node_addresses: Mapping[str, str]
) -> Iterator[Rule]:
    """The rules for a Service's ports; none if it has no address of its own.

    `node_addresses` gives the node's name for each address; it is empty for an address of none.
    """
    spec = service["spec"]
    cluster_ips = [ip for ip in spec.get("clusterIPs") or [spec.get("clusterIP")] if ip]
    if spec.get("type") == "ExternalName" or not cluster_ips or "None" in cluster_ips:
        return
    known = list(slices)
    for port in spec.get("ports") or []:
        if port.get("protocol", "TCP") in _PROTOCOLS:
            endpoints = list(_endpoints(known, port.get("name", "")))
            inside = [Address(ip, port["port"]) for ip in cluster_ips]
            outside = dict(_outside(service, port, node_addresses))
            yield from _rules_of_port(spec, port, inside=inside, outside=outside, known=endpoints)


def _rules_of_port(
    spec: Object,
    port: Object,
    *,
    inside: list[Address],
    outside: Mapping[Address, str],
    known: Sequence[_Endpoint],
) -> Iterator[Rule]:
    seconds, protocol = _affinity_seconds(spec), port.get("protocol", "TCP")
    everywhere = _usable(known)
    local = "Local" in (spec.get("externalTrafficPolicy"), spec.get("internalTrafficPolicy"))
    by_node = _usable_by_node(known) if local else {}
    if spec.get("externalTrafficPolicy") == "Local":
        # Clients inside the cluster may take this way too, and are not bound to the node. What
        # another node asks in its own name comes from outside.
        within = dict.fromkeys(filter(None, outside.values()), everywhere)
        for address, node in outside.items():
            endpoints = by_node.get(node, ()) if node else everywhere
            others = frozenset(each.ip for each, at in outside.items() if node and at != node)
            yield Rule((address,), endpoints, seconds, protocol, within, others)
        outside = {}
    if spec.get("internalTrafficPolicy") == "Local":
        yield Rule(tuple(inside), everywhere, seconds, protocol, by_node)
        inside = []
    if frontends := (*inside, *outside):
        yield Rule(frontends, everywhere, seconds, protocol)


def _outside(
    service: Object, port: Object, node_addresses: Mapping[str, str]
) -> Iterator[tuple[Address, str]]:
    """Where clients from outside of the cluster come in, and on which node, if on any."""
    if node_port := port.get("nodePort"):
        for ip, node in node_addresses.items():
            yield Address(ip, node_port), node
    balancer = (service.get("status") or {}).get("loadBalancer") or {}
    given = [each["ip"] for each in balancer.get("ingress") or [] if each.get("ip")]
    for ip in [*(service["spec"].get("externalIPs") or []), *given]:
        yield Address(ip, port["port"]), ""


def _affinity_seconds(spec: Object) -> int:
    if spec.get("sessionAffinity") != "ClientIP":
        return 0
    config = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    return int(config.get("timeoutSeconds", _AFFINITY_SECONDS))


def _endpoints(slices: Sequence[Object], port_name: str) -> Iterator[_Endpoint]:
    """Endpoints that are ready, and those that still serve while they terminate."""
    for piece in slices:
        ports = [
            port["port"]
            for port in piece.get("ports") or []
            if (port.get("name") or "") == port_name and port.get("port")
        ]
        for endpoint in piece.get("endpoints") or []:
            conditions = endpoint.get("conditions") or {}
            # Unknown means ready, but never serving while terminating.
            ready = conditions.get("ready") is not False
            if ready or (conditions.get("serving") and conditions.get("terminating")):
                for port in ports:
                    address = Address(endpoint["addresses"][0], port)
                    yield _Endpoint(address, endpoint.get("nodeName") or "", ready)


def _usable_by_node(endpoints: Iterable[_Endpoint]) -> dict[str, Addresses]:
    nodes: defaultdict[str, list[_Endpoint]] = defaultdict(list)
    for each in endpoints:
        nodes[each.node].append(each)
    return {node: _usable(here) for node, here in nodes.items()}


def _usable(endpoints: Sequence[_Endpoint]) -> Addresses:
    """The ready ones; if there are none, those that terminate."""
    ready = {each.address for each in endpoints if each.ready}
    return tuple(sorted(ready or {each.address for each in endpoints}))

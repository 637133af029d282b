"""What a Service and its EndpointSlices mean: which addresses lead to which endpoints.

Pure functions. Follows pkg/proxy `servicechangetracker.go`, `endpointslicecache.go` and, for
endpoints that are on their way out, `topology.go` (`CategorizeEndpoints`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kubelearn.objects import Object

SERVICE_NAME = "kubernetes.io/service-name"
_AFFINITY_SECONDS = 10800


class Address(NamedTuple):
    """An IP address and a TCP port."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"{self.ip}:{self.port}"


@dataclass(frozen=True)
class Rule:
    """One port of a Service: who connects to one of `frontends` gets to one of `endpoints`."""

    frontends: tuple[Address, ...]
    endpoints: tuple[Address, ...]
    affinity_seconds: int
    """How long a client stays with its endpoint; 0 for a Service without session affinity."""


def rules_of(
    service: Object, slices: Iterable[Object], *, node_addresses: Sequence[str]
) -> Iterator[Rule]:
    """The rules for a Service's TCP ports; none if it has no address of its own."""
    spec = service["spec"]
    cluster_ips = [ip for ip in spec.get("clusterIPs") or [spec.get("clusterIP")] if ip]
    if spec.get("type") == "ExternalName" or not cluster_ips or "None" in cluster_ips:
        return
    known = list(slices)
    for port in spec.get("ports") or []:
        if port.get("protocol", "TCP") != "TCP":
            continue
        frontends = [Address(ip, port["port"]) for ip in cluster_ips]
        if node_port := port.get("nodePort"):
            frontends += [Address(ip, node_port) for ip in node_addresses]
        yield Rule(
            tuple(frontends),
            tuple(sorted(_endpoints(known, port.get("name", "")))),
            _affinity_seconds(spec),
        )


def _affinity_seconds(spec: Object) -> int:
    if spec.get("sessionAffinity") != "ClientIP":
        return 0
    config = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    return int(config.get("timeoutSeconds", _AFFINITY_SECONDS))


def _endpoints(slices: Sequence[Object], port_name: str) -> set[Address]:
    """Ready endpoints; if there are none, those that still serve while they terminate."""
    ready: set[Address] = set()
    terminating: set[Address] = set()
    for piece in slices:
        ports = [
            port["port"]
            for port in piece.get("ports") or []
            if (port.get("name") or "") == port_name and port.get("port")
        ]
        for endpoint in piece.get("endpoints") or []:
            conditions = endpoint.get("conditions") or {}
            found = {Address(endpoint["addresses"][0], port) for port in ports}
            # Unknown means ready, but never serving while terminating.
            if conditions.get("ready") is not False:
                ready |= found
            elif conditions.get("serving") and conditions.get("terminating"):
                terminating |= found
    return ready or terminating

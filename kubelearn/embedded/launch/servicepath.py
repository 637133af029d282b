"""The way of a connection from a Service's addresses to its endpoints, as data and as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kubelearn.embedded.proxy import Address, DataPath, Rule
from kubelearn.objects import Object, key


def service_path(service: Object, datapath: DataPath, *, node: str, node_ip: str) -> Object:
    """Where connections go that begin on a node."""
    name = key(service)
    rules = datapath.rules(name)
    return {
        "service": name,
        "node": node,
        "mode": "userspace",
        "entries": [
            _entry(rule, address, kind, port, node)
            for kind, address, port in _addresses(service, node_ip)
            for rule in rules
            if address in rule.frontends and rule.protocol == port.get("protocol", "TCP")
        ],
        "rules": "".join(_text(name, rule, datapath.listening(name)) for rule in rules),
    }


def _addresses(service: Object, node_ip: str) -> Iterator[tuple[str, Address, Object]]:
    spec = service["spec"]
    balancer = (service.get("status") or {}).get("loadBalancer") or {}
    given = {
        "ClusterIP": spec.get("clusterIPs") or [],
        "ExternalIP": spec.get("externalIPs") or [],
        "LoadBalancer": [each.get("ip", "") for each in balancer.get("ingress") or []],
    }
    for port in spec.get("ports") or []:
        if node_port := port.get("nodePort"):
            yield "NodePort", Address(node_ip, node_port), port
        for kind, addresses in given.items():
            for ip in addresses:
                yield kind, Address(ip, port["port"]), port


def _entry(rule: Rule, address: Address, kind: str, port: Object, node: str) -> Object:
    endpoints = rule.endpoints_for(node)
    return {
        "address": str(address),
        "kind": kind,
        "protocol": rule.protocol,
        "port": port.get("name", ""),
        "affinity_seconds": rule.affinity_seconds,
        "targets": [
            {"address": str(each), "chance": 1 / len(endpoints), "rule": f"endpoint {each}"}
            for each in endpoints
        ],
    }


def _text(service: str, rule: Rule, listening: Mapping[Address, Address]) -> str:
    """A rule in the words of `kubelearn.embedded.proxy`, which has no language of its own."""
    lines = [f"service {service} {rule.protocol}"]
    for address in rule.frontends:
        place = listening.get(address)
        instead = f" at {place}" if place and place != address else ""
        lines.append(f"  listen {address}{instead}" if place else f"  refuse {address}")
    if rule.endpoints:
        stay = f", the same again for {rule.affinity_seconds} s" if rule.affinity_seconds else ""
        lines.append(f"  choose at random{stay}")
    lines += [f"  endpoint {each}" for each in rule.endpoints]
    for node, endpoints in (rule.by_node or {}).items():
        lines.append(f"  from {node}: {_listed(endpoints)}")
    return "\n".join([*lines, ""])


def _listed(endpoints: Sequence[Address]) -> str:
    return ", ".join(map(str, endpoints)) or "refuse"

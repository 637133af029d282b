"""A Service's way to its pods in the rules of kube-proxy's iptables mode (pkg/proxy/iptables).

KUBE-SERVICES   address and port of a Service  → KUBE-SVC-… (KUBE-SVL-…: local endpoints only)
KUBE-NODEPORTS  the port of a node             → KUBE-EXT-…  → KUBE-SVC-…
KUBE-SVC-…      one of several, at random      → KUBE-SEP-…
KUBE-SEP-…      the endpoint's address: DNAT
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubelearn.clusters.internals import AddressKind, Entry, ServicePath, Target
from kubelearn.objects import Object

_RULE = re.compile(r"^-A (?P<chain>\S+) (?P<rest>.*)$", re.MULTILINE)
_JUMP = re.compile(r"-j (?P<target>\S+)")
_CHANCE = re.compile(r"--probability (\S+)")
_DNAT = re.compile(r"--to-destination (\S+)")
_SECONDS = re.compile(r"--rcheck --seconds (\d+)")
_CHOSEN = ("KUBE-SEP-",)
_BALANCERS = ("KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-")


@dataclass(frozen=True)
class Rule:
    """One rule of a chain, in the words of `iptables-save`."""

    chain: str
    text: str

    @property
    def target(self) -> str:
        """The chain that it jumps to, or what it does."""
        found = _JUMP.search(self.text)
        return found["target"] if found else ""


class Rules:
    """The rules of one machine's table `nat`."""

    def __init__(self, saved: str) -> None:
        self._chains: dict[str, list[Rule]] = {}
        for found in _RULE.finditer(saved):
            rule = Rule(found["chain"], found[0])
            self._chains.setdefault(rule.chain, []).append(rule)

    def entrance(self, address: str, port: int, protocol: str) -> Rule | None:
        """The rule that takes connections to an address of a Service."""
        words = (f"-d {address}/", f"-p {protocol.lower()} ", f"--dport {port} ")
        return self._find("KUBE-SERVICES", words)

    def node_port(self, port: int, protocol: str) -> Rule | None:
        """The rule that takes connections to a port of the node."""
        return self._find("KUBE-NODEPORTS", (f"-p {protocol.lower()} ", f"--dport {port} "))

    def _find(self, chain: str, words: Sequence[str]) -> Rule | None:
        # The last one: before it there may be one that counts what comes over the loopback.
        rules = reversed(self._chains.get(chain, []))
        return next((rule for rule in rules if all(word in rule.text for word in words)), None)

    def behind(self, rule: Rule | None) -> list[Rule]:
        """A rule and all that a connection may meet after it, in order."""
        found: list[Rule] = []
        waiting = [rule] if rule else []
        while waiting:
            rule = waiting.pop(0)
            if rule not in found:
                found.append(rule)
                if rule.target.startswith(_BALANCERS + _CHOSEN):
                    waiting += self._chains.get(rule.target, ())
        return found

    def targets(self, rule: Rule | None) -> Iterator[Target]:
        """The endpoints that a connection may end at, each with its chance."""
        left = 1.0
        for step in self.behind(rule):
            if not step.target.startswith(_CHOSEN) or "--rcheck" in step.text:
                continue
            written = _CHANCE.search(step.text)
            chance = left * float(written[1]) if written else left
            left -= chance
            for end in self._chains.get(step.target, ()):
                if destination := _DNAT.search(end.text):
                    yield Target(destination[1], chance, step.text)

    def affinity(self, rule: Rule | None) -> int:
        """How long a client stays with its endpoint, in seconds; 0 without session affinity."""
        found = (_SECONDS.search(step.text) for step in self.behind(rule))
        return next((int(each[1]) for each in found if each), 0)


def service_path(service: Object, saved: str, *, node: str, node_ip: str) -> ServicePath:
    """Where a node's rules lead connections to a Service."""
    rules = Rules(saved)
    used: list[Rule] = []
    entries = []
    addresses = _addresses(service["spec"], service.get("status") or {}, node_ip=node_ip)
    for kind, address, port in addresses:
        entrance = _entrance(rules, kind, address, port)
        used += (rule for rule in rules.behind(entrance) if rule not in used)
        entries.append(
            Entry(
                address=f"{address}:{_number(kind, port)}",
                kind=kind,
                protocol=_protocol(port),
                port=port.get("name", ""),
                affinity_seconds=rules.affinity(entrance),
                targets=tuple(rules.targets(entrance)),
            )
        )
    metadata = service["metadata"]
    return ServicePath(
        service=f"{metadata['namespace']}/{metadata['name']}",
        node=node,
        mode="iptables",
        entries=tuple(entries),
        rules="".join(f"{rule.text}\n" for rule in used),
    )


def _entrance(rules: Rules, kind: AddressKind, address: str, port: Object) -> Rule | None:
    number, protocol = _number(kind, port), _protocol(port)
    if kind == "NodePort":
        return rules.node_port(number, protocol)
    return rules.entrance(address, number, protocol)


def _number(kind: AddressKind, port: Object) -> int:
    return int(port["nodePort" if kind == "NodePort" else "port"])


def _protocol(port: Object) -> str:
    return str(port.get("protocol", "TCP"))


def _addresses(
    spec: Object, status: Object, *, node_ip: str
) -> Iterator[tuple[AddressKind, str, Object]]:
    balancer = (status.get("loadBalancer") or {}).get("ingress") or ()
    given: dict[AddressKind, Sequence[str]] = {
        "ClusterIP": [each for each in spec.get("clusterIPs") or () if each != "None"],
        "ExternalIP": spec.get("externalIPs") or (),
        "LoadBalancer": [each["ip"] for each in balancer if "ip" in each],
    }
    for port in spec.get("ports") or ():
        if port.get("nodePort"):
            yield "NodePort", node_ip, port
        for kind, addresses in given.items():
            for address in addresses:
                yield kind, address, port

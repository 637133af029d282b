"""What the names of a cluster mean: CoreDNS's plug-in `kubernetes`, with `pods insecure`.

    web.shop.svc.cluster.local               a Service: its address, or those of its ready pods
    db-0.db.shop.svc.cluster.local           one endpoint, by its hostname or 127-64-2-7
    _http._tcp.web.shop.svc.cluster.local    a port of a Service (SRV)
    127-64-2-7.shop.pod.cluster.local        a pod, by its address
    9.128.64.127.in-addr.arpa                the way back (PTR)

Upstream: plugin/kubernetes/{kubernetes,parse,reverse}.go and plugin/backend_lookup.go.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from kubelearn.dnsmessage import AAAA, CNAME, NS, PTR, SOA, SRV, TXT, A, Record
from kubelearn.objects import SERVICE_NAME, Object, labels_of

DOMAIN = "cluster.local"
_REVERSE = "in-addr.arpa"
_TTL, _VERSION_TTL = 30, 28800
_NO_PORT = -1
_MOST_ALIASES = 10


class Objects(Protocol):
    """Objects by key and by index, as an informer has them."""

    def get(self, object_key: str) -> Object | None:
        """The object of that key, if it is there."""
        ...

    def by_index(self, name: str, value: str) -> Sequence[Object]:
        """The objects for which the index function gave that value."""
        ...


@dataclass(frozen=True)
class Found:
    """What a name means. `elsewhere` is a name outside of the cluster that has to be asked for."""

    answers: tuple[Record, ...] = ()
    additionals: tuple[Record, ...] = ()
    elsewhere: str = ""


@dataclass(frozen=True)
class _Target:
    """Where a name leads: an address and a port, or another name."""

    name: str
    host: str
    port: int
    is_name: bool = False


class Zone:
    """The names below `cluster.local`, and those of the cluster's addresses."""

    def __init__(self, *, services: Objects, slices: Objects, namespaces: Objects) -> None:
        self._services = services
        self._slices = slices
        self._namespaces = namespaces

    def find(self, name: str, kind: int) -> Found | None:
        """What that name has of that type, perhaps nothing; None if there is no such name."""
        asked = name.lower()
        if asked == _REVERSE or asked.endswith(f".{_REVERSE}"):
            return self._reverse(name, asked, kind)
        special = self._special(name, asked, kind)
        if special is not None:
            return special
        targets = self._targets(asked)
        return None if targets is None else self._records(name, kind, targets, seen=())

    def soa(self, name: str, serial: int) -> Record:
        """The record that goes with the word that there is nothing."""
        zone = _REVERSE if name.lower().endswith(_REVERSE) else DOMAIN
        data = f"ns.dns.{zone} hostmaster.{zone} {serial} 7200 1800 86400 {_TTL}"
        return Record(zone, SOA, _TTL, data)

    # --- from a name to targets ---

    def _special(self, name: str, asked: str, kind: int) -> Found | None:
        if asked == f"dns-version.{DOMAIN}":
            version = [Record(name, TXT, _VERSION_TTL, "1.1.0")] if kind == TXT else []
            return Found(tuple(version))
        if asked == DOMAIN and kind == NS:
            return Found((Record(name, NS, _TTL, f"ns.dns.{DOMAIN}"),))
        if asked in (DOMAIN, f"svc.{DOMAIN}", f"pod.{DOMAIN}"):
            return Found()
        return None

    def _targets(self, asked: str) -> list[_Target] | None:
        """What is behind a name: nothing if it only stands above others, None if it is wrong."""
        *rest, space = asked.removesuffix(f".{DOMAIN}").split(".")
        if space not in ("svc", "pod") or not rest:
            return None
        *rest, namespace = rest
        if self._namespaces.get(namespace) is None:
            return None
        if not rest:
            return []
        *rest, service = rest
        if space == "pod":
            return self._pod(namespace, service)
        return list(self._service(f"{namespace}/{service}", rest)) or None

    def _pod(self, namespace: str, name: str) -> list[_Target] | None:
        ip = name.replace("-", ".")
        own_name = f"{name}.{namespace}.pod.{DOMAIN}"
        return [_Target(own_name, ip, _NO_PORT)] if _is_ip(ip) else None

    def _service(self, service_key: str, rest: Sequence[str]) -> Iterator[_Target]:
        service = self._services.get(service_key)
        if service is None or len(rest) > 2:
            return
        spec = service["spec"]
        endpoint = rest[0] if len(rest) == 1 else ""
        port, protocol = (word.removeprefix("_") for word in rest) if len(rest) == 2 else ("", "")
        name = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc.{DOMAIN}"
        if spec.get("type") == "ExternalName":
            host = spec.get("externalName", "").removesuffix(".")
            # An alias of an address is no alias, and upstream says nothing then.
            if not rest and not _is_ip(host):
                yield _Target(name, host, _NO_PORT, is_name=True)
        elif spec.get("clusterIP") == "None" or endpoint:
            for host, address, number in self._endpoints(service_key, port, protocol):
                if endpoint in ("", host):
                    yield _Target(f"{host}.{name}", address, number)
        else:
            fitting = [each for each in spec.get("ports") or [] if _fits(each, port, protocol)]
            for each in fitting:
                for ip in spec.get("clusterIPs") or []:
                    yield _Target(name, ip, each["port"])

    def _endpoints(
        self, service_key: str, port: str, protocol: str
    ) -> Iterator[tuple[str, str, int]]:
        """Host names, addresses and ports of a Service's ready endpoints."""
        for piece in self._slices.by_index("service", service_key):
            ports = [
                each.get("port", _NO_PORT)
                for each in piece.get("ports") or [{}]
                if _fits(each, port, protocol)
            ]
            for host, address in _ready(piece):
                for number in ports:
                    yield host, address, number

    # --- from targets to records ---

    def _records(
        self, name: str, kind: int, targets: Sequence[_Target], *, seen: tuple[str, ...]
    ) -> Found:
        aliases = [target for target in targets if target.is_name]
        if aliases and kind in (A, AAAA, CNAME):
            return self._alias(name, kind, aliases[0].host, seen=seen)
        if kind in (A, AAAA):
            addresses = dict.fromkeys(target.host for target in targets if not target.is_name)
            return Found(tuple(_addresses(name, kind, addresses)))
        if kind == SRV:
            return _services(name, [target for target in targets if not target.is_name])
        return Found()

    def _alias(self, name: str, kind: int, target: str, *, seen: tuple[str, ...]) -> Found:
        record = Record(name, CNAME, _TTL, target)
        if kind == CNAME:
            return Found((record,))
        asked = target.lower()
        if asked == name.lower() or asked in seen or len(seen) > _MOST_ALIASES:
            return Found()
        if not asked.endswith(f".{DOMAIN}"):
            return Found((record,), elsewhere=target)
        behind = self._targets(asked)
        found = self._records(target, kind, behind or (), seen=(*seen, asked))
        # An alias alone says nothing to who asked for an address.
        if not found.answers:
            return Found()
        return replace(found, answers=(record, *found.answers))

    # --- back from addresses ---

    def _reverse(self, name: str, asked: str, kind: int) -> Found | None:
        words = asked.removesuffix(_REVERSE).removesuffix(".").split(".")
        ip = ".".join(reversed(words))
        hosts = list(dict.fromkeys(self._hosts(ip))) if _is_ip(ip) else []
        if not hosts:
            return None
        return Found(tuple(Record(name, PTR, _TTL, host) for host in hosts if kind == PTR))

    def _hosts(self, ip: str) -> Iterator[str]:
        for service in self._services.by_index("ip", ip):
            meta = service["metadata"]
            yield f"{meta['name']}.{meta['namespace']}.svc.{DOMAIN}"
            return
        for piece in self._slices.by_index("ip", ip):
            meta = piece["metadata"]
            service_name = labels_of(piece).get(SERVICE_NAME, "")
            for host, address in _ready(piece):
                if address == ip:
                    yield f"{host}.{service_name}.{meta['namespace']}.svc.{DOMAIN}"


def is_inside(name: str) -> bool:
    """Whether only the cluster knows that name, so that nobody else is asked for it."""
    asked = name.lower()
    return asked == DOMAIN or asked.endswith(f".{DOMAIN}")


def service_ips(service: Object) -> list[str]:
    """The addresses of a Service, for the index `ip`."""
    return [ip for ip in service["spec"].get("clusterIPs") or [] if ip != "None"]


def slice_ips(piece: Object) -> list[str]:
    """The addresses of a slice's ready endpoints, for the index `ip`."""
    return list(dict.fromkeys(address for _, address in _ready(piece)))


def _ready(piece: Object) -> Iterator[tuple[str, str]]:
    """Host names and addresses; of a readiness that nobody knows, the best is believed."""
    for endpoint in piece.get("endpoints") or []:
        if (endpoint.get("conditions") or {}).get("ready") is not False:
            for address in endpoint["addresses"]:
                yield endpoint.get("hostname") or address.replace(".", "-"), address


def _fits(port: Object, name: str, protocol: str) -> bool:
    names = (port.get("name") or "").lower(), (port.get("protocol") or "").lower()
    return name in ("", names[0]) and protocol in ("", names[1])


def _addresses(name: str, kind: int, addresses: Iterable[str]) -> Iterator[Record]:
    for address in addresses:
        if kind == (AAAA if ":" in address else A):
            yield Record(name, kind, _TTL, address)


def _services(name: str, targets: Sequence[_Target]) -> Found:
    weight = max(100 // len(targets), 1) if targets else 0
    ports = dict.fromkeys((target.name, target.port) for target in targets)
    hosts = dict.fromkeys((target.name, target.host) for target in targets)
    return Found(
        tuple(
            Record(name, SRV, _TTL, f"0 {weight} {port} {host}")
            for host, port in ports
            if port != _NO_PORT
        ),
        tuple(Record(host, A, _TTL, address) for host, address in hosts),
    )


def _is_ip(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True

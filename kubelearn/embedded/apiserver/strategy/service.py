"""Services: cluster IPs, node ports and IP families.

Stands for k8s.io/kubernetes `pkg/registry/core/service/{strategy.go,storage}`. Left out: dual
stack, since the cluster lives on 127/8, and so `clusterIPs` and `ipFamilies` have one element.
"""

from __future__ import annotations

import contextlib
import ipaddress
import random as randomness
from collections.abc import Iterable
from typing import Any

from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.status import Cause, StatusError, internal, invalid, quote
from kubelearn.embedded.apiserver.strategy.allocator import AllocationError, Allocator
from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.embedded.apiserver.strategy.ipfamilies import fill_families
from kubelearn.embedded.apiserver.strategy.servicewarnings import service_warnings
from kubelearn.objects import Object, key

NODE_PORTS = range(30000, 32768)


class ServiceStrategy(Strategy):
    """Services."""

    returns_deleted = True
    create_on_update = True
    holds = True
    first_status = {"loadBalancer": {}}
    fields = ("spec.clusterIP", "spec.type")

    def __init__(
        self, kind: Kind, *, cidr: ipaddress.IPv4Network, random: randomness.Random
    ) -> None:
        super().__init__(kind)
        addresses = range(int(cidr.network_address) + 1, int(cidr.broadcast_address))
        kept = _kept(len(addresses), step=16, most=256)
        self._cidr = cidr
        self._ips = Allocator(addresses, kept=kept, noun="IP", random=random)
        kept = _kept(len(NODE_PORTS), step=32, most=128)
        self._ports = Allocator(NODE_PORTS, kept=kept, noun="port", random=random)

    def prepare_for_update(self, new: Object, old: Object) -> None:
        """Drop what the new type has no use for and the client did not set anew."""
        super().prepare_for_update(new, old)
        after, before = new["spec"], old["spec"]
        if _has_cluster_ip(before) and not _has_cluster_ip(after):
            for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
                _drop_unchanged(after, before, name)
        drops_ports = _has_node_ports(before) and not _has_node_ports(after)
        if drops_ports and _node_ports(before) == _node_ports(after):
            for port in after.get("ports") or []:
                port.pop("nodePort", None)
        if _needs_health_port(before) and not _needs_health_port(after):
            _drop_unchanged(after, before, "healthCheckNodePort")
        if _is_external(before) and not _is_external(after):
            _drop_unchanged(after, before, "externalTrafficPolicy")
        if after.get("type") != "LoadBalancer":
            for name in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
                _drop_unchanged(after, before, name)
            new["status"] = {**(new.get("status") or {}), "loadBalancer": {}}

    def begin(self, new: Object, old: Object | None, *, dry_run: bool) -> None:
        """Give the Service its address and ports, the old ones where it has some."""
        spec = new.get("spec") or {}
        if not new["metadata"].get("name"):
            return  # Validation will refuse it.
        owner = key(new)
        if old is not None:
            _carry_over(spec, old.get("spec") or {})
        if spec.get("clusterIP") and not spec.get("clusterIPs"):
            spec["clusterIPs"] = [spec["clusterIP"]]
        if _has_cluster_ip(spec):
            fill_families(new, (old or {}).get("spec") or {})
            # An address is given once; that it may not change is for validation to say.
            if old is None or not _has_cluster_ip(old.get("spec") or {}):
                self._allocate_ip(new, spec, owner, dry_run=dry_run)
        if spec.get("type") in ("NodePort", "LoadBalancer"):
            self._allocate_ports(new, spec, owner, dry_run=dry_run)
        if _needs_health_port(spec):
            self._allocate_health_port(spec, owner)
        if not dry_run:
            self._hold(owner, spec)

    def warnings(self, new: Object, old: Object | None) -> Iterable[str]:
        """What is deprecated, and what has no effect."""
        return service_warnings(new)

    def settle(self, owner: str, current: Object | None) -> None:
        """Let the Service hold what its stored state shows, and nothing else."""
        spec = (current or {}).get("spec") or {}
        self._ips.settle(owner, _addresses(spec))
        self._ports.settle(owner, _held_ports(spec))

    def _hold(self, owner: str, spec: Object) -> None:
        for address in _addresses(spec):
            self._ips.hold(address, owner)
        for port in _held_ports(spec):
            self._ports.hold(port, owner)

    def _allocate_ip(self, service: Object, spec: Object, owner: str, *, dry_run: bool) -> None:
        wanted = spec.get("clusterIP") or ""
        if wanted == "None":
            return
        try:
            if wanted:
                self._check_ip(ipaddress.IPv4Address(wanted), owner, dry_run=dry_run)
            else:
                wanted = str(ipaddress.IPv4Address(self._ips.next(owner)))
        except ipaddress.AddressValueError:
            return  # validation says it better
        except AllocationError as error:
            shown = f"[{quote(wanted)}]" if wanted else "null"
            problem = f"failed to allocate IP {wanted}: {error}"
            raise _refused(service, "spec.clusterIPs", shown, problem) from None
        spec["clusterIP"], spec["clusterIPs"] = wanted, [wanted]

    def _allocate_ports(self, service: Object, spec: Object, owner: str, *, dry_run: bool) -> None:
        automatic = spec.get("allocateLoadBalancerNodePorts", True)
        ports = spec.get("ports") or []
        # One port in two protocols is one node port.
        same = {port["port"]: port["nodePort"] for port in reversed(ports) if port.get("nodePort")}
        for index, port in enumerate(ports):
            if wanted := port.get("nodePort"):
                # A dry run looks only at who has what.
                if not (dry_run and wanted not in NODE_PORTS):
                    self._check_port(service, index, wanted, owner)
            elif automatic:
                if port["port"] not in same:
                    same[port["port"]] = self._next_port(owner, _held_ports(spec))
                port["nodePort"] = same[port["port"]]

    def _allocate_health_port(self, spec: Object, owner: str) -> None:
        if not spec.get("healthCheckNodePort"):
            spec["healthCheckNodePort"] = self._next_port(owner, _held_ports(spec))
            return
        wanted = spec["healthCheckNodePort"]
        try:
            self._try_port(wanted, owner)
        except AllocationError as error:
            problem = f"failed to allocate requested HealthCheck NodePort {wanted}: {error}"
            raise internal(problem) from None

    def _check_port(self, service: Object, index: int, wanted: int, owner: str) -> None:
        try:
            self._try_port(wanted, owner)
        except AllocationError as error:
            field = f"spec.ports[{index}].nodePort"
            raise _refused(service, field, str(wanted), str(error)) from None

    def _check_ip(self, wanted: ipaddress.IPv4Address, owner: str, *, dry_run: bool) -> None:
        # A dry run looks only at the range, and has words of its own for what is outside.
        if int(wanted) in self._ips.numbers:
            if not dry_run:
                self._ips.check(int(wanted), owner)
        elif dry_run:
            raise AllocationError(
                f"the provided IP ({wanted}) is not in the valid range. "
                f"The range of valid IPs is {self._cidr}"
            )
        else:
            raise AllocationError("the provided network does not match the current range")

    def _try_port(self, wanted: int, owner: str) -> None:
        if wanted not in NODE_PORTS:
            raise AllocationError(
                "provided port is not in the valid range. "
                f"The range of valid ports is {NODE_PORTS.start}-{NODE_PORTS.stop - 1}"
            )
        self._ports.check(wanted, owner)

    def _next_port(self, owner: str, taken: list[int]) -> int:
        try:
            while (port := self._ports.next(owner)) in taken:
                pass
        except AllocationError as error:
            raise internal(f"failed to allocate a nodePort: {error}") from None
        return port


def _carry_over(spec: Object, old: Object) -> None:
    """Fill in what was allocated before, so that the same manifest can be sent again."""
    if _has_cluster_ip(spec) and _has_cluster_ip(old):
        if spec.get("clusterIP") and spec.get("clusterIPs") == old.get("clusterIPs"):
            # A client that changes the older field alone means both (`NormalizeClusterIPs`).
            spec["clusterIPs"] = [spec["clusterIP"]]
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if not spec.get(name) and old.get(name):
                spec[name] = old[name]
    if _has_node_ports(spec) and _has_node_ports(old):
        known = {port.get("name", ""): port.get("nodePort") for port in old.get("ports") or []}
        kept = set(_node_ports(old)) & set(_node_ports(spec))
        for port in spec.get("ports") or []:
            before = known.get(port.get("name", ""))
            if not port.get("nodePort") and before and before not in kept:
                port["nodePort"] = before
    if _needs_health_port(spec) and _needs_health_port(old) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = old.get("healthCheckNodePort", 0)


def _refused(service: Object, field: str, shown: str, problem: str) -> StatusError:
    cause = Cause("FieldValueInvalid", f"Invalid value: {shown}: {problem}", field)
    return invalid("Service", "", service["metadata"]["name"], [cause])


def _has_cluster_ip(spec: Object) -> bool:
    return bool(spec.get("type") != "ExternalName")


def _has_node_ports(spec: Object) -> bool:
    return spec.get("type") == "NodePort" or (
        spec.get("type") == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True)
    )


def _needs_health_port(spec: Object) -> bool:
    """Whether load balancers ask each node if it has an endpoint."""
    local = spec.get("externalTrafficPolicy") == "Local"
    return bool(local and spec.get("type") == "LoadBalancer")


def _is_external(spec: Object) -> bool:
    return spec.get("type") in ("NodePort", "LoadBalancer") or bool(spec.get("externalIPs"))


def _drop_unchanged(after: Object, before: Object, name: str) -> None:
    if after.get(name) == before.get(name):
        after.pop(name, None)


def _addresses(spec: Object) -> Iterable[int]:
    for address in spec.get("clusterIPs") or []:
        # What is no address, `None` among it, holds none; validation says more.
        with contextlib.suppress(ipaddress.AddressValueError):
            yield int(ipaddress.IPv4Address(address))


def _node_ports(spec: Object) -> list[Any]:
    return [port["nodePort"] for port in spec.get("ports") or [] if port.get("nodePort")]


def _held_ports(spec: Object) -> list[Any]:
    """The ports that a Service holds on each node, that of its health check among them."""
    return [*_node_ports(spec), *filter(None, [spec.get("healthCheckNodePort")])]


def _kept(size: int, *, step: int, most: int) -> int:
    """How many numbers of a range are for people to choose from (`calculateRangeOffset`)."""
    return min(max(16, size // step), most) if size > 16 else 0

"""Rules for Services."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from kubelearn.embedded.apiserver.names import dns_label as name_rule
from kubelearn.embedded.apiserver.names import port_number, qualified_name
from kubelearn.embedded.apiserver.validation.common import (
    address,
    app_protocol,
    cidr,
    dns_label,
    dns_subdomain,
    endpoint_address,
    host_name,
    port_number_or_name,
    supported,
)
from kubelearn.embedded.apiserver.validation.field import (
    IMMUTABLE,
    Errors,
    FieldError,
    duplicate,
    each_invalid,
    forbidden,
    invalid,
    not_supported,
    one_of,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import check_labels, metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.objects import Object

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_FAMILIES = ("IPv4", "IPv6")
_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_TRAFFIC = ("Cluster", "Local")
_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
_LONGEST_AFFINITY = 86400
_FIXED = "may not change once set"
_BALANCED_ONLY = "may only be used when `type` is 'LoadBalancer'"


@on_create("core.v1.Service")
def service_create(service: Object) -> Errors:
    """A new Service."""
    yield from metadata(service, name_rule)
    yield from _service(service["spec"])


@on_update("core.v1.Service")
def service_update(new: Object, old: Object) -> Errors:
    """A change of a Service, whose addresses stay."""
    yield from metadata_update(new, old)
    spec, before = new["spec"], old["spec"]
    if "ExternalName" not in (spec.get("type"), before.get("type")):
        yield from _same_addresses(spec, before)
    if spec.get("type") == before.get("type") == "LoadBalancer":
        kind = spec.get("loadBalancerClass")
        if kind != before.get("loadBalancerClass"):
            yield invalid("spec.loadBalancerClass", kind, _FIXED)
    port, old_port = (each.get("healthCheckNodePort") for each in (spec, before))
    if _has_health_check(spec) and _has_health_check(before) and port != old_port:
        yield forbidden("spec.healthCheckNodePort", IMMUTABLE)
    yield from _service(spec)


def _same_addresses(spec: Object, before: Object) -> Errors:
    if _headless(spec) and _headless(before):
        return
    now, then = spec.get("clusterIPs") or [], before.get("clusterIPs") or []
    if not now and then:
        yield invalid("spec.clusterIPs[0]", None, "primary clusterIP can not be unset")
    elif now and then and len(now) != len(then) and now[0] != then[0]:
        yield invalid("spec.clusterIPs[0]", now, _FIXED)
    elif len(now) == len(then):
        for i, (mine, its) in enumerate(zip(now, then, strict=True)):
            if mine != its:
                yield invalid(f"spec.clusterIPs[{i}]", now, _FIXED)
    if _headless(spec) == _headless(before):
        families, old_families = spec.get("ipFamilies") or [], before.get("ipFamilies") or []
        if families and old_families and families[0] != old_families[0]:
            yield invalid("spec.ipFamilies[0]", families, _FIXED)


def _headless(spec: Object) -> bool:
    return (spec.get("clusterIPs") or [""])[0:1] == ["None"]


def _has_health_check(spec: Object) -> bool:
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def _service(spec: Object) -> Errors:
    kind, ports = spec.get("type", ""), spec.get("ports") or []
    if not ports and not _headless(spec) and kind != "ExternalName":
        yield required("spec.ports")
    if kind in ("LoadBalancer", "NodePort") and _headless(spec):
        detail = f"may not be set to 'None' for {kind} services"
        yield invalid("spec.clusterIPs[0]", "None", detail)
    if kind == "ExternalName":
        yield from _external_name(spec)
    yield from _ports(ports)
    yield from check_labels(spec.get("selector"), "spec.selector")
    yield from _session_affinity(spec)
    if kind != "ExternalName":
        yield from _cluster_addresses(spec)
    yield from _external_addresses(spec)
    yield from one_of("spec.type", kind, _TYPES)
    yield from _node_ports(kind, ports)
    yield from _unique_ports(ports)
    yield from _load_balancer(kind, spec)
    yield from _external_traffic(spec)
    yield from _internal_traffic(kind, spec)


def _external_name(spec: Object) -> Errors:
    for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(name):
            yield forbidden(f"spec.{name}", "may not be set for ExternalName services")
    host = spec.get("externalName", "").removesuffix(".")
    if host:
        yield from dns_subdomain("spec.externalName", host)
    else:
        yield required("spec.externalName")


def _ports(ports: list[Object]) -> Errors:
    seen = set()
    for i, port in enumerate(ports):
        here = f"spec.ports[{i}]"
        name = port.get("name", "")
        if name:
            yield from dns_label(f"{here}.name", name)
            if name in seen:
                yield duplicate(f"{here}.name", name)
            seen.add(name)
        elif len(ports) > 1:
            yield required(f"{here}.name")
        yield from each_invalid(f"{here}.port", port["port"], port_number(port["port"]))
        yield from one_of(f"{here}.protocol", port.get("protocol"), _PROTOCOLS)
        yield from port_number_or_name(f"{here}.targetPort", port["targetPort"])
        yield from app_protocol(f"{here}.appProtocol", port)


def _session_affinity(spec: Object) -> Errors:
    affinity = spec.get("sessionAffinity")
    yield from one_of("spec.sessionAffinity", affinity, ("ClientIP", "None"))
    config = spec.get("sessionAffinityConfig")
    if affinity == "ClientIP":
        seconds = ((config or {}).get("clientIP") or {}).get("timeoutSeconds", 0)
        if not 0 < seconds <= _LONGEST_AFFINITY:
            yield invalid(
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                seconds,
                f"must be greater than 0 and less than {_LONGEST_AFFINITY}",
            )
    elif affinity == "None" and config is not None:
        detail = "must not be set when session affinity is None"
        yield forbidden("spec.sessionAffinityConfig", detail)


def _cluster_addresses(spec: Object) -> Errors:
    first, addresses = spec.get("clusterIP", ""), spec.get("clusterIPs") or []
    if first and not addresses:
        yield required("spec.clusterIPs")
    elif first and addresses[0] != first:
        yield invalid("spec.clusterIPs", addresses, "first value must match `clusterIP`")
    elif not first and addresses:
        detail = "must be empty when `clusterIP` is not specified"
        yield invalid("spec.clusterIPs", addresses, detail)
    yield from _families(spec)
    problems = list(_each_address(addresses))
    yield from problems
    if not problems and not _headless(spec):
        yield from _addresses_of_families(addresses, spec.get("ipFamilies") or [])


def _families(spec: Object) -> Errors:
    seen = set()
    for i, family in enumerate(spec.get("ipFamilies") or []):
        if family not in _FAMILIES:
            yield not_supported(f"spec.ipFamilies[{i}]", family, _FAMILIES)
        if family in seen:
            yield duplicate(f"spec.ipFamilies[{i}]", family)
        seen.add(family)
    yield from supported("spec.ipFamilyPolicy", spec.get("ipFamilyPolicy"), _POLICIES)


def _each_address(addresses: list[str]) -> Iterable[FieldError]:
    for i, value in enumerate(addresses):
        if i == 0 and value == "None":
            if len(addresses) > 1:
                detail = "'None' must be the first and only value"
                yield invalid("spec.clusterIPs", addresses, detail)
            continue
        yield from address(f"spec.clusterIPs[{i}]", value)
    if len(addresses) > 2:
        yield invalid("spec.clusterIPs", addresses, "may only hold up to 2 values")


def _addresses_of_families(addresses: list[str], families: list[str]) -> Errors:
    versions = [f"IPv{ipaddress.ip_address(value).version}" for value in addresses]
    if len(versions) > len(set(versions)):
        detail = "may specify no more than one IP for each IP family"
        yield invalid("spec.clusterIPs", addresses, detail)
    for i, (value, version, family) in enumerate(zip(addresses, versions, families, strict=False)):
        if version != family and family in _FAMILIES:
            detail = f"expected an {family} value as indicated by `ipFamilies[{i}]`"
            yield invalid(f"spec.clusterIPs[{i}]", value, detail)


def _external_addresses(spec: Object) -> Errors:
    for i, value in enumerate(spec.get("externalIPs") or []):
        field = f"spec.externalIPs[{i}]"
        problems = list(address(field, value))
        yield from problems or endpoint_address(field, value)


def _node_ports(kind: str, ports: list[Object]) -> Errors:
    seen = set()
    for i, port in enumerate(ports):
        number = port.get("nodePort")
        if number and kind == "ClusterIP":
            detail = "may not be used when `type` is 'ClusterIP'"
            yield forbidden(f"spec.ports[{i}].nodePort", detail)
    for i, port in enumerate(ports):
        pair = (port.get("protocol"), port.get("nodePort"))
        if pair[1] and pair in seen:
            yield duplicate(f"spec.ports[{i}].nodePort", pair[1])
        seen.add(pair)


def _unique_ports(ports: list[Object]) -> Errors:
    seen = set()
    for i, port in enumerate(ports):
        pair = (port.get("protocol"), port["port"])
        if pair in seen:
            shown = {"Name": "", "Protocol": pair[0], "AppProtocol": None, "Port": pair[1]}
            yield duplicate(f"spec.ports[{i}]", {**shown, "TargetPort": 0, "NodePort": 0})
        seen.add(pair)


def _load_balancer(kind: str, spec: Object) -> Errors:
    ranges = spec.get("loadBalancerSourceRanges") or []
    if ranges and kind != "LoadBalancer":
        yield forbidden("spec.LoadBalancerSourceRanges", _BALANCED_ONLY)
    for i, value in enumerate(ranges):
        yield from cidr(f"spec.LoadBalancerSourceRanges[{i}]", value.strip())
    if "allocateLoadBalancerNodePorts" in spec and kind != "LoadBalancer":
        yield forbidden("spec.allocateLoadBalancerNodePorts", _BALANCED_ONLY)
    if (name := spec.get("loadBalancerClass")) is None:
        return
    if kind == "LoadBalancer":
        yield from each_invalid("spec.loadBalancerClass", name, qualified_name(name))
    else:
        yield forbidden("spec.loadBalancerClass", _BALANCED_ONLY)


def _external_traffic(spec: Object) -> Errors:
    policy, kind = spec.get("externalTrafficPolicy"), spec.get("type")
    reachable = kind in ("LoadBalancer", "NodePort") or (
        kind == "ClusterIP" and bool(spec.get("externalIPs"))
    )
    if reachable:
        yield from one_of("spec.externalTrafficPolicy", policy, _TRAFFIC)
    elif policy:
        detail = "may only be set for externally-accessible services"
        yield invalid("spec.externalTrafficPolicy", policy, detail)
    port = spec.get("healthCheckNodePort")
    if port and _has_health_check(spec):
        yield from each_invalid("spec.healthCheckNodePort", port, port_number(port))
    elif port:
        yield invalid(
            "spec.healthCheckNodePort",
            port,
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        )


def _internal_traffic(kind: str, spec: Object) -> Errors:
    policy = spec.get("internalTrafficPolicy")
    if policy is None and kind in ("ClusterIP", "LoadBalancer", "NodePort"):
        yield required("spec.internalTrafficPolicy")
    yield from supported("spec.internalTrafficPolicy", policy, _TRAFFIC)
    distribution = spec.get("trafficDistribution")
    yield from supported("spec.trafficDistribution", distribution, _DISTRIBUTIONS)


@on_status_update("core.v1.Service")
def service_status(new: Object, old: Object) -> Errors:
    """Addresses of a load balancer."""
    yield from metadata_update(new, old)
    ingress = new["status"]["loadBalancer"].get("ingress") or []
    field = "status.loadBalancer.ingress"
    if ingress and new["spec"].get("type") != "LoadBalancer":
        detail = "may only be used when `spec.type` is 'LoadBalancer'"
        yield forbidden(field, detail)
        return
    for i, each in enumerate(ingress):
        yield from _balanced_address(f"{field}[{i}]", each)
        if each.get("hostname"):
            yield from host_name(f"{field}[{i}].hostname", each["hostname"])


def _balanced_address(field: str, ingress: Object) -> Errors:
    ip, mode = ingress.get("ip"), ingress.get("ipMode")
    if ip:
        yield from address(f"{field}.ip", ip)
        if mode is None:
            yield required(f"{field}.ipMode", "must be specified when `ip` is set")
        yield from supported(f"{field}.ipMode", mode, ("Proxy", "VIP"))
    elif mode is not None:
        yield forbidden(f"{field}.ipMode", "may not be specified when `ip` is not set")

"""Rules for Ingresses and their classes (upstream `pkg/apis/networking/validation`)."""

from __future__ import annotations

from kubelearn.embedded.apiserver.names import (
    dns_label,
    dns_subdomain,
    port_name,
    port_number,
    wildcard_subdomain,
)
from kubelearn.embedded.apiserver.validation.common import (
    address,
    domain_prefixed_path,
    host_name,
    sloppy_address,
    typed_reference,
)
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    forbidden,
    immutable,
    invalid,
    not_supported,
    required,
    too_long,
)
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.objects import Object, annotations_of

_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_NOT_IN_PATHS = ("//", "/./", "/../", "%2f", "%2F")
_NOT_AT_END = ("/..", "/.")
_SCOPES = ("Cluster", "Namespace")
_LONGEST_CONTROLLER = 250


@on_create("networking.v1.Ingress")
def ingress(obj: Object) -> Errors:
    """An Ingress."""
    yield from _ingress(obj)
    name = obj["spec"].get("ingressClassName")
    annotation = annotations_of(obj).get(_CLASS_ANNOTATION)
    if None not in (name, annotation) and name != annotation:
        detail = "must match `ingressClassName` when both are specified"
        yield invalid(f"annotations.{_CLASS_ANNOTATION}", annotation, detail)


@on_update("networking.v1.Ingress")
def ingress_update(new: Object, old: Object) -> Errors:
    """An Ingress again."""
    yield from metadata_update(new, old)
    yield from _ingress(new)


def _ingress(obj: Object) -> Errors:
    yield from metadata(obj)
    spec = obj["spec"]
    rules, backend = spec.get("rules") or [], spec.get("defaultBackend")
    if not rules and backend is None:
        detail = "either `defaultBackend` or `rules` must be specified"
        yield invalid("spec", spec.get("rules"), detail)
    if backend is not None:
        yield from _backend("spec.defaultBackend", backend)
    for i, rule in enumerate(rules):
        yield from _rule(f"spec.rules[{i}]", rule)
    for i, tls in enumerate(spec.get("tls") or []):
        yield from _tls(f"spec.tls[{i}]", tls)
    if (name := spec.get("ingressClassName")) is not None:
        yield from each_invalid("spec.ingressClassName", name, dns_subdomain(name))


def _rule(field: str, rule: Object) -> Errors:
    if host := rule.get("host"):
        if sloppy_address(host):
            yield invalid(f"{field}.host", host, "must be a DNS name, not an IP address")
        yield from _host(f"{field}.host", host)
    if (http := rule.get("http")) is None:
        return
    if not http["paths"]:
        yield required(f"{field}.http.paths")
    for i, path in enumerate(http["paths"] or []):
        yield from _path(f"{field}.http.paths[{i}]", path)


def _host(field: str, host: str) -> Errors:
    problems = wildcard_subdomain(host) if "*" in host else dns_subdomain(host)
    yield from each_invalid(field, host, problems)


def _tls(field: str, tls: Object) -> Errors:
    for i, host in enumerate(tls.get("hosts") or []):
        yield from _host(f"{field}.hosts[{i}]", host)
    if name := tls.get("secretName"):
        yield from each_invalid(f"{field}.secretName", name, dns_subdomain(name))


def _path(field: str, found: Object) -> Errors:
    path = found.get("path", "")
    match found.get("pathType"):
        case None:
            yield required(f"{field}.pathType", "pathType must be specified")
            return
        case "Exact" | "Prefix":
            yield from _absolute(f"{field}.path", path)
            for part in _NOT_IN_PATHS:
                if part in path:
                    yield invalid(f"{field}.path", path, f"must not contain '{part}'")
            for part in _NOT_AT_END:
                if path.endswith(part):
                    yield invalid(f"{field}.path", path, f"cannot end with '{part}'")
        case "ImplementationSpecific":
            if path:
                yield from _absolute(f"{field}.path", path)
        case other:
            yield not_supported(f"{field}.pathType", other, _PATH_TYPES)
    yield from _backend(f"{field}.backend", found["backend"])


def _absolute(field: str, path: str) -> Errors:
    if not path.startswith("/"):
        yield invalid(field, path, "must be an absolute path")


def _backend(field: str, backend: Object) -> Errors:
    resource, service = backend.get("resource"), backend.get("service")
    if resource is not None and service is not None:
        yield invalid(field, "", "cannot set both resource and service backends")
    elif resource is not None:
        yield from _reference(f"{field}.resource", resource)
    elif service is not None:
        yield from _service(field, service)
    else:
        yield invalid(field, "", "resource or service backend is required")


def _service(field: str, service: Object) -> Errors:
    name, port = service["name"], service["port"]
    if not name:
        yield required(f"{field}.service.name")
    else:
        yield from each_invalid(f"{field}.service.name", name, dns_label(name))
    match port.get("name"), port.get("number"):
        case str(text), int():
            yield invalid(field, "", "cannot set both port name & port number")
        case str(text), None:
            yield from each_invalid(f"{field}.service.port.name", text, port_name(text))
        case None, int(number):
            yield from each_invalid(f"{field}.service.port.number", number, port_number(number))
        case _:
            yield required(field, "port name or number is required")


def _reference(field: str, reference: Object) -> Errors:
    if (group := reference.get("apiGroup")) is not None:
        yield from each_invalid(f"{field}.apiGroup", group, dns_subdomain(group))
    yield from typed_reference(field, reference)


@on_status_update("networking.v1.Ingress")
def ingress_status(new: Object, old: Object) -> Errors:
    """Addresses of a load balancer."""
    yield from metadata_update(new, old)
    for i, each in enumerate(new["status"]["loadBalancer"].get("ingress") or []):
        field = f"status.loadBalancer.ingress[{i}]"
        if each.get("ip"):
            yield from address(f"{field}.ip", each["ip"])
        if each.get("hostname"):
            yield from host_name(f"{field}.hostname", each["hostname"])


@on_create("networking.v1.IngressClass")
def ingress_class(obj: Object) -> Errors:
    """An IngressClass."""
    yield from metadata(obj, namespaced=False)
    controller = obj["spec"].get("controller", "")
    if len(controller) > _LONGEST_CONTROLLER:
        yield too_long("spec.controller", _LONGEST_CONTROLLER)
    yield from domain_prefixed_path("spec.controller", controller)
    if (parameters := obj["spec"].get("parameters")) is not None:
        yield from _parameters("spec.parameters", parameters)


def _parameters(field: str, parameters: Object) -> Errors:
    yield from _reference(field, parameters)
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope is None:
        yield required(f"{field}.scope")
    elif scope not in _SCOPES:
        yield not_supported(f"{field}.scope", scope, _SCOPES)
    elif scope == "Cluster":
        if namespace is not None:
            yield forbidden(f"{field}.namespace", "`parameters.scope` is set to 'Cluster'")
    elif namespace is None:
        yield required(f"{field}.namespace", "`parameters.scope` is set to 'Namespace'")
    else:
        yield from each_invalid(f"{field}.namespace", namespace, dns_label(namespace))


@on_update("networking.v1.IngressClass")
def ingress_class_update(new: Object, old: Object) -> Errors:
    """An IngressClass, whose controller stays."""
    yield from metadata_update(new, old)
    controllers = (each["spec"].get("controller", "") for each in (new, old))
    yield from immutable("spec.controller", *controllers)
    yield from ingress_class(new)

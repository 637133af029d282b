"""Rules for APIServices (k8s.io/kube-aggregator `pkg/apis/apiregistration/validation`)."""

from __future__ import annotations

from kubelearn.embedded.apiserver.names import dns_1035_label, dns_subdomain, path_segment
from kubelearn.embedded.apiserver.validation.field import Errors, each_invalid, invalid, required
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.objects import Object

_MOST_GROUP, _MOST_VERSION, _MOST_PORT = 20000, 1000, 65535


@on_create("apiregistration.v1.APIService")
def api_service(obj: Object) -> Errors:
    """An APIService, which is named after its group and version."""
    yield from metadata(obj, path_segment, namespaced=False)
    spec = obj.get("spec") or {}
    group, version, name = spec.get("group", ""), spec.get("version", ""), obj["metadata"]["name"]
    if name != f"{version}.{group}":
        detail = f'must be `spec.version+"."+spec.group`: "{version}.{group}"'
        yield invalid("metadata.name", name, detail)
    if not group and version != "v1":
        detail = "only v1 may have an empty group and it better be legacy kube"
        yield required("spec.group", detail)
    if group:
        yield from each_invalid("spec.group", group, dns_subdomain(group))
    yield from each_invalid("spec.version", version, dns_1035_label(version))
    yield from _priorities(spec)
    yield from _service(spec)


@on_update("apiregistration.v1.APIService")
def api_service_update(new: Object, old: Object) -> Errors:
    """An APIService, of which all may change."""
    yield from metadata_update(new, old)
    yield from api_service(new)


def _priorities(spec: Object) -> Errors:
    for name, most in (("groupPriorityMinimum", _MOST_GROUP), ("versionPriority", _MOST_VERSION)):
        value = spec.get(name, 0)
        if not 0 < value <= most:
            yield invalid(f"spec.{name}", value, f"must be positive and less than {most}")


def _service(spec: Object) -> Errors:
    service, insecure = spec.get("service"), spec.get("insecureSkipTLSVerify", False)
    field = "spec.insecureSkipTLSVerify"
    if service is None:
        if insecure:
            yield invalid(field, insecure, "local APIServices may not have insecureSkipTLSVerify")
        return
    for name in ("namespace", "name"):
        if not service.get(name):
            yield required(f"spec.service.{name}", "")
    port = service.get("port", 0)
    if not 0 < port <= _MOST_PORT:
        detail = f"port is not valid: must be between 1 and {_MOST_PORT}, inclusive"
        yield invalid("spec.service.port", port, detail)
    if insecure and spec.get("caBundle"):
        yield invalid(field, insecure, "may not be true if caBundle is present")

"""What an administrator installs into a new cluster: here the metrics server's objects.

Stands for the manifest `components.yaml` of kubernetes-sigs/metrics-server. Its Deployment is left
out, since the server is a component of the daemon; the endpoints say where it listens.
"""

from __future__ import annotations

from kubelearn.embedded.client import Client
from kubelearn.objects import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ENDPOINT_SLICES,
    SERVICE_ACCOUNTS,
    SERVICE_NAME,
    SERVICES,
    Object,
    Resource,
)

_RBAC = "rbac.authorization.k8s.io"
_API_SERVICES = Resource(
    "apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced=False
)
_NAME, _NAMESPACE, _ROLE = "metrics-server", "kube-system", "system:metrics-server"
_READ = ["get", "list", "watch"]


async def install_metrics_server(client: Client, *, host: str, port: int, authority: str) -> None:
    """Apply the manifest; `authority` is the certificate to trust, as base64."""
    service = {"name": _NAME, "namespace": _NAMESPACE}
    group = {"group": "metrics.k8s.io", "version": "v1beta1"}
    priorities = {"groupPriorityMinimum": 100, "versionPriority": 100}
    subject = {"kind": "ServiceAccount", **service}
    role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": _ROLE}
    reader = {f"{_RBAC}/aggregate-to-{each}": "true" for each in ("admin", "edit", "view")}
    ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": "https"}]
    manifest: list[tuple[Resource, Object, Object]] = [
        (SERVICE_ACCOUNTS, _meta(namespace=_NAMESPACE), {}),
        (
            CLUSTER_ROLES,
            _meta("system:aggregated-metrics-reader", labels=reader),
            {"rules": [_rule("metrics.k8s.io", ["pods", "nodes"], _READ)]},
        ),
        (
            CLUSTER_ROLES,
            _meta(_ROLE),
            {"rules": [_rule("", ["nodes/metrics"], ["get"]), _rule("", ["pods", "nodes"], _READ)]},
        ),
        (CLUSTER_ROLE_BINDINGS, _meta(_ROLE), {"roleRef": role, "subjects": [subject]}),
        (SERVICES, _meta(namespace=_NAMESPACE), {"spec": {"ports": ports}}),
        (
            ENDPOINT_SLICES,
            _meta(namespace=_NAMESPACE, labels={SERVICE_NAME: _NAME}),
            {
                "addressType": "IPv4",
                "endpoints": [{"addresses": [host], "conditions": {"ready": True}}],
                "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
            },
        ),
        (
            _API_SERVICES,
            _meta("v1beta1.metrics.k8s.io"),
            {"spec": {**group, **priorities, "service": service, "caBundle": authority}},
        ),
    ]
    for resource, meta, rest in manifest:
        await client.apply(resource, {"metadata": meta, **rest}, manager="kubelearn")


def _meta(
    name: str = _NAME, *, namespace: str | None = None, labels: Object | None = None
) -> Object:
    found: Object = {"name": name, "labels": {"k8s-app": _NAME, **(labels or {})}}
    return found | ({"namespace": namespace} if namespace else {})


def _rule(group: str, resources: list[str], verbs: list[str]) -> Object:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}

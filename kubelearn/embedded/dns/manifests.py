"""What kubeadm adds to a new cluster for its DNS.

Upstream: `cmd/kubeadm/app/phases/addons/dns`. There the server runs in pods of a Deployment; here
it is a component beside the others, so the Service has no selector, and an EndpointSlice leads it
there. Left out: the ConfigMap `coredns`, as nothing reads it. What somebody has changed is put
right with each start.
"""

from __future__ import annotations

import asyncio

from kubelearn.embedded.client import Client
from kubelearn.objects import (
    ENDPOINT_SLICES,
    ENDPOINTS,
    SERVICE_ACCOUNTS,
    SERVICES,
    Object,
    Resource,
)

_NAMESPACE = "kube-system"
_ACCOUNT, _ROLE, _SERVICE = "coredns", "system:coredns", "kube-dns"
_RBAC = "rbac.authorization.k8s.io"
_CLUSTER_ROLES = Resource(_RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False)
_BINDINGS = Resource(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
_READ = ["list", "watch"]


async def install(client: Client, *, ip: str, server: tuple[str, int]) -> None:
    """Make what is missing, and say where the DNS server listens now."""
    objects = [
        (SERVICE_ACCOUNTS, {"metadata": _meta(_ACCOUNT)}),
        (_CLUSTER_ROLES, _role()),
        (_BINDINGS, _binding()),
        (SERVICES, _service(ip)),
        (ENDPOINTS, _endpoints(*server)),
        (ENDPOINT_SLICES, _endpoint_slice(*server)),
    ]
    await asyncio.gather(*(_apply(client, resource, obj) for resource, obj in objects))


async def _apply(client: Client, resource: Resource, obj: Object) -> None:
    body = {"apiVersion": resource.api_version, "kind": resource.kind, **obj}
    meta = obj["metadata"]
    await client.patch(
        resource,
        meta["name"],
        body,
        meta.get("namespace"),
        kind="apply",
        fieldManager="kubeadm",
        force="true",
    )


def _meta(name: str, **labels: str) -> Object:
    return {"name": name, "namespace": _NAMESPACE, "labels": labels}


def _role() -> Object:
    core = {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"]}
    slices = {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}
    return {
        "metadata": {"name": _ROLE},
        "rules": [{**core, "verbs": _READ}, {**slices, "verbs": _READ}],
    }


def _binding() -> Object:
    return {
        "metadata": {"name": _ROLE},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": _ROLE},
        "subjects": [{"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": _NAMESPACE}],
    }


def _service(ip: str) -> Object:
    labels = {
        "k8s-app": "kube-dns",
        "kubernetes.io/cluster-service": "true",
        "kubernetes.io/name": "CoreDNS",
    }
    ports = [("dns", 53, "UDP"), ("dns-tcp", 53, "TCP"), ("metrics", 9153, "TCP")]
    return {
        "metadata": {
            **_meta(_SERVICE, **labels),
            "annotations": {"prometheus.io/port": "9153", "prometheus.io/scrape": "true"},
        },
        "spec": {
            "clusterIP": ip,
            "ports": [
                {"name": name, "port": port, "protocol": protocol, "targetPort": port}
                for name, port, protocol in ports
            ],
        },
    }


def _endpoints(ip: str, port: int) -> Object:
    return {
        "metadata": _meta(_SERVICE, **{"endpointslice.kubernetes.io/skip-mirror": "true"}),
        "subsets": [{"addresses": [{"ip": ip}], "ports": _ports(port)}],
    }


def _endpoint_slice(ip: str, port: int) -> Object:
    return {
        "metadata": _meta(_SERVICE, **{"kubernetes.io/service-name": _SERVICE}),
        "addressType": "IPv4",
        "endpoints": [{"addresses": [ip], "conditions": {"ready": True}}],
        "ports": _ports(port),
    }


def _ports(port: int) -> list[Object]:
    return [
        {"name": "dns", "port": port, "protocol": "UDP"},
        {"name": "dns-tcp", "port": port, "protocol": "TCP"},
    ]

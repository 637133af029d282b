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
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ENDPOINT_SLICES,
    ENDPOINTS,
    SERVICE_ACCOUNTS,
    SERVICE_NAME,
    SERVICES,
    Object,
)

_NAMESPACE = "kube-system"
_ACCOUNT, _ROLE, _SERVICE = "coredns", "system:coredns", "kube-dns"
_RBAC = "rbac.authorization.k8s.io"
_READ = ["list", "watch"]


async def install(client: Client, *, ip: str, server: tuple[str, int]) -> None:
    """Make what is missing, and say where the DNS server listens now."""
    objects = [
        (SERVICE_ACCOUNTS, {"metadata": _meta(_ACCOUNT)}),
        (CLUSTER_ROLES, _role()),
        (CLUSTER_ROLE_BINDINGS, _binding()),
        (SERVICES, _service(ip)),
        (ENDPOINTS, _endpoints(*server)),
        (ENDPOINT_SLICES, _endpoint_slice(*server)),
    ]
    await asyncio.gather(*(client.apply(*each, manager="kubeadm") for each in objects))


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
        "metadata": _meta(_SERVICE, **{SERVICE_NAME: _SERVICE}),
        "addressType": "IPv4",
        "endpoints": [{"addresses": [ip], "conditions": {"ready": True}}],
        "ports": _ports(port),
    }


def _ports(port: int) -> list[Object]:
    return [
        {"name": "dns", "port": port, "protocol": "UDP"},
        {"name": "dns-tcp", "port": port, "protocol": "TCP"},
    ]

"""What a cluster holds from its first moment: namespaces, priorities, the Service `kubernetes`.

Stands for k8s.io/kubernetes `pkg/controlplane/controller/{systemnamespaces,kubernetesservice,
clusterauthenticationtrust}` and `pkg/registry/scheduling/rest`; the administrators' binding is
kubeadm's.
"""

from __future__ import annotations

import ipaddress

from kubelearn.embedded.apiserver import defaults, serializer
from kubelearn.embedded.apiserver.authentication import LOOPBACK
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.registry import Registry, Write
from kubelearn.embedded.apiserver.status import StatusError
from kubelearn.objects import Object

_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "default")
_PRIORITIES = {
    "system-node-critical": (
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
    "system-cluster-critical": (
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, "
        "but can be moved to another node if necessary.",
    ),
}
_RBAC = "rbac.authorization.k8s.io"
# Administrators are bound to a role like everybody: what they may do can be seen and changed.
_ADMINISTRATORS = {
    "metadata": {"name": "kubeadm:cluster-admins"},
    "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": "kubeadm:cluster-admins"}],
}
_LABELS = {"component": "apiserver", "provider": "kubernetes"}


async def bootstrap(registries: Registries, *, address: str, port: int, client_ca: str) -> None:
    """Make what is not there yet, and say where this server listens now and whom it trusts."""
    namespaces = registries.resource("namespaces")
    for name in _NAMESPACES:
        await _ensure(namespaces, {"metadata": {"name": name}})
    classes = registries.resource("priorityclasses", "scheduling.k8s.io")
    for name, (value, description) in _PRIORITIES.items():
        await _ensure(
            classes, {"metadata": {"name": name}, "value": value, "description": description}
        )
    await _ensure(registries.resource("clusterrolebindings", _RBAC), _ADMINISTRATORS)
    await _ensure(registries.resource("services"), _service(registries))
    slices = registries.resource("endpointslices", "discovery.k8s.io")
    await _ensure(slices, _endpoint_slice(address, port))
    if client_ca:
        await _ensure(registries.resource("configmaps"), _trust(client_ca))


def _service(registries: Registries) -> Object:
    first = ipaddress.IPv4Address(int(registries.service_cidr.network_address) + 1)
    return {
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": _LABELS},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": str(first),
            "ports": [{"name": "https", "port": 443, "targetPort": 6443}],
        },
    }


def _endpoint_slice(address: str, port: int) -> Object:
    return {
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
    }


def _trust(client_ca: str) -> Object:
    # Other programs read here whose certificates to accept: a kube-scheduler, for one.
    return {
        "metadata": {"name": "extension-apiserver-authentication", "namespace": "kube-system"},
        "data": {"client-ca-file": client_ca},
    }


async def _ensure(registry: Registry, obj: Object) -> None:
    """Create the object; if it is there, bring what it tells of this server up to date."""
    kind = registry.kind
    body = {"kind": kind.kind, "apiVersion": kind.api_version, **obj}
    wanted = serializer.decode(kind, body).object
    defaults.apply(kind, wanted)
    meta = wanted["metadata"]
    namespace = meta.get("namespace", "")
    write = Write(user=LOOPBACK, namespace=namespace, name=meta["name"], manager="kube-apiserver")
    try:
        await registry.create(write, wanted)
    except StatusError as error:
        if error.reason != "AlreadyExists":
            raise
        told = ("data", "endpoints", "ports")
        changed: Object = {name: wanted[name] for name in told if name in wanted}
        if changed:
            await registry.update(write, lambda old: {**(old or {}), **changed})

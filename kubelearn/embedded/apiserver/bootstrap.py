"""What a cluster holds from its first moment: namespaces, priorities, whom to trust.

Stands for k8s.io/kubernetes `pkg/controlplane/controller/{systemnamespaces,
clusterauthenticationtrust}` and `pkg/registry/scheduling/rest`; the administrators' binding is
kubeadm's.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.ensuring import ensure
from kubelearn.embedded.apiserver.registries import Registries
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


async def bootstrap(registries: Registries, *, client_ca: str) -> None:
    """Make what is not there yet, and say whom this server trusts."""
    namespaces = registries.resource("namespaces")
    for name in _NAMESPACES:
        await ensure(namespaces, {"metadata": {"name": name}})
    classes = registries.resource("priorityclasses", "scheduling.k8s.io")
    for name, (value, description) in _PRIORITIES.items():
        await ensure(
            classes, {"metadata": {"name": name}, "value": value, "description": description}
        )
    await ensure(registries.resource("clusterrolebindings", _RBAC), _ADMINISTRATORS)
    if client_ca:
        await ensure(registries.resource("configmaps"), _trust(client_ca), keep="data")


def _trust(client_ca: str) -> Object:
    # Other programs read here whose certificates to accept: a kube-scheduler, for one.
    return {
        "metadata": {"name": "extension-apiserver-authentication", "namespace": "kube-system"},
        "data": {"client-ca-file": client_ca},
    }

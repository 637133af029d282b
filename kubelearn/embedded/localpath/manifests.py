"""What kind applies for its storage: a namespace, an identity with its roles, the default class."""

from __future__ import annotations

import contextlib

from kubelearn.embedded.client import Client
from kubelearn.embedded.persistentvolume import DEFAULT_CLASS
from kubelearn.errors import AlreadyExists, NotFound
from kubelearn.objects import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    NAMESPACES,
    ROLE_BINDINGS,
    ROLES,
    STORAGE_CLASSES,
    Object,
    Resource,
)

NAMESPACE = "local-path-storage"
# Upstream's is a ServiceAccount, whose name is too long for a certificate.
USER = "local-path-provisioner"
PROVISIONER = "rancher.io/local-path"

_GROUP = "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]
_WRITE = ["create", "patch", "update", "delete"]
_SUBJECT = {"apiGroup": _GROUP, "kind": "User", "name": USER}


async def install(client: Client) -> None:
    """Apply it to a new cluster; what somebody takes away later stays away."""
    try:
        await client.get(NAMESPACES, NAMESPACE)
    except NotFound:
        for resource, obj in _objects():
            with contextlib.suppress(AlreadyExists):
                await client.create(resource, obj)


def _objects() -> list[tuple[Resource, Object]]:
    role, binding = "local-path-provisioner-role", "local-path-provisioner-bind"
    return [
        (CLUSTER_ROLES, {"metadata": {"name": role}, "rules": _cluster_rules()}),
        (CLUSTER_ROLE_BINDINGS, _binding("ClusterRole", role, {"name": binding})),
        (STORAGE_CLASSES, _standard()),
        # The namespace comes late: it says that all before it is there.
        (NAMESPACES, {"metadata": {"name": NAMESPACE}}),
        (ROLES, {"metadata": _in_namespace(role), "rules": [_rule(["pods"], [*_READ, *_WRITE])]}),
        (ROLE_BINDINGS, _binding("Role", role, _in_namespace(binding))),
    ]


def _standard() -> Object:
    return {
        "metadata": {"name": "standard", "annotations": {DEFAULT_CLASS: "true"}},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _cluster_rules() -> list[Object]:
    return [
        _rule(["nodes", "persistentvolumeclaims", "configmaps", "pods", "pods/log"], _READ),
        _rule(["persistentvolumeclaims"], ["patch"]),
        _rule(["persistentvolumes"], [*_READ, *_WRITE]),
        _rule(["events"], ["create", "patch"]),
        _rule(["storageclasses"], _READ, group="storage.k8s.io"),
    ]


def _rule(resources: list[str], verbs: list[str], *, group: str = "") -> Object:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def _binding(kind: str, role: str, meta: Object) -> Object:
    ref = {"apiGroup": _GROUP, "kind": kind, "name": role}
    return {"metadata": meta, "subjects": [_SUBJECT], "roleRef": ref}


def _in_namespace(name: str) -> Object:
    return {"name": name, "namespace": NAMESPACE}

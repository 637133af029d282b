"""NamespaceLifecycle: nothing new in namespaces that are missing or going.

Stands for k8s.io/apiserver `pkg/admission/plugin/namespace/lifecycle/admission.go`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.encoding import shared
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.status import StatusError, forbidden, not_found
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object

_IMMORTAL = frozenset({"default", "kube-system", "kube-public"})


async def namespace_lifecycle(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Check the namespace of a new object. Raises 404 and 403."""
    if old is not None or not registry.kind.namespaced:
        return
    found = registry.store.get(f"/registry/namespaces/{write.namespace}")
    if found is None:
        raise not_found("namespaces", "", write.namespace)
    namespace = shared(found.value)
    if (namespace.get("status") or {}).get("phase") == "Terminating":
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {write.namespace} is being terminated",
            "field": "metadata.namespace",
        }
        raise refused(
            registry,
            new,
            f"unable to create new content in namespace {write.namespace} "
            "because it is being terminated",
            cause,
        )


def keep_immortal(registry: Registry, name: str) -> None:
    """Keep the namespaces without which a cluster is none. Raises 403."""
    if registry.kind.plural == "namespaces" and name in _IMMORTAL:
        raise forbidden("namespaces", "", name, "this namespace may not be deleted")


def refused(registry: Registry, new: Object, problem: str, *causes: Object) -> StatusError:
    """403 for an object that may not have its name yet (`admission.NewForbidden`)."""
    meta = new["metadata"]
    name = meta.get("name") or meta.get("generateName") or "Unknown"
    return forbidden(registry.kind.plural, registry.kind.group, name, problem, causes=list(causes))

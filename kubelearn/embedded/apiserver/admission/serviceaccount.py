"""ServiceAccount: every pod runs as one, `default` unless it says otherwise.

Stands for k8s.io/kubernetes `plugin/pkg/admission/serviceaccount/admission.go`. Left out so far:
the projected volume with the account's token.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.admission.namespacelifecycle import refused
from kubelearn.embedded.apiserver.registry import Registry, Write
from kubelearn.objects import Object

MIRROR = "kubernetes.io/config.mirror"
# A new namespace gets its account from a controller a moment later: wait that long for it.
_ATTEMPTS = 20
_DELAY = 0.05


async def service_account(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Give a new pod its account, which must exist."""
    if old is not None or write.subresource or registry.kind.plural != "pods":
        return
    if MIRROR in (new["metadata"].get("annotations") or {}):
        return
    spec = new.setdefault("spec", {})
    name = spec.get("serviceAccountName") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    key = f"/registry/serviceaccounts/{write.namespace}/{name}"
    for _ in range(_ATTEMPTS):
        if registry.store.get(key):
            return
        await registry.clock.sleep(_DELAY)
    raise refused(
        registry,
        new,
        f"error looking up service account {write.namespace}/{name}: "
        f'serviceaccount "{name}" not found',
    )

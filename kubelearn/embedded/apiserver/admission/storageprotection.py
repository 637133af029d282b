"""StorageObjectInUseProtection: no claim and no volume goes while it is in use.

Stands for k8s.io/kubernetes `plugin/pkg/admission/storage/storageobjectinuseprotection`. The
finalizers are taken off by controllers. Left out: VolumeAttributesClasses, which need a driver.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object

_FINALIZERS = {
    "persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "persistentvolumes": "kubernetes.io/pv-protection",
}


async def storage_protection(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Put the finalizer on a new object."""
    finalizer = _FINALIZERS.get(registry.kind.plural)
    if old is not None or write.subresource or finalizer is None or registry.kind.group:
        return
    present = new["metadata"].get("finalizers") or []
    if finalizer not in present:
        new["metadata"]["finalizers"] = [*present, finalizer]

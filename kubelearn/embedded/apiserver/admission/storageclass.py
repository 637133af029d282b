"""DefaultStorageClass and PersistentVolumeClaimResize: what a claim's class says about it.

Stands for k8s.io/kubernetes `plugin/pkg/admission/storage/storageclass/setdefault` and
`plugin/pkg/admission/storage/persistentvolume/resize`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.admission.namespacelifecycle import refused
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.persistentvolume import class_of, default_class, has_class, requested
from kubelearn.objects import Object

_CLASSES = "/registry/storageclasses/"


async def default_storage_class(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Name the default class in a new claim that names none."""
    if not _is_claim(registry, write) or old is not None or has_class(new):
        return
    found = default_class(decode(kv.value) for kv in registry.store.range(_CLASSES))
    if found:
        new["spec"]["storageClassName"] = found["metadata"]["name"]


async def claim_resize(registry: Registry, write: Write, new: Object, old: Object | None) -> None:
    """Let a claim grow only where somebody can make its volume grow."""
    if not _is_claim(registry, write) or old is None or requested(new) <= requested(old):
        return
    if (old.get("status") or {}).get("phase") != "Bound":
        raise refused(registry, new, "Only bound persistent volume claims can be expanded")
    if not _may_grow(registry, new, old):
        raise refused(
            registry,
            new,
            "only dynamically provisioned pvc can be resized and the storageclass that provisions "
            "the pvc must support resize",
        )


def _is_claim(registry: Registry, write: Write) -> bool:
    kind = registry.kind
    return (kind.group, kind.plural) == ("", "persistentvolumeclaims") and not write.subresource


def _may_grow(registry: Registry, new: Object, old: Object) -> bool:
    name = class_of(new)
    if not name or name != class_of(old):
        return False
    found = registry.store.get(_CLASSES + name)
    return bool(found and decode(found.value).get("allowVolumeExpansion"))

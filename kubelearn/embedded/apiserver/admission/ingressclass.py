"""DefaultIngressClass: an Ingress that names no class gets the default one.

Stands for k8s.io/kubernetes `plugin/pkg/admission/network/defaultingressclass`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object, annotations_of

_CLASSES = "/registry/ingressclasses/"
_IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
# How a class was named before there was a field.
_OLD = "kubernetes.io/ingress.class"


async def default_ingress_class(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Fill in the class of a new Ingress: of several defaults the newest."""
    if (registry.kind.group, registry.kind.plural) != ("networking.k8s.io", "ingresses"):
        return
    if old is not None or "ingressClassName" in new["spec"] or _OLD in annotations_of(new):
        return
    classes = [decode(kv.value)["metadata"] for kv in registry.store.range(_CLASSES)]
    defaults = [
        meta for meta in classes if (meta.get("annotations") or {}).get(_IS_DEFAULT) == "true"
    ]
    defaults.sort(key=lambda meta: str(meta["name"]))
    if defaults:
        newest = max(defaults, key=lambda meta: str(meta["creationTimestamp"]))
        new["spec"]["ingressClassName"] = newest["name"]

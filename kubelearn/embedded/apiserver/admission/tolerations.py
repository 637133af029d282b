"""DefaultTolerationSeconds: pods stay five minutes on a node that has gone silent.

Stands for k8s.io/kubernetes `plugin/pkg/admission/defaulttolerationseconds/admission.go`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object

_KEYS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_SECONDS = 300


async def default_toleration_seconds(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Add the tolerations that a pod does not have itself."""
    if registry.kind.plural != "pods" or write.subresource:
        return
    spec = new.setdefault("spec", {})
    present = spec.get("tolerations") or []
    missing = [key for key in _KEYS if not any(_tolerates(each, key) for each in present)]
    added = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _SECONDS}
        for key in missing
    ]
    if added:
        spec["tolerations"] = [*present, *added]


def _tolerates(toleration: Object, key: str) -> bool:
    return (toleration.get("key") or key) == key and (
        toleration.get("effect") or "NoExecute"
    ) == "NoExecute"

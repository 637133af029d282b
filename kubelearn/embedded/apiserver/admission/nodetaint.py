"""TaintNodesByCondition: a new node takes no pods before it has been Ready once.

Stands for k8s.io/kubernetes `plugin/pkg/admission/nodetaint/admission.go`. The node lifecycle
controller takes the taint off.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object

_TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


async def node_taint(registry: Registry, write: Write, new: Object, old: Object | None) -> None:
    """Add the taint to a node that registers itself."""
    if old is not None or registry.kind.plural != "nodes":
        return
    spec = new.setdefault("spec", {})
    taints = spec.get("taints") or []
    if not any(_TAINT.items() <= taint.items() for taint in taints):
        spec["taints"] = [*taints, dict(_TAINT)]

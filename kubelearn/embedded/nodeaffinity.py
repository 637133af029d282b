"""Which nodes a pod asks for by label or name: `nodeSelector` and node affinity.

Upstream: k8s.io/component-helpers/scheduling/corev1/nodeaffinity. The scheduler asks it about
pods, and the DaemonSet controller about pods that it might create.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubelearn.labelselector import requirement_holds
from kubelearn.objects import Object

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def node_affinity(pod: Object, kind: str) -> Any:
    """The pod's node affinity of that kind, if it has any."""
    affinity = pod["spec"].get("affinity") or {}
    return (affinity.get("nodeAffinity") or {}).get(kind)


def matches_node(pod: Object, name: str, labels: Mapping[str, str]) -> bool:
    """Whether `nodeSelector` and required node affinity let a pod be on a node."""
    selector = pod["spec"].get("nodeSelector") or {}
    if any(labels.get(label) != value for label, value in selector.items()):
        return False
    required = node_affinity(pod, REQUIRED)
    if required is None:
        return True
    # Terms are alternatives; the requirements of one term all have to hold.
    return any(term_holds(term, name, labels) for term in required["nodeSelectorTerms"])


def term_holds(term: Mapping[str, Any], name: str, labels: Mapping[str, str]) -> bool:
    """Whether a node meets all requirements of one term."""
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not fields:
        return False  # an empty term matches nothing
    known_fields = {"metadata.name": name}
    return all(_holds(item, labels) for item in expressions) and all(
        _holds(item, known_fields) for item in fields
    )


def _holds(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    values = requirement.get("values") or []
    return requirement_holds(labels, requirement["key"], requirement["operator"], values)

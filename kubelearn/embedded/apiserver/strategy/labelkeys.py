"""Selectors that a pod completes with labels of its own: `matchLabelKeys`, `mismatchLabelKeys`.

Stands for `mutatePodAffinity` and `mutateTopologySpreadConstraints` in k8s.io/kubernetes
`pkg/registry/core/pod/strategy.go`. A Deployment's pods are told apart by revision this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubelearn.objects import Object, labels_of

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def complete_selectors(pod: Object) -> None:
    """Write the labels that the keys stand for into the selectors beside them."""
    labels = labels_of(pod)
    for term in _terms(pod.get("spec") or {}):
        if term.get("labelSelector") is not None:
            _add(term, "matchLabelKeys", "In", labels)
            _add(term, "mismatchLabelKeys", "NotIn", labels)


def _terms(spec: Mapping[str, Any]) -> Iterator[Object]:
    yield from spec.get("topologySpreadConstraints") or []
    affinity = spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(kind) or {}
        yield from rules.get(_REQUIRED) or []
        yield from (item.get("podAffinityTerm") or {} for item in rules.get(_PREFERRED) or [])


def _add(term: Object, keys: str, operator: str, labels: Mapping[str, str]) -> None:
    for name in term.get(keys) or []:
        if name in labels:
            requirement = {"key": name, "operator": operator, "values": [labels[name]]}
            term["labelSelector"].setdefault("matchExpressions", []).append(requirement)

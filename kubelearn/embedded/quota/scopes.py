"""Scopes: the part of a kind's objects that a quota is about.

Stands for `podMatchesScopeFunc` and its like in k8s.io/kubernetes `pkg/quota/v1/evaluator/core`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubelearn.labelselector import requirement_holds
from kubelearn.objects import Object


def requirements(spec: Object) -> Iterator[Object]:
    """What a quota's `scopes` and `scopeSelector` ask for; an object has to meet all of it."""
    for scope in spec.get("scopes") or []:
        yield {"scopeName": scope, "operator": "Exists"}
    yield from (spec.get("scopeSelector") or {}).get("matchExpressions") or []


def pod_in_scope(requirement: Object, obj: Object) -> bool:
    """Whether a pod meets one requirement."""
    spec = obj["spec"]
    match requirement["scopeName"]:
        case "Terminating":
            return is_terminating(obj)
        case "NotTerminating":
            return not is_terminating(obj)
        case "BestEffort":
            return _is_best_effort(obj)
        case "NotBestEffort":
            return not _is_best_effort(obj)
        case "PriorityClass":
            return _named("PriorityClass", spec.get("priorityClassName"), requirement)
        case "CrossNamespacePodAffinity":
            return _looks_into_other_namespaces(spec)
    return False


def claim_in_scope(requirement: Object, obj: Object) -> bool:
    """Whether a claim meets one requirement: one of the classes it has, had or will have."""
    if requirement["scopeName"] != "VolumeAttributesClass":
        return False
    status = obj.get("status") or {}
    names = {
        obj["spec"].get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"),
    } - {None, ""}
    return any(_named("VolumeAttributesClass", name, requirement) for name in names or {None})


def in_no_scope(requirement: Object, obj: Object) -> bool:
    """Other kinds know no scopes: a quota that has one is not about them."""
    return False


def is_terminating(pod: Object) -> bool:
    """Whether the pod ends by itself some day: it has a deadline."""
    seconds = pod["spec"].get("activeDeadlineSeconds")
    return seconds is not None and seconds >= 0


def _is_best_effort(pod: Object) -> bool:
    return (pod.get("status") or {}).get("qosClass") == "BestEffort"


def _named(scope: str, name: str | None, requirement: Object) -> bool:
    labels: Mapping[str, str] = {scope: name} if name else {}
    values = requirement.get("values") or []
    return requirement_holds(labels, scope, requirement["operator"], values)


def _looks_into_other_namespaces(spec: Object) -> bool:
    affinity = spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(kind) or {}
        terms = [
            *(rules.get("requiredDuringSchedulingIgnoredDuringExecution") or []),
            *(
                each["podAffinityTerm"]
                for each in rules.get("preferredDuringSchedulingIgnoredDuringExecution") or []
            ),
        ]
        if any(term.get("namespaces") or "namespaceSelector" in term for term in terms):
            return True
    return False

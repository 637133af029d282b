"""Rules for disruption budgets and priorities (upstream `pkg/apis/{policy,scheduling}`)."""

from __future__ import annotations

from kubelearn.embedded.apiserver.validation.common import (
    at_most_all,
    integer_or_percent,
    supported,
)
from kubelearn.embedded.apiserver.validation.conditions import conditions
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    forbidden,
    immutable,
    invalid,
    non_negative,
    one_of,
)
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.embedded.apiserver.validation.metadata import (
    label_selector,
    metadata,
    metadata_update,
)
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.objects import Object

_EVICTION = ("AlwaysAllow", "IfHealthyBudget")
_SYSTEM = {"system-cluster-critical": 2000000000, "system-node-critical": 2000001000}
_HIGHEST = 1000000000


@on_create("policy.v1.PodDisruptionBudget")
def pod_disruption_budget(obj: Object) -> Errors:
    """A PodDisruptionBudget."""
    spec = obj["spec"]
    if "minAvailable" in spec and "maxUnavailable" in spec:
        shown = internal("policy.v1.PodDisruptionBudgetSpec", spec)
        yield invalid("spec", shown, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        if name in spec:
            yield from integer_or_percent(f"spec.{name}", spec[name])
            yield from at_most_all(f"spec.{name}", spec[name])
    yield from label_selector(spec.get("selector"), "spec.selector")
    eviction = spec.get("unhealthyPodEvictionPolicy")
    yield from supported("spec.unhealthyPodEvictionPolicy", eviction, _EVICTION)


@on_update("policy.v1.PodDisruptionBudget")
def pod_disruption_budget_update(new: Object, _: Object) -> Errors:
    """A PodDisruptionBudget again."""
    yield from pod_disruption_budget(new)


@on_status_update("policy.v1.PodDisruptionBudget")
def pod_disruption_budget_status(new: Object, _: Object) -> Errors:
    """What the controller found."""
    yield from conditions("status.conditions", new["status"].get("conditions") or [])
    for name in ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"):
        yield from non_negative(f"status.{name}", new["status"].get(name))


@on_create("scheduling.v1.PriorityClass")
def priority_class(obj: Object) -> Errors:
    """A PriorityClass; the highest priorities are the system's own."""
    yield from metadata(obj, namespaced=False)
    name, value = obj["metadata"].get("name", ""), obj["value"]
    if name.startswith("system-"):
        if problem := _unlike_system(name, obj):
            words = "priority class names with 'system-' prefix are reserved for system use only"
            yield forbidden("metadata.name", f"{words}. error: {problem}")
    elif value > _HIGHEST:
        detail = f"maximum allowed value of a user defined priority is {_HIGHEST}"
        yield forbidden("value", detail)
    if "preemptionPolicy" in obj:
        values = ("PreemptLowerPriority", "Never")
        yield from one_of("preemptionPolicy", obj["preemptionPolicy"], values)


def _unlike_system(name: str, obj: Object) -> str:
    if name not in _SYSTEM:
        return f"{name} is not a known system priority class"
    if obj["value"] != _SYSTEM[name]:
        return f"value of {name} PriorityClass must be {_SYSTEM[name]}"
    if obj.get("globalDefault"):
        return f"globalDefault of {name} PriorityClass must be false"
    return ""


@on_update("scheduling.v1.PriorityClass")
def priority_class_update(new: Object, old: Object) -> Errors:
    """A PriorityClass, whose value stays."""
    yield from metadata_update(new, old)
    if new["value"] != old["value"]:
        yield forbidden("value", "may not be changed in an update.")
    policies = (each.get("preemptionPolicy") for each in (new, old))
    yield from immutable("preemptionPolicy", *policies)

"""Priority: a pod's number comes from its PriorityClass.

Stands for k8s.io/kubernetes `plugin/pkg/admission/priority/admission.go`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.admission.namespacelifecycle import refused
from kubelearn.embedded.apiserver.encoding import shared
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object

_CLASSES = "/registry/priorityclasses/"
_NO_CLASS: Object = {"value": 0, "preemptionPolicy": "PreemptLowerPriority"}


async def priority(registry: Registry, write: Write, new: Object, old: Object | None) -> None:
    """Fill in priority and preemption policy; an update keeps them."""
    if registry.kind.plural != "pods" or write.subresource:
        return
    spec = new.setdefault("spec", {})
    if old is not None:
        for name in ("priority", "preemptionPolicy"):
            if name not in spec and name in old["spec"]:
                spec[name] = old["spec"][name]
        return
    chosen = _class_of(registry, new, spec)
    value = int(chosen["value"])
    if "priority" in spec and spec["priority"] != value:
        raise refused(
            registry,
            new,
            f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; "
            f"priority admission controller computed {value} from the given PriorityClass name",
        )
    spec["priority"] = value
    spec.setdefault("preemptionPolicy", chosen.get("preemptionPolicy", "PreemptLowerPriority"))


def _class_of(registry: Registry, pod: Object, spec: Object) -> Object:
    name = spec.get("priorityClassName")
    if name:
        found = registry.store.get(_CLASSES + name)
        if found:
            return shared(found.value)
        raise refused(registry, pod, f"no PriorityClass with name {name} was found")
    return _default_class(registry, spec)


def _default_class(registry: Registry, spec: Object) -> Object:
    """The lowest of the classes that call themselves the default."""
    classes = [shared(kv.value) for kv in registry.store.range(_CLASSES)]
    defaults = [each for each in classes if each.get("globalDefault")]
    if not defaults:
        return _NO_CLASS
    chosen = min(defaults, key=lambda each: int(each["value"]))
    spec["priorityClassName"] = chosen["metadata"]["name"]
    return chosen

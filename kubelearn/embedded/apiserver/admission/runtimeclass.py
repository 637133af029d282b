"""RuntimeClass: what a pod's class costs, and where it can run.

Stands for k8s.io/kubernetes `plugin/pkg/admission/runtimeclass/admission.go`.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.embedded.apiserver.admission.namespacelifecycle import refused
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.resourcelists import same
from kubelearn.objects import Object

_MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
_WITHOUT = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"


async def set_runtime_class(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Give a new pod the overhead and the scheduling of its class."""
    if not _concerns(registry, write, old):
        return
    found = _class_of(registry, new)
    spec = new["spec"]
    if overhead := (found.get("overhead") or {}).get("podFixed"):
        if spec.get("overhead") and not same(overhead, spec["overhead"]):
            raise refused(registry, new, _MISMATCH)
        spec["overhead"] = dict(overhead)
    scheduling = found.get("scheduling") or {}
    selector = spec.get("nodeSelector") or {}
    for name, value in (scheduling.get("nodeSelector") or {}).items():
        if selector.setdefault(name, value) != value:
            raise refused(
                registry,
                new,
                f"conflict: runtimeClass.scheduling.nodeSelector[{name}] = {value}; "
                f"pod.spec.nodeSelector[{name}] = {selector[name]}",
            )
    if selector:
        spec["nodeSelector"] = selector
    if tolerations := scheduling.get("tolerations"):
        spec["tolerations"] = _merged([*(spec.get("tolerations") or []), *tolerations])


async def check_runtime_class(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Refuse an overhead that is not the class's."""
    if not _concerns(registry, write, old):
        return
    overhead = (_class_of(registry, new).get("overhead") or {}).get("podFixed")
    stated = new["spec"].get("overhead")
    if overhead is not None and not same(overhead, stated or {}):
        raise refused(registry, new, _MISMATCH)
    if overhead is None and stated is not None:
        raise refused(registry, new, _WITHOUT)


def _concerns(registry: Registry, write: Write, old: Object | None) -> bool:
    is_pod = (registry.kind.group, registry.kind.plural) == ("", "pods")
    return is_pod and old is None and not write.subresource


def _class_of(registry: Registry, pod: Object) -> Object:
    """The pod's class; an empty one if it names none. Raises 403 if there is no such class."""
    name = pod["spec"].get("runtimeClassName")
    if name is None:
        return {}
    found = registry.store.get(f"/registry/runtimeclasses/{name}")
    if found is None:
        raise refused(registry, pod, f'pod rejected: RuntimeClass "{name}" not found')
    return decode(found.value)


def _merged(tolerations: list[Object]) -> list[Object]:
    """Each toleration that none of the others includes (`MergeTolerations`)."""
    merged: list[Object] = []
    for number, each in enumerate(tolerations):
        later = [other for other in tolerations[number + 1 :] if other != each]
        if not _is_included(each, [*merged, *later]):
            merged.append(each)
    return merged


def _is_included(toleration: Object, others: Iterable[Object]) -> bool:
    return any(_includes(other, toleration) for other in others)


def _includes(wide: Object, narrow: Object) -> bool:
    if wide == narrow:
        return True
    exists = wide.get("operator") == "Exists"
    if wide.get("key") != narrow.get("key") and not (exists and not wide.get("key")):
        return False
    if wide.get("effect") and wide["effect"] != narrow.get("effect"):
        return False
    if wide.get("effect") == "NoExecute" and wide.get("tolerationSeconds") is not None:
        seconds = narrow.get("tolerationSeconds")
        if seconds is None or seconds > wide["tolerationSeconds"]:
            return False
    is_equal = narrow.get("operator", "Equal") == "Equal"
    return exists or (is_equal and wide.get("value") == narrow.get("value"))

"""What a pod as a whole requests and may use at most.

Stands for k8s.io/component-helpers `resource/helpers.go`. Containers run together; init containers
one after the other, beside the sidecars that were started before them.
"""

from __future__ import annotations

from collections.abc import Callable

from kubelearn.embedded.resourcelists import Amounts, add, mask, most
from kubelearn.objects import Object, condition
from kubelearn.quantity import quantity

_Of = Callable[[Object], Amounts]

_POD_LEVEL = ("cpu", "memory")


def requests_of(owner: Object) -> Amounts:
    """The requests that a container, or a pod's spec, states."""
    found: Amounts = (owner.get("resources") or {}).get("requests") or {}
    return found


def limits_of(owner: Object) -> Amounts:
    """The limits that a container, or a pod's spec, states."""
    found: Amounts = (owner.get("resources") or {}).get("limits") or {}
    return found


def stated_requests(spec: Object) -> dict[str, str]:
    """A pod's requests as its spec has them; those of the pod as a whole outweigh the sum."""
    return _with_pod_level(spec, _total(spec, requests_of), requests_of(spec))


def stated_limits(spec: Object) -> dict[str, str]:
    """A pod's limits as its spec has them; those of the pod as a whole outweigh the sum."""
    return _with_pod_level(spec, _total(spec, limits_of), limits_of(spec))


def pod_requests(pod: Object) -> dict[str, str]:
    """What a pod takes: while a resize is under way the larger amount, and its overhead."""
    spec = pod["spec"]
    total = _total(spec, lambda container: _effective(pod, container, "requests"))
    total = _with_pod_level(spec, total, requests_of(spec))
    return add(total, spec.get("overhead") or {})


def pod_limits(pod: Object) -> dict[str, str]:
    """The most a pod may use, with its overhead where there is a limit."""
    spec = pod["spec"]
    total = _total(spec, lambda container: _effective(pod, container, "limits"))
    total = _with_pod_level(spec, total, limits_of(spec))
    limited = {name for name, value in total.items() if quantity(value)}
    return add(total, mask(spec.get("overhead") or {}, limited))


def has_pod_level_resources(spec: Object) -> bool:
    """Whether the pod as a whole states a request or a limit."""
    stated = {**requests_of(spec), **limits_of(spec)}
    return any(_is_pod_level(name) for name in stated)


def _is_pod_level(name: str) -> bool:
    return name in _POD_LEVEL or name.startswith("hugepages-")


def _with_pod_level(spec: Object, total: dict[str, str], stated: Amounts) -> dict[str, str]:
    return total | {name: value for name, value in stated.items() if _is_pod_level(name)}


def _total(spec: Object, of: _Of) -> dict[str, str]:
    together: dict[str, str] = {}
    for container in spec.get("containers") or []:
        together = add(together, of(container))
    sidecars: dict[str, str] = {}
    starting: dict[str, str] = {}
    for container in spec.get("initContainers") or []:
        amounts = of(container)
        beside = add(sidecars, amounts)
        if container.get("restartPolicy") == "Always":
            together = add(together, amounts)
            sidecars = beside
        starting = most(starting, beside)
    return most(together, starting)


def _effective(pod: Object, container: Object, kind: str) -> Amounts:
    """What counts of a container: its spec, or what it has got if that is more."""
    stated: Amounts = (container.get("resources") or {}).get(kind) or {}
    status = _status_of(pod, container["name"])
    if not status or "resources" not in status:
        return stated
    actuated = (status["resources"] or {}).get(kind) or {}
    allocated = (status.get("allocatedResources") or {}) if kind == "requests" else {}
    pending = condition(pod, "PodResizePending")
    if pending and pending.get("reason") == "Infeasible":
        return most(actuated, allocated)
    return most(most(stated, actuated), allocated)


def _status_of(pod: Object, name: str) -> Object | None:
    status = pod.get("status") or {}
    for kind in ("containerStatuses", "initContainerStatuses"):
        for each in status.get(kind) or []:
            if each["name"] == name:
                return dict(each)
    return None

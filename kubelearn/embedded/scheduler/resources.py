"""What a pod asks for and a node has, as whole numbers: CPU in thousandths, memory in bytes.

Upstream: k8s.io/component-helpers/resource and pkg/scheduler/util. Whole numbers because the
scores are whole numbers upstream, rounded down.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from kubelearn.objects import Object
from kubelearn.quantity import quantity

Amounts = dict[str, int]

# What a container without a request counts as when nodes are scored, so that a node does not
# look empty when it is full of containers that said nothing.
_DEFAULT_CPU, _DEFAULT_MEMORY = 100, 200 * 1024 * 1024


def amounts(quantities: Mapping[str, Any] | None) -> Amounts:
    """A resource list as numbers, rounded up."""
    return {
        name: math.ceil(quantity(value) * (1000 if name == "cpu" else 1))
        for name, value in (quantities or {}).items()
    }


def pod_requests(pod: Object) -> Amounts:
    """The most that a pod needs at any moment of its life."""
    return _pod_total(pod, lambda container: amounts(_requests(container)))


def scored_requests(pod: Object) -> Amounts:
    """The same with a small default where a container says nothing about CPU or memory."""

    def asked(container: Object) -> Amounts:
        defaults = {"cpu": _DEFAULT_CPU, "memory": _DEFAULT_MEMORY}
        return {**defaults, **amounts(_requests(container))}

    return _pod_total(pod, asked)


def _requests(owner: Object) -> Mapping[str, Any] | None:
    requests: Mapping[str, Any] | None = (owner.get("resources") or {}).get("requests")
    return requests


def _pod_total(pod: Object, asked: Any) -> Amounts:
    """Containers run together; init containers one after the other, beside earlier sidecars."""
    spec = pod["spec"]
    together: Counter[str] = Counter()
    for container in spec["containers"]:
        together.update(asked(container))
    sidecars: Counter[str] = Counter()
    starting: Counter[str] = Counter()
    for container in spec.get("initContainers") or []:
        if container.get("restartPolicy") == "Always":
            sidecars.update(asked(container))
            starting |= sidecars
        else:
            starting |= sidecars + Counter(asked(container))
    total = (together + sidecars) | starting
    total.update(amounts(spec.get("overhead")))
    # What is said for the pod as a whole outweighs what its containers say.
    return {**total, **amounts(_requests(spec))}

"""What pods and nodes use of CPU and memory, where the cluster has an API that tells it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kubelearn.clusters.transport import send
from kubelearn.errors import ApiError
from kubelearn.objects import Object, Resource
from kubelearn.quantity import quantity
from kubelearn.widgets.document import Document

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

PODS = Resource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics")
NODES = Resource("metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", namespaced=False)
# The metrics server itself looks every 15 s.
_EVERY = 15.0


class Usage:
    """Keeps the section `usage` of a document: `pods/NAME`, `nodes/NAME`, and why there is none."""

    def __init__(self, document: Document, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._document = document
        self._clock = clock
        self._asked = float("-inf")

    def ask(self, api: ApiClient, namespace: str) -> None:
        """Ask again, if it is time."""
        if self._clock() - self._asked < _EVERY:
            return
        self._asked = self._clock()
        found: dict[str, Any] = {}
        for resource, scope in ((PODS, namespace), (NODES, None)):
            try:
                answer = send(api, "GET", resource.path(scope)).checked()
                items = answer["items"]
                found |= {
                    f"{resource.plural}/{each['metadata']['name']}": used(each) for each in items
                }
            except ApiError as error:
                found[f"{resource.plural}?"] = error.message
        self._document.replace("usage", found)


def used(metrics: Object) -> list[int]:
    """Thousandths of a CPU, and bytes."""
    parts = [each["usage"] for each in metrics.get("containers") or [metrics]]
    cpu = sum(quantity(part["cpu"]) for part in parts)
    memory = sum(quantity(part["memory"]) for part in parts)
    return [round(cpu * 1000), round(memory)]

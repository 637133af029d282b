"""PodResizeValidator: a running pod cannot grow beyond the node that it is on.

Stands for k8s.io/kubernetes `plugin/pkg/admission/podresize/admission.go`. What a node could hold,
but has no room for now, is the kubelet's to decide. Left out: nodes without Linux.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.status import forbidden
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.podresources import pod_requests
from kubelearn.objects import Object
from kubelearn.quantity import quantity


async def check_pod_resize(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Refuse a resize that asks for more than the node has. Raises 403."""
    if write.subresource != "resize" or old is None or old["spec"] == new["spec"]:
        return
    name, node = write.name, new["spec"].get("nodeName")
    if not node:
        return
    found = registry.store.get(f"/registry/minions/{node}")
    if found is None:
        raise forbidden("pods", "", name, f'node "{node}" not found')
    allocatable = (decode(found.value).get("status") or {}).get("allocatable") or {}
    if problem := "; ".join(_too_much(new, allocatable)):
        text = f"node didn't have enough allocatable resources: {problem}"
        raise forbidden("pods", "", name, text, causes=[{"reason": "NodeCapacity"}])


def _too_much(pod: Object, allocatable: Object) -> list[str]:
    requests = pod_requests({"spec": pod["spec"]})
    problems = []
    # CPU is told in thousandths, memory in bytes.
    for resource, unit in (("cpu", 1000), ("memory", 1)):
        asked = quantity(requests.get(resource, "0")) * unit
        there = quantity(allocatable.get(resource, "0")) * unit
        if asked > there:
            problems.append(f"{resource}, requested: {asked:.0f}, allocatable: {there:.0f}")
    return problems

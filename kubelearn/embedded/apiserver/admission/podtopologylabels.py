"""PodTopologyLabels: a pod knows the zone and the region of its node by its own labels.

Stands for k8s.io/kubernetes `plugin/pkg/admission/podtopologylabels/admission.go`. A Binding is an
update of the pod here, so that one rule does for pods that are bound and for those that are created
with a node.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object, labels_of

_LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


async def pod_topology_labels(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Copy the labels of the node when a pod gets one."""
    if (registry.kind.group, registry.kind.plural) != ("", "pods"):
        return
    node = new["spec"].get("nodeName")
    if (
        not node
        or write.subresource not in ("", "binding")
        or (old and old["spec"].get("nodeName"))
    ):
        return
    found = registry.store.get(f"/registry/minions/{node}")
    labels = labels_of(decode(found.value)) if found else {}
    copied = {name: labels[name] for name in _LABELS if name in labels}
    if copied:
        meta = new["metadata"]
        meta["labels"] = {**labels_of(new), **copied}

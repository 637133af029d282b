"""On which nodes a DaemonSet's pods belong, and how each is tied to its node.

Upstream: `NodeShouldRunDaemonPod` of pkg/controller/daemon and its util/daemonset_util.go.
"""

from __future__ import annotations

from kubelearn.embedded.nodeaffinity import REQUIRED, matches_node, node_affinity
from kubelearn.objects import Object, labels_of, tolerates

# What a daemon puts up with, because it serves the node and not itself: (taint, effect).
_TOLERATED = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)


def tied_to(pod: Object, node: str) -> Object:
    """The pod with an affinity to that node only, and with a daemon's tolerations.

    The scheduler binds such a pod like any other; an affinity by name leaves it one choice.
    """
    spec = pod["spec"]
    taints = [
        *_TOLERATED,
        *([("network-unavailable", "NoSchedule")] if spec.get("hostNetwork") else []),
    ]
    tolerations = list(spec.get("tolerations") or [])
    for name, effect in taints:
        added = {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
        if added not in tolerations:
            tolerations.append(added)
    fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
    affinity = spec.get("affinity") or {}
    by_node = {
        **(affinity.get("nodeAffinity") or {}),
        REQUIRED: {"nodeSelectorTerms": [{"matchFields": fields}]},
    }
    affinity = {**affinity, "nodeAffinity": by_node}
    return {**pod, "spec": {**spec, "affinity": affinity, "tolerations": tolerations}}


def node_of(pod: Object) -> str | None:
    """The node that a pod is on, or is tied to while it waits."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    required = node_affinity(pod, REQUIRED) or {}
    for term in required.get("nodeSelectorTerms") or []:
        for field in term.get("matchFields") or []:
            if field["key"] == "metadata.name" and len(field["values"]) == 1:
                return str(field["values"][0])
    return None


def should_run(pod: Object, node: Object) -> tuple[bool, bool]:
    """Whether a DaemonSet's pod shall be started on a node, and whether it may stay there."""
    meta = node["metadata"]
    wanted = pod["spec"].get("nodeName")
    if wanted and wanted != meta["name"]:
        return False, False
    if not matches_node(pod, meta["name"], labels_of(node)):
        return False, False
    tolerations = tied_to(pod, meta["name"])["spec"]["tolerations"]
    effects = {
        taint["effect"]
        for taint in node["spec"].get("taints") or []
        if not any(tolerates(toleration, taint) for toleration in tolerations)
    }
    return not effects & {"NoSchedule", "NoExecute"}, "NoExecute" not in effects

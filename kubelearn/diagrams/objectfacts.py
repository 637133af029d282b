"""What there is to know of an object, in a few lines, and what goes with it when it is deleted.

A choice of what `kubectl describe` prints (upstream kubectl `pkg/describe`), mostly in its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kubelearn.diagrams.clustermap import pod_row
from kubelearn.diagrams.replicasets import rollout_line
from kubelearn.labelselector import format_selector
from kubelearn.objects import annotations_of, controller_of

Fact = tuple[str, str]
_REVISION = "deployment.kubernetes.io/revision"


def facts_of(obj: Mapping[str, Any]) -> list[Fact]:
    """Pairs of a label and a value; what an object does not have is left out."""
    meta = obj["metadata"]
    teller = _TELLERS.get(str(obj["kind"]))
    owner = controller_of(obj)
    facts = [
        *(teller(obj) if teller else ()),
        ("Labels", _pairs(meta.get("labels"))),
        ("Controlled By", f"{owner['kind']}/{owner['name']}" if owner else ""),
        ("Created", str(meta.get("creationTimestamp") or "")),
    ]
    return [(label, value) for label, value in facts if value]


def consequence(obj: Mapping[str, Any]) -> str:
    """What deleting an object leads to, in a sentence."""
    kind, owner = str(obj["kind"]), controller_of(obj)
    if kind == "EndpointSlice":
        return "The controller of EndpointSlices writes another one."
    if not owner or kind not in ("Pod", "ReplicaSet"):
        return _CONSEQUENCES.get(kind, "Nothing brings it back.")
    if owner["kind"] == "Job":
        return f"Job {owner['name']} starts another one, unless it is done."
    return f"{owner['kind']} {owner['name']} makes another one."


_CONSEQUENCES = {
    "Deployment": "Its ReplicaSets and all their pods go with it.",
    "ReplicaSet": "All its pods go with it.",
    "StatefulSet": "All its pods go with it; their volume claims stay.",
    "DaemonSet": "All its pods go with it.",
    "CronJob": "Its Jobs and their pods go with it.",
    "Job": "Its pods go with it, and with them their logs.",
    "Service": "Its name and its address lead nowhere then; the pods stay.",
    "PersistentVolumeClaim": "With it goes its volume and the data on it, if the class reclaims "
    "by Delete. It waits until no pod uses it.",
    "ConfigMap": "Pods that run keep what they have; new ones cannot start without it.",
    "Secret": "Pods that run keep what they have; new ones cannot start without it.",
}


def _spec(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    return obj.get("spec") or {}


def _status(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    return obj.get("status") or {}


def _pairs(labels: Mapping[str, str] | None) -> str:
    return ", ".join(f"{key}={value}" for key, value in (labels or {}).items())


def _images(containers: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(str(each.get("image") or "") for each in containers if each.get("image"))


def _pod(obj: Mapping[str, Any]) -> Iterable[Fact]:
    row = pod_row(obj)
    return [
        ("Why", _trouble(obj)),
        ("Node", row["node"]),
        ("IP", row["ip"]),
        ("Containers ready", row["ready"]),
        ("Restarts", str(row["restarts"])),
        ("Image", _images(_spec(obj).get("containers") or [])),
    ]


def _trouble(pod: Mapping[str, Any]) -> str:
    """What stands in a pod's way, in the words of whoever noticed."""
    status = _status(pod)
    told = [
        str(part["message"])
        for kind in ("initContainerStatuses", "containerStatuses")
        for each in status.get(kind) or []
        for part in (each.get("state") or {}).values()
        if part and part.get("message")
    ]
    told += [
        str(each["message"])
        for each in status.get("conditions") or []
        if each.get("status") == "False" and each.get("message")
    ]
    return told[0] if told else str(status.get("message") or "")


def _deployment(obj: Mapping[str, Any]) -> Iterable[Fact]:
    spec, status = _spec(obj), _status(obj)
    counts = [(spec.get("replicas", 1), "wanted")]
    counts += [(status.get(f"{word}Replicas") or 0, word) for word in ("updated", "ready")]
    return [
        ("Rollout", rollout_line(obj)),
        *_pods_of({**obj, "spec": {key: spec[key] for key in spec if key != "replicas"}}),
        ("Replicas", ", ".join(f"{count} {word}" for count, word in counts)),
        ("StrategyType", str((spec.get("strategy") or {}).get("type") or "")),
    ]


def _pods_of(obj: Mapping[str, Any]) -> Iterable[Fact]:
    spec = _spec(obj)
    template = (spec.get("template") or {}).get("spec") or {}
    return [
        ("Revision", annotations_of(obj).get(_REVISION, "")),
        ("Replicas", f"{spec['replicas']} wanted" if "replicas" in spec else ""),
        ("Image", _images(template.get("containers") or [])),
        ("Selector", format_selector(spec.get("selector"))),
    ]


def _cron_job(obj: Mapping[str, Any]) -> Iterable[Fact]:
    spec, status = _spec(obj), _status(obj)
    return [
        ("Schedule", str(spec.get("schedule") or "")),
        ("Time Zone", str(spec.get("timeZone") or "")),
        ("Last Schedule Time", str(status.get("lastScheduleTime") or "")),
    ]


def _job(obj: Mapping[str, Any]) -> Iterable[Fact]:
    status = _status(obj)
    counts = ", ".join(f"{status.get(key) or 0} {key}" for key in ("active", "succeeded", "failed"))
    return [("Pods", counts), ("Completed At", str(status.get("completionTime") or ""))]


def _service(obj: Mapping[str, Any]) -> Iterable[Fact]:
    spec = _spec(obj)
    ports = [
        f"{each['port']}/{each.get('protocol', 'TCP')} to {each.get('targetPort', each['port'])}"
        + (f", NodePort {each['nodePort']}" if each.get("nodePort") else "")
        for each in spec.get("ports") or []
    ]
    return [
        ("Selector", _pairs(spec.get("selector"))),
        ("IP", str(spec.get("clusterIP") or "")),
        ("Ports", "; ".join(ports)),
    ]


def _endpoint_slice(obj: Mapping[str, Any]) -> Iterable[Fact]:
    addresses = [each for one in obj.get("endpoints") or [] for each in one.get("addresses") or []]
    ports = [str(each.get("port")) for each in obj.get("ports") or []]
    return [("Addresses", ", ".join(addresses) or "none"), ("Ports", ", ".join(ports))]


def _config_map(obj: Mapping[str, Any]) -> Iterable[Fact]:
    return [("Keys", ", ".join([*(obj.get("data") or {}), *(obj.get("binaryData") or {})]))]


def _claim(obj: Mapping[str, Any]) -> Iterable[Fact]:
    spec, status = _spec(obj), _status(obj)
    return [
        ("StorageClass", str(spec.get("storageClassName") or "")),
        ("Volume", str(spec.get("volumeName") or "")),
        ("Capacity", str((status.get("capacity") or {}).get("storage") or "")),
        ("Access Modes", ", ".join(spec.get("accessModes") or [])),
    ]


def _node(obj: Mapping[str, Any]) -> Iterable[Fact]:
    info = _status(obj).get("nodeInfo") or {}
    addresses = [each["address"] for each in _status(obj).get("addresses") or []]
    return [
        ("Addresses", ", ".join(addresses)),
        ("Kubelet Version", str(info.get("kubeletVersion") or "")),
    ]


_TELLERS: dict[str, Callable[[Mapping[str, Any]], Iterable[Fact]]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _pods_of,
    "StatefulSet": _pods_of,
    "DaemonSet": _pods_of,
    "CronJob": _cron_job,
    "Job": _job,
    "Service": _service,
    "EndpointSlice": _endpoint_slice,
    "ConfigMap": _config_map,
    "PersistentVolumeClaim": _claim,
    "Node": _node,
}

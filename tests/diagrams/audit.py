"""Audit events as an API server writes them, of the story of a Deployment `web`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
PLURALS = {
    "Deployment": ("apps/v1", "deployments"),
    "ReplicaSet": ("apps/v1", "replicasets"),
    "Pod": ("v1", "pods"),
    "EndpointSlice": ("discovery.k8s.io/v1", "endpointslices"),
}
YOU = ("kubernetes-admin", "kubectl/v1.36.3 (linux/amd64) kubernetes/0e2c4a1")
MANAGER = ("system:kube-controller-manager", "kube-controller-manager/v1.36.3/")
DEPLOYMENT = (MANAGER[0], f"{MANAGER[1]}deployment-controller")
REPLICA_SET = (MANAGER[0], f"{MANAGER[1]}replicaset-controller")
SCHEDULER = ("system:kube-scheduler", "kube-scheduler/v1.36.3")
KUBELET = ("system:node:worker", "kubelet/v1.36.3")


def thing(kind: str, name: str, *, owner: str = "", **fields: Any) -> dict[str, Any]:
    """An object; its uid is its name in capitals, and so is its owner's."""
    meta: dict[str, Any] = {
        "name": name,
        "namespace": "shop",
        "uid": name.upper(),
        "resourceVersion": "7",
    }
    if owner:
        meta["ownerReferences"] = [{"uid": owner.upper(), "controller": True}]
    return {"kind": kind, "metadata": meta, **fields}


def pod(name: str, *, running: bool = False, ready: bool = False) -> dict[str, Any]:
    """A pod of the ReplicaSet `web-1`."""
    conditions = [{"type": "Ready", "status": str(ready)}]
    phase = "Running" if running or ready else "Pending"
    return thing("Pod", name, owner="web-1", status={"phase": phase, "conditions": conditions})


def event(
    at: float, who: tuple[str, str], verb: str, obj: dict[str, Any], sub: str = "", **more: Any
) -> dict[str, Any]:
    """A request `at` so many ms, served within 2 ms, whose answer is the object."""
    version, plural = PLURALS[obj["kind"]]
    meta, received = obj["metadata"], START + timedelta(milliseconds=at)
    reference = {"resource": plural, "namespace": meta["namespace"], "name": meta["name"]}
    path = f"/apis/{version}/namespaces/shop/{plural}/{meta['name']}"
    return {
        "auditID": f"id-{at}",
        "verb": verb,
        "requestURI": f"{path}/{sub}" if sub else path,
        "user": {"username": who[0]},
        "userAgent": who[1],
        "objectRef": reference | ({"subresource": sub} if sub else {}),
        "responseStatus": {"code": 201 if verb == "create" else 200},
        "responseObject": obj,
        "requestReceivedTimestamp": received.isoformat().replace("+00:00", "Z"),
        "stageTimestamp": (received + timedelta(milliseconds=2)).isoformat(),
        **more,
    }


def binding(at: float, name: str) -> dict[str, Any]:
    """The scheduler puts a pod on the node `worker`."""
    return event(
        at,
        SCHEDULER,
        "create",
        pod(name),
        "binding",
        requestObject={
            "kind": "Binding",
            "metadata": {"name": name},
            "target": {"name": "worker"},
        },
        responseObject={"kind": "Status", "metadata": {}, "code": 201},
    )


def note(at: float, who: tuple[str, str], about: str, reason: str) -> dict[str, Any]:
    """A component notes an Event object about another one."""
    involved = {"uid": about.upper()}
    body = {"kind": "Event", "involvedObject": involved, "reason": reason, "message": "Well."}
    made = event(at, who, "create", pod("x"), requestObject=body, responseObject=body)
    return made | {"objectRef": {"resource": "events", "namespace": "shop"}}


WEB = thing("Deployment", "web", spec={"replicas": 2})
SET = thing("ReplicaSet", "web-1", owner="web", spec={"replicas": 2})
ONE, OTHER = "web-1-a", "web-1-b"

STORY = [
    event(0, YOU, "create", WEB),
    event(10, DEPLOYMENT, "create", SET),
    event(20, REPLICA_SET, "create", pod(ONE)),
    event(21, REPLICA_SET, "create", pod(OTHER)),
    note(24, REPLICA_SET, "web-1", "SuccessfulCreate"),
    binding(30, ONE),
    event(35, REPLICA_SET, "update", SET, "status"),
    binding(40, OTHER),
    event(50, KUBELET, "patch", pod(ONE), "status"),
    event(500, KUBELET, "patch", pod(ONE, ready=True), "status"),
    event(520, REPLICA_SET, "update", SET, "status"),
]

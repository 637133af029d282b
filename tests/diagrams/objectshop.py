"""The objects of a small shop, as the API gives them."""

from __future__ import annotations

from typing import Any

LABELS = {"app": "web"}
TEMPLATE = {"spec": {"containers": [{"name": "web", "image": "kubelearn/hello:1.0"}]}}
SET = "web-5d9c7b8f61"
PODS = (f"{SET}-a7x", f"{SET}-b8z", f"{SET}-k2p")


def thing(kind: str, name: str, *, owner: str = "", **more: Any) -> dict[str, Any]:
    """An object, owned by `Kind/name`."""
    meta = {"name": name, "namespace": "shop", "uid": f"{kind}/{name}", **more.pop("meta", {})}
    if owner:
        kind_of_owner, _, name_of_owner = owner.partition("/")
        reference = {"kind": kind_of_owner, "name": name_of_owner, "uid": owner, "controller": True}
        meta["ownerReferences"] = [reference]
    if kind == "Deployment":
        more["spec"] = {"template": TEMPLATE, **more.get("spec", {})}
    return {"kind": kind, "metadata": meta, **more}


def pod(name: str, *, owner: str = f"ReplicaSet/{SET}", **more: Any) -> dict[str, Any]:
    """A pod of the web server; `ready`, `labels` and what its `spec` shall have."""
    ready = more.get("ready", True)
    return thing(
        "Pod",
        name,
        owner=owner,
        meta={"labels": more.get("labels", LABELS), **more.get("meta", {})},
        spec={"nodeName": "worker", "containers": [{"name": "web"}], **more.get("spec", {})},
        status={
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(ready)}],
        },
    )


def endpoints(*names: str, unready: str = "") -> list[dict[str, Any]]:
    """Endpoints of an EndpointSlice."""
    return [
        {
            "addresses": ["10.244.1.7"],
            "targetRef": {"kind": "Pod", "name": name},
            "conditions": {"ready": name != unready},
        }
        for name in names
    ]


def shop(*, unready: str = "") -> list[dict[str, Any]]:
    """A Deployment of three pods and its Service."""
    counts = {"spec": {"replicas": 3}, "status": {"readyReplicas": 2 if unready else 3}}
    return [
        thing("Deployment", "web", **counts),
        thing("ReplicaSet", SET, owner="Deployment/web", **counts),
        *(pod(name, ready=name != unready) for name in PODS),
        thing("Service", "web", spec={"selector": LABELS, "type": "ClusterIP"}),
        thing(
            "EndpointSlice",
            "web-x7x2z",
            owner="Service/web",
            endpoints=endpoints(*PODS, unready=unready),
        ),
    ]

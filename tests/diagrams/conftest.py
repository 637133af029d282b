"""Objects to draw."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def make_pod():
    """A function that makes a pod in some state."""

    def make(name: str = "web-5d9c7b8f6-x7k2p", **options: Any) -> dict[str, Any]:
        template = options.get("template", "5d9c7b8f6")
        ready = options.get("ready", True)
        state = options.get("state", {"running": {}})
        owner = {"kind": "ReplicaSet", "name": f"web-{template}", "uid": "u", "controller": True}
        pod: dict[str, Any] = {
            "metadata": {
                "name": name,
                "namespace": "demo",
                "creationTimestamp": options.get("created", "2026-01-01T12:00:00Z"),
                "labels": {"pod-template-hash": template},
                "ownerReferences": [] if options.get("bare") else [owner],
            },
            "spec": {"containers": [{"name": "hello", "image": "kubelearn/hello:1.0"}]},
            "status": {
                "phase": options.get("phase", "Running"),
                "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
                "containerStatuses": [
                    {"name": "hello", "ready": ready, "restartCount": 2, "state": state}
                ],
            },
        }
        if options.get("node", "worker"):
            pod["spec"]["nodeName"] = options.get("node", "worker")
        if options.get("deleted"):
            pod["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:30Z"
        return pod

    return make


@pytest.fixture
def make_node():
    """A function that makes a node."""

    def make(name: str = "worker", *, ready: str = "True", cordoned: bool = False) -> Any:
        status = {"conditions": [{"type": "Ready", "status": ready}]}
        spec = {"unschedulable": True} if cordoned else {}
        return {"metadata": {"name": name}, "spec": spec, "status": status}

    return make

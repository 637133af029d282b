"""The objects that a simulated cluster is made of."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from kubelearn.objects import SERVICE_NAME, Object, is_ready, owner_reference

CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
REVISION = "deployment.kubernetes.io/revision"
NAMESPACE = "demo"
PORT = 8080
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def _meta(name: str, **more: Any) -> Object:
    return {
        "name": name,
        "creationTimestamp": "2026-01-01T12:00:00Z",
        "generation": 1,
        **more,
    }


def node(name: str, *, control_plane: bool = False) -> Object:
    """A node that is ready."""
    taint = {"key": CONTROL_PLANE, "effect": "NoSchedule"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": _meta(name, labels={CONTROL_PLANE: ""} if control_plane else {}),
        "spec": {"taints": [taint]} if control_plane else {},
        "status": {
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
            "addresses": [{"type": "InternalIP", "address": "192.0.2.1"}],
            "images": [{"names": ["docker.io/kubelearn/hello:1.0"], "sizeBytes": 1}],
        },
    }


def service(name: str) -> Object:
    """A Service on port 80."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _meta(name, namespace=NAMESPACE, uid=f"uid-service-{name}"),
        "spec": {
            "type": "NodePort",
            "clusterIP": "127.65.128.7",
            "ports": [{"port": 80, "targetPort": PORT, "nodePort": 30080}],
            "selector": {"app": name},
        },
        "status": {},
    }


def endpoint_slice(owner: Object, pods: Iterable[Object]) -> Object:
    """The endpoints of a Service: the pods that it selects and that have an address."""
    name = owner["metadata"]["name"]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": _meta(
            name,
            namespace=NAMESPACE,
            uid=f"uid-slice-{name}",
            labels={SERVICE_NAME: name},
            ownerReferences=[owner_reference(owner)],
        ),
        "addressType": "IPv4",
        "endpoints": [_endpoint(pod) for pod in pods],
        "ports": [{"name": "", "port": port["targetPort"]} for port in owner["spec"]["ports"]],
    }


def _endpoint(pod: Object) -> Object:
    leaving = "deletionTimestamp" in pod["metadata"]
    serving = is_ready(pod)
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": serving and not leaving, "serving": serving, "terminating": leaving,
        },
        "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"]},
    }  # fmt: skip


def deployment(name: str, *, replicas: int) -> Object:
    """A Deployment of the course's own web app."""
    ports = [{"name": "http", "containerPort": PORT}]
    container = {"name": "hello", "image": "kubelearn/hello:1.0", "ports": ports}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _meta(name, namespace=NAMESPACE, uid=f"uid-{name}", annotations={}),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        },
        "status": {},
    }


def replica_set(owner: Object, *, revision: int) -> Object:
    """The ReplicaSet for a Deployment's present template."""
    template = copy.deepcopy(owner["spec"]["template"])
    digest = f"5d9c7b8f6{revision}"
    template["metadata"]["labels"]["pod-template-hash"] = digest
    name = f"{owner['metadata']['name']}-{digest}"
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": _meta(
            name,
            namespace=NAMESPACE,
            uid=f"uid-{name}",
            annotations={REVISION: str(revision)},
            ownerReferences=[owner_reference(owner)],
        ),
        "spec": {"replicas": 0, "template": template},
        "status": {},
    }


def pod(owner: Object, *, number: int) -> Object:
    """The next pod of a ReplicaSet; the same number gives the same name."""
    template = owner["spec"]["template"]
    base = len(_LETTERS)
    letters = "".join(_LETTERS[number * 5_309_741 // base**place % base] for place in range(5))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **_meta(f"{owner['metadata']['name']}-{letters}", namespace=NAMESPACE),
            "creationTimestamp": f"2026-01-01T13:{number // 60 % 60:02}:{number % 60:02}Z",
            "uid": f"uid-pod-{number}",
            "labels": template["metadata"]["labels"],
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": copy.deepcopy(template["spec"]),
        "status": {"phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}]},
    }


def container_statuses(owner: Object, *, waiting: str | None) -> list[Object]:
    """A pod's only container: it waits for that reason, or runs."""
    state: Object = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    name = owner["spec"]["containers"][0]["name"]
    status = {"name": name, "ready": False, "restartCount": 0, "state": state}
    return [status if waiting else {**status, "containerID": f"simulated://{_id(owner)}"}]


def _id(owner: Object) -> str:
    return str(owner["metadata"]["uid"])

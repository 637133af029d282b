"""What a click does: one HTTP request, and the kubectl line that would have sent it.

Each function only describes its request; `perform` sends it. Widgets show both lines, so that no
click is magic. The requests are the ones that kubectl itself sends.
"""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kubelearn.clusters.transport import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, send
from kubelearn.errors import KubelearnError
from kubelearn.objects import (
    DEPLOYMENTS,
    NODES,
    PODS,
    Object,
    Resource,
    annotations_of,
    labels_of,
    timestamp,
)

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"
# What `kubectl rollout undo` does not take over from the old ReplicaSet (upstream `rollback.go`).
_NOT_ROLLED_BACK = (
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
)


@dataclass(frozen=True)
class Action:
    """A request, not sent yet."""

    command: str
    method: str
    path: str
    body: Any = None
    content_type: str = MERGE_PATCH
    query: Mapping[str, Any] | None = None
    accept: str = "application/json"


def delete_pod(namespace: str, name: str) -> Action:
    """Delete a pod, gracefully."""
    return Action(_line("delete", "pod", name, namespace), "DELETE", PODS.path(namespace, name))


def delete(resource: Resource, namespace: str, name: str) -> Action:
    """Delete an object of any kind, and after it what it owns, as kubectl does by itself."""
    return Action(
        line(resource, "delete", resource.kind.lower(), name, namespace=namespace),
        "DELETE",
        resource.path(namespace, name),
        {"propagationPolicy": "Background"},
        "application/json",
    )


def cordon(node: str, *, on: bool) -> Action:
    """Keep new pods off a node, or let them come again."""
    return Action(
        f"kubectl {'cordon' if on else 'uncordon'} {node}",
        "PATCH",
        NODES.path(name=node),
        {"spec": {"unschedulable": True if on else None}},
        STRATEGIC_PATCH,
    )


def scale(namespace: str, name: str, replicas: int, *, resource: Resource = DEPLOYMENTS) -> Action:
    """Set how many pods a Deployment, or something else that has a scale, shall have."""
    return Action(
        _line("scale", f"{resource.kind.lower()}/{name}", f"--replicas={replicas}", namespace),
        "PATCH",
        resource.path(namespace, name, "scale"),
        {"spec": {"replicas": replicas}},
    )


def set_image(namespace: str, name: str, *, container: str, image: str) -> Action:
    """Give a Deployment's container another image, which starts a rollout."""
    return Action(
        _line("set", "image", f"deployment/{name}", f"{container}={image}", namespace),
        "PATCH",
        DEPLOYMENTS.path(namespace, name),
        {"spec": {"template": {"spec": {"containers": [{"name": container, "image": image}]}}}},
        STRATEGIC_PATCH,
    )


def patch_spec(resource: Resource, namespace: str, name: str, spec: Mapping[str, Any]) -> Action:
    """Change a part of an object's spec; None removes a key, and parts of lists are known by name
    (of a Service's ports by number)."""
    body = {"spec": spec}
    words = json.dumps(body, separators=(",", ":"))
    return Action(
        _line("patch", resource.kind.lower(), name, "-p", words, namespace),
        "PATCH",
        resource.path(namespace, name),
        body,
        STRATEGIC_PATCH,
    )


def restart(
    namespace: str, name: str, *, moment: datetime, resource: Resource = DEPLOYMENTS
) -> Action:
    """Replace all pods of a Deployment, or another workload, as `kubectl rollout restart` does."""
    annotations = {"kubectl.kubernetes.io/restartedAt": timestamp(moment)}
    return Action(
        _line("rollout", "restart", f"{resource.kind.lower()}/{name}", namespace),
        "PATCH",
        resource.path(namespace, name),
        {"spec": {"template": {"metadata": {"annotations": annotations}}}},
        STRATEGIC_PATCH,
    )


def undo(deployment: Mapping[str, Any], replica_sets: Iterable[Mapping[str, Any]]) -> Action | None:
    """Go back to the revision before, as `kubectl rollout undo` does; None if there is none.

    The server knows no rollback: the client copies the old ReplicaSet's template.
    """
    ordered = sorted(replica_sets, key=revision)
    if len(ordered) < 2:
        return None
    meta, old = deployment["metadata"], ordered[-2]
    template = json.loads(json.dumps(old["spec"]["template"]))
    labels_of(template).pop(_HASH, None)
    current, former = meta.get("annotations") or {}, annotations_of(old)
    annotations = {k: v for k, v in current.items() if k in _NOT_ROLLED_BACK}
    annotations |= {k: v for k, v in former.items() if k not in _NOT_ROLLED_BACK}
    return Action(
        _line("rollout", "undo", f"deployment/{meta['name']}", meta["namespace"]),
        "PATCH",
        DEPLOYMENTS.path(meta["namespace"], meta["name"]),
        [
            {"op": "replace", "path": "/spec/template", "value": template},
            {"op": "replace", "path": "/metadata/annotations", "value": annotations},
        ],
        JSON_PATCH,
    )


def revision(replica_set: Mapping[str, Any]) -> int:
    """Which revision of its Deployment a ReplicaSet stands for."""
    return int(annotations_of(replica_set).get(REVISION) or 0)


def perform(api: ApiClient, action: Action) -> Object:
    """Send the request; the trace entry to show: what was sent and what came back."""
    return ask(api, action)[0]


def ask(api: ApiClient, action: Action) -> tuple[Object, Any]:
    """Send the request; the trace entry, and the answer's body where it was no failure."""
    started = time.perf_counter()
    entry: Object = {"command": action.command, "request": f"{action.method} {action.path}"}
    entry["body"] = _short(action.body)
    try:
        answer = send(
            api,
            action.method,
            action.path,
            body=action.body,
            query=action.query,
            content_type=action.content_type,
            accept=action.accept,
        )
    except KubelearnError as error:
        return {**entry, "code": 0, "message": error.message}, None
    failed = answer.code >= 400
    body = answer.body if isinstance(answer.body, dict) else {"message": str(answer.body)}
    told = {
        "request": answer.request,
        "code": answer.code,
        "message": str(body.get("message") or "") if failed else "",
        "ms": round((time.perf_counter() - started) * 1000, 1),
    }
    return {**entry, **told}, None if failed else answer.body


def beside_api(command: str, do: Callable[[], None]) -> Object:
    """Do something to a machine or a component, which no API request could; the trace entry."""
    request = "no API request: this is done to the machine, not asked of Kubernetes"
    entry: Object = {"command": command, "request": request, "body": "", "message": ""}
    try:
        do()
    except KubelearnError as error:
        return {**entry, "code": 0, "message": str(error)}
    return {**entry, "code": None}


def line(resource: Resource, *words: str, namespace: str) -> str:
    """A kubectl line; only kinds that have namespaces take one."""
    where = ["-n", namespace] if resource.namespaced and namespace else []
    return shlex.join(["kubectl", *words, *where])


def _line(*words: str) -> str:
    *command, namespace = words
    return shlex.join(["kubectl", *command, "-n", namespace])


def _short(body: Any) -> str:
    text = "" if body is None else json.dumps(body, separators=(",", ":"))
    return text if len(text) <= 160 else f"{text[:159]}…"

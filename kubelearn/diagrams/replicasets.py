"""A Deployment and its ReplicaSets: one line for each version, one mark for each pod."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.clustermap import Row, image_tag
from kubelearn.diagrams.looks import badge
from kubelearn.diagrams.phases import PHASES
from kubelearn.objects import condition

_REVISION = "deployment.kubernetes.io/revision"
# Of pods that a rollout may add, and of those that it may do without (upstream `defaults.go`).
_DEFAULT_LIMIT = "25%"
_WIDTH = 760
_LINE = 34

# Okabe and Ito's colours, in an order that sets two versions in a row well apart.
VERSION_COLOURS = ("#0072B2", "#E69F00", "#CC79A7", "#009E73", "#56B4E9", "#D55E00")


def deployment_row(deployment: Mapping[str, Any]) -> Row:
    """What is shown of a Deployment."""
    spec, status = deployment["spec"], deployment.get("status") or {}
    container = spec["template"]["spec"]["containers"][0]
    strategy = spec.get("strategy") or {}
    limits = strategy.get("rollingUpdate") or {}
    return {
        "rolling": strategy.get("type", "RollingUpdate") == "RollingUpdate",
        "surge": str(limits.get("maxSurge", _DEFAULT_LIMIT)),
        "unavailable": str(limits.get("maxUnavailable", _DEFAULT_LIMIT)),
        "probed": "readinessProbe" in container,
        "port": next((port["containerPort"] for port in container.get("ports") or ()), None),
        "replicas": spec.get("replicas", 1),
        "ready": status.get("readyReplicas") or 0,
        "updated": status.get("updatedReplicas") or 0,
        "container": container["name"],
        "image": container.get("image") or "",
        "rollout": rollout_line(deployment),
    }


def replica_set_row(replica_set: Mapping[str, Any]) -> Row:
    """What is shown of a ReplicaSet."""
    meta, spec = replica_set["metadata"], replica_set["spec"]
    image = spec["template"]["spec"]["containers"][0].get("image") or ""
    return {
        "name": meta["name"],
        "revision": int((meta.get("annotations") or {}).get(_REVISION) or 0),
        "image": image,
        "tag": image_tag(image),
        "desired": spec.get("replicas", 1),
        "ready": (replica_set.get("status") or {}).get("readyReplicas") or 0,
        "created": meta.get("creationTimestamp") or "",
    }


def rollout_line(deployment: Mapping[str, Any]) -> str:
    """What `kubectl rollout status` says (upstream kubectl `pkg/polymorphichelpers`)."""
    meta, spec = deployment["metadata"], deployment["spec"]
    status = deployment.get("status") or {}
    if int(meta.get("generation") or 0) > int(status.get("observedGeneration") or 0):
        return "Waiting for deployment spec update to be observed..."
    progress = condition(deployment, "Progressing") or {}
    if progress.get("reason") == "ProgressDeadlineExceeded":
        return f'deployment "{meta["name"]}" exceeded its progress deadline'
    waiting = f'Waiting for deployment "{meta["name"]}" rollout to finish: '
    updated = int(status.get("updatedReplicas") or 0)
    available = int(status.get("availableReplicas") or 0)
    wanted = int(spec.get("replicas", 1))
    if updated < wanted:
        return f"{waiting}{updated} out of {wanted} new replicas have been updated..."
    old = int(status.get("replicas") or 0) - updated
    if old > 0:
        return f"{waiting}{old} old replicas are pending termination..."
    if available < updated:
        return f"{waiting}{available} of {updated} updated replicas are available..."
    return f'deployment "{meta["name"]}" successfully rolled out'


def draw(
    name: str, deployment: Row | None, sets: Iterable[Row], pods: Iterable[Row], *, notice: str = ""
) -> str:
    """The Deployment, its ReplicaSets and their pods as SVG."""
    title = f"Deployment {name}"
    lines = _lines(sets)
    words = notice or summary(deployment)
    parts = [
        svg.text(title, x=20, y=30, size=15, weight="600"),
        svg.text(words, x=20, y=49, size=12, fill=svg.ALARM if notice else svg.MUTED),
    ]
    marks = sorted(pods, key=lambda row: (row["created"], row["name"]))
    for i, line in enumerate(lines):
        mine = [row for row in marks if row["owner"] == f"ReplicaSet/{line['name']}"]
        parts.append(_set_line(line, mine, y=66 + i * _LINE, colour=line["colour"]))
    return svg.document(
        *parts, width=_WIDTH, height=76 + len(lines) * _LINE, label=f"{title}; {words}"
    )


def summary(deployment: Row | None) -> str:
    """`3 of 3 ready`."""
    if deployment is None:
        return "no such Deployment"
    return f"{deployment['ready']} of {deployment['replicas']} ready"


def _lines(sets: Iterable[Row]) -> list[Row]:
    """The ReplicaSets with their colours, newest revision first; a set keeps its colour."""
    by_age = sorted(sets, key=lambda row: (row["created"], row["name"]))
    count = len(VERSION_COLOURS)
    coloured = [{**row, "colour": VERSION_COLOURS[i % count]} for i, row in enumerate(by_age)]
    return sorted(coloured, key=lambda row: -int(row["revision"]))


def _set_line(line: Row, pods: list[Row], *, y: float, colour: str) -> str:
    state = f"{line['ready']} of {line['desired']} ready"
    return (
        svg.element("rect", x=20, y=y + 4, width=6, height=_LINE - 10, rx=3, fill=colour)
        + svg.text(
            svg.shorten(line["tag"] or line["image"], width=80), x=36, y=y + 21, weight="600"
        )
        + svg.text(f"revision {line['revision']}", x=120, y=y + 21, fill=svg.MUTED)
        + "".join(
            badge(PHASES[pod["phase"]], x=210 + i * 23, y=y + 8) for i, pod in enumerate(pods[:18])
        )
        + svg.text(state, x=_WIDTH - 20, y=y + 21, fill=svg.MUTED, anchor="end")
    )

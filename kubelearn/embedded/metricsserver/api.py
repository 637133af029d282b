"""The objects of `metrics.k8s.io`: NodeMetrics and PodMetrics, in lists and in tables.

Stands for kubernetes-sigs/metrics-server `pkg/api`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from kubelearn.embedded.metricsserver.storage import Usage
from kubelearn.embedded.resourcelists import add
from kubelearn.objects import Object, timestamp

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
API_VERSION = f"{GROUP}/{VERSION}"


def node_metrics(node: Object, usage: Usage, *, now: datetime) -> Object:
    """What a node uses."""
    return {**_head("NodeMetrics", node, [usage], now=now), "usage": usage.quantities()}


def pod_metrics(pod: Object, used: Mapping[str, Usage], *, now: datetime) -> Object:
    """What the containers of a pod use."""
    containers = [{"name": name, "usage": used[name].quantities()} for name in sorted(used)]
    return {**_head("PodMetrics", pod, used.values(), now=now), "containers": containers}


def _head(kind: str, about: Object, used: Iterable[Usage], *, now: datetime) -> Object:
    meta = about["metadata"]
    kept = {name: meta[name] for name in ("name", "namespace", "labels") if name in meta}
    oldest = min(used, key=lambda usage: usage.moment)
    return {
        "kind": kind,
        "apiVersion": API_VERSION,
        "metadata": {**kept, "creationTimestamp": timestamp(now)},
        "timestamp": timestamp(datetime.fromtimestamp(oldest.moment, UTC)),
        "window": duration(oldest.window),
    }


def duration(seconds: float) -> str:
    """As Go writes it: `15.032s`, `1m0.5s`."""
    minutes, rest = divmod(round(seconds, 3), 60)
    text = f"{round(rest, 3):g}s"
    return f"{minutes:.0f}m{text}" if minutes else text


def listed(kind: str, items: Sequence[Object]) -> Object:
    """A list, whose items do not say their kind."""
    bare = [{k: v for k, v in each.items() if k not in ("kind", "apiVersion")} for each in items]
    return {"kind": f"{kind}List", "apiVersion": API_VERSION, "metadata": {}, "items": bare}


def table(items: Sequence[Object], *, group_version: str) -> Object:
    """The rows that `kubectl get podmetrics` prints; no rows, no columns."""
    columns: list[Object] = []
    rows = []
    for item in items:
        total: Mapping[str, str] = item.get("usage") or {}
        for container in item.get("containers") or []:
            total = add(total, container["usage"])
        columns = columns or _columns(sorted(total))
        names = [column["name"] for column in columns[1:-1]]
        shown = {"kind": "PartialObjectMetadata", "apiVersion": group_version}
        rows.append(
            {
                "cells": [
                    item["metadata"]["name"],
                    *(total.get(name, "0") for name in names),
                    item["window"],
                ],
                "object": {**shown, "metadata": item["metadata"]},
            }
        )
    head: Object = {"kind": "Table", "apiVersion": group_version, "metadata": {}}
    return {**head, "columnDefinitions": columns, "rows": rows}


def _columns(resources: Iterable[str]) -> list[Object]:
    wanted = [("Name", "name"), *((name, "quantity") for name in resources), ("Window", "duration")]
    return [
        {"name": name, "type": "string", "format": form, "description": "", "priority": 0}
        for name, form in wanted
    ]


def resource_list() -> Object:
    """What discovery says of this group's one version."""
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": API_VERSION,
        "resources": [
            {
                "name": plural,
                "singularName": "",
                "namespaced": namespaced,
                "kind": kind,
                "verbs": ["get", "list"],
            }
            for plural, namespaced, kind in (
                ("nodes", False, "NodeMetrics"),
                ("pods", True, "PodMetrics"),
            )
        ],
    }


def group() -> Object:
    """What discovery says of this group."""
    version = {"groupVersion": API_VERSION, "version": VERSION}
    return {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": GROUP,
        "versions": [version],
        "preferredVersion": version,
    }

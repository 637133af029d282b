"""The map of a cluster: nodes as boxes, their pods in them, and those that wait for a node.

`pod_row` and `node_row` cut objects down to what the picture shows: the live widget sends the same
rows to its view. `draw` is the picture that stays when there is no live one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.looks import badge
from kubelearn.diagrams.phases import PHASES, phase, status_word, summary
from kubelearn.objects import condition, controller_of, labels_of

Row = dict[str, Any]

# Above this the picture shows counts: it is stored in notebooks, and nobody reads 200 names.
AGGREGATE_ABOVE = 200
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"

_WIDTH = 760
_GAP = 14
_TILE_HEIGHT = 40
_TILE_GAP = 8
_HEADER = 50
_COLUMNS = 3


def pod_row(pod: Mapping[str, Any]) -> Row:
    """What the map shows of a pod."""
    meta, spec, status = pod["metadata"], pod.get("spec") or {}, pod.get("status") or {}
    owner = controller_of(pod)
    head, tail = _name_parts(pod, owner)
    containers = spec.get("containers") or [{}]
    statuses = status.get("containerStatuses") or []
    return {
        "name": meta["name"],
        "namespace": meta.get("namespace", ""),
        "node": spec.get("nodeName") or "",
        "phase": phase(pod),
        "word": status_word(pod),
        "head": head,
        "tail": tail,
        "image": containers[0].get("image") or "",
        "tag": image_tag(containers[0].get("image") or ""),
        "ip": status.get("podIP") or "",
        "ready": f"{sum(bool(c.get('ready')) for c in statuses)}/{len(containers)}",
        "restarts": sum(int(c.get("restartCount") or 0) for c in statuses),
        "owner": f"{owner['kind']}/{owner['name']}" if owner else "",
        "created": meta.get("creationTimestamp") or "",
    }


def node_row(node: Mapping[str, Any]) -> Row:
    """What the map shows of a node."""
    meta, spec, status = node["metadata"], node.get("spec") or {}, node.get("status") or {}
    ready = condition(node, "Ready") or {"status": "Unknown", "reason": ""}
    addresses = {item["type"]: item["address"] for item in status.get("addresses") or []}
    taints = [t["key"] for t in spec.get("taints") or [] if t.get("effect") == "NoSchedule"]
    return {
        "name": meta["name"],
        "role": "control plane" if CONTROL_PLANE in labels_of(node) else "worker",
        "ready": ready["status"],
        "reason": ready.get("reason") or "",
        "cordoned": bool(spec.get("unschedulable")),
        "reserved": CONTROL_PLANE in taints,
        "ip": addresses.get("InternalIP", ""),
        "version": (status.get("nodeInfo") or {}).get("kubeletVersion", ""),
    }


def image_tag(image: str) -> str:
    """The tag of an image reference, which mostly tells an app's versions apart."""
    name, _, digest = image.partition("@")
    _, colon, tag = name.rpartition("/")[2].partition(":")
    return tag if colon else digest[:15]


def natural(name: str) -> tuple[Any, ...]:
    """A sorting key that puts worker2 before worker10."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in _parts(name))


def draw(
    nodes: Iterable[Row], pods: Iterable[Row], *, title: str = "Cluster", notice: str = ""
) -> str:
    """The map as SVG. Sorted by itself, so that equal rows give equal bytes."""
    node_list = sorted(nodes, key=lambda row: (row["role"] == "worker", natural(row["name"])))
    pod_list = sorted(pods, key=lambda row: (row["created"], row["namespace"], row["name"]))
    known = {row["name"] for row in node_list}
    waiting = [row for row in pod_list if row["node"] not in known]
    crowded = len(pod_list) > AGGREGATE_ABOVE
    words = summary(row["phase"] for row in pod_list)

    parts = svg.heading(title, notice or words, width=_WIDTH, alarm=bool(notice))
    top = 64.0
    if not node_list:
        parts.append(svg.text("no nodes yet", x=20, y=top + 14, fill=svg.MUTED))
        top += 30
    if waiting:
        lane, height = _lane(waiting, top=top, crowded=crowded)
        parts.append(lane)
        top += height + _GAP
    columns = min(max(len(node_list), 1), _COLUMNS)
    width = (_WIDTH - 2 * 20 - (columns - 1) * _GAP) / columns
    for start in range(0, len(node_list), columns):
        line = node_list[start : start + columns]
        homes = [[row for row in pod_list if row["node"] == node["name"]] for node in line]
        height = max(_node_height(home, width=width, crowded=crowded) for home in homes)
        for column, (node, home) in enumerate(zip(line, homes, strict=True)):
            x = 20 + column * (width + _GAP)
            parts.append(_node_box(node, x=x, y=top, width=width, height=height))
            parts.append(_pods(home, x=x, y=top + _HEADER, width=width, crowded=crowded))
        top += height + _GAP
    return svg.document(*parts, width=_WIDTH, height=top + 6, label=f"{title}; {notice or words}")


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"(\d+)", name) if part]


def _name_parts(pod: Mapping[str, Any], owner: Mapping[str, Any] | None) -> tuple[str, str]:
    """A pod's name as what it belongs to and what tells it from its siblings."""
    name = str(pod["metadata"]["name"])
    if not owner or not name.startswith(f"{owner['name']}-"):
        return name, ""
    head, tail = str(owner["name"]), name[len(owner["name"]) + 1 :]
    template = labels_of(pod).get("pod-template-hash")
    return (head.removesuffix(f"-{template}") if template else head), tail


def _lane(waiting: list[Row], *, top: float, crowded: bool) -> tuple[str, float]:
    width = _WIDTH - 40.0
    height = _pods_height(waiting, width=width, crowded=crowded) + 34
    frame = svg.box(
        x=20, y=top, width=width, height=height, fill=svg.PAPER, stroke="#E69F00", dashed=True
    )
    label = svg.text("Waiting for a node", x=34, y=top + 22, size=12, weight="600")
    return (frame + label + _pods(waiting, x=20, y=top + 32, width=width, crowded=crowded)), height


def _node_height(pods: list[Row], *, width: float, crowded: bool) -> float:
    return _HEADER + max(_pods_height(pods, width=width, crowded=crowded), 30) + 4


def _node_box(node: Row, *, x: float, y: float, width: float, height: float) -> str:
    marks = node_marks(node)
    alarm = node["ready"] != "True"
    frame = svg.box(
        x=x,
        y=y,
        width=width,
        height=height,
        fill=svg.SHADE,
        stroke=svg.ALARM if alarm else svg.LINE,
    )
    name = svg.text(
        svg.shorten(node["name"], width=width - 28, size=13),
        x=x + 14,
        y=y + 23,
        size=13,
        weight="600",
    )
    words = " · ".join([node["role"], *marks])
    return (
        frame
        + name
        + svg.text(
            svg.shorten(words, width=width - 28, size=11),
            x=x + 14,
            y=y + 39,
            size=11,
            fill=svg.ALARM if marks else svg.MUTED,
        )
    )


def node_marks(node: Row) -> list[str]:
    """What is out of the ordinary with a node."""
    marks = []
    if node.get("stopped"):
        marks.append("stopped")
    if node["ready"] != "True":
        marks.append("NotReady")
    if node["cordoned"]:
        marks.append("cordoned")
    return marks


def _tile_columns(width: float) -> int:
    return max(int((width - 20 + _TILE_GAP) / 150), 1)


def _pods_height(pods: list[Row], *, width: float, crowded: bool) -> float:
    if crowded:
        return 18.0 * max(len({row["phase"] for row in pods}), 1) + 12
    lines = -(-len(pods) // _tile_columns(width))
    return lines * (_TILE_HEIGHT + _TILE_GAP) + 4


def _pods(pods: list[Row], *, x: float, y: float, width: float, crowded: bool) -> str:
    if crowded:
        return _counts(pods, x=x, y=y)
    columns = _tile_columns(width)
    tile = (width - 20 - (columns - 1) * _TILE_GAP) / columns
    return "".join(
        _tile(
            pod,
            x=x + 10 + (i % columns) * (tile + _TILE_GAP),
            y=y + (i // columns) * (_TILE_HEIGHT + _TILE_GAP),
            width=tile,
        )
        for i, pod in enumerate(pods)
    )


def _tile(pod: Row, *, x: float, y: float, width: float) -> str:
    look = PHASES[pod["phase"]]
    more = pod["word"] if pod["phase"] == "Failed" else pod["tag"]
    below = " · ".join(part for part in (pod["tail"], more) if part) or pod["namespace"]
    return (
        svg.box(x=x, y=y, width=width, height=_TILE_HEIGHT, stroke=look.edge, radius=7)
        + badge(PHASES[pod["phase"]], x=x + 9, y=y + 11)
        + svg.text(
            svg.shorten(pod["head"], width=width - 44), x=x + 35, y=y + 17, size=12, weight="600"
        )
        + svg.text(
            svg.shorten(below, width=width - 44, size=10.5),
            x=x + 35,
            y=y + 31,
            size=10.5,
            fill=svg.MUTED,
        )
    )


def _counts(pods: list[Row], *, x: float, y: float) -> str:
    counts = Counter(row["phase"] for row in pods)
    present = [key for key in PHASES if counts[key]]
    return "".join(
        badge(PHASES[key], x=x + 14, y=y + i * 18, size=14)
        + svg.text(f"{counts[key]} {PHASES[key].label}", x=x + 36, y=y + 11 + i * 18, size=12)
        for i, key in enumerate(present)
    )

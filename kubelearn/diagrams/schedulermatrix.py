"""Why a pod is where it is: nodes beside the plugins that refused them and the points they got.

Plugins are upstream's (`pkg/scheduler/apis/config/v1/default_plugins.go`). A node is refused by
the first plugin that objects, and what others think of it is not told: their cells stay empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kubelearn.diagrams import svg
from kubelearn.diagrams.nodeload import Row

if TYPE_CHECKING:
    from kubelearn.clusters.internals import Decision

PLUGINS = {
    "NodeUnschedulable": "is the node cordoned?",
    "NodeName": "is it the node that the pod names?",
    "TaintToleration": "does the pod tolerate the node's taints?",
    "NodeAffinity": "do the node's labels match the pod's selector and affinity?",
    "NodePorts": "are the host's ports free?",
    "NodeResourcesFit": "is there room for its requests?",
    "VolumeRestrictions": "may its volumes be used there?",
    "NodeVolumeLimits": "can the node attach more volumes?",
    "VolumeBinding": "are its volumes to be had there?",
    "VolumeZone": "are its volumes in the node's zone?",
    "DynamicResources": "are its devices to be had there?",
    "PodTopologySpread": "are its pods spread evenly?",
    "InterPodAffinity": "does it want to be near other pods, or far from them?",
    "NodeResourcesBalancedAllocation": "would CPU and memory be used alike?",
    "ImageLocality": "are its images there already?",
}
# By its words: the message names no plugins. Upstream's `pkg/scheduler/framework/plugins`.
_WORDS = {
    "Insufficient ": "NodeResourcesFit",
    "Too many pods": "NodeResourcesFit",
    "node(s) were unschedulable": "NodeUnschedulable",
    "node(s) had untolerated taint": "TaintToleration",
    "node(s) didn't match Pod's node affinity/selector": "NodeAffinity",
    "node(s) didn't match the requested node name": "NodeName",
    "node(s) didn't have free ports": "NodePorts",
    "node(s) didn't match pod topology spread": "PodTopologySpread",
    "node(s) didn't match pod affinity": "InterPodAffinity",
    "node(s) didn't match pod anti-affinity": "InterPodAffinity",
    "node(s) didn't satisfy existing pods anti-affinity": "InterPodAffinity",
    "node(s) had no available volume zone": "VolumeZone",
    "node(s) didn't find available persistent volumes": "VolumeBinding",
}
_MESSAGE = re.compile(r"(?P<free>\d+)/(?P<all>\d+) nodes are available: (?P<reasons>.*?)\.(?: |$)")

_WIDTH = 760
_LINE = 26
_FIRST = 190
MOST = 8
"""So many nodes are shown side by side."""


def matrix(decision: Decision) -> Row:
    """A decision as rows of plugins with a cell for each node."""
    refusing = {each.plugin for each in decision.rejections.values()}
    scoring = {plugin for points in decision.scores.values() for plugin in points}
    left = set(decision.scores) | ({decision.node} if decision.node else set())
    return {
        "filters": [
            {"plugin": plugin, "cells": _filter_cells(plugin, decision, left)}
            for plugin in _in_order(refusing)
        ],
        "scores": [
            {"plugin": plugin, "cells": {n: p.get(plugin, 0) for n, p in decision.scores.items()}}
            for plugin in _in_order(scoring)
        ],
        "sums": {node: sum(points.values()) for node, points in decision.scores.items()},
        "left": sorted(left),
        "node": decision.node,
        "message": decision.message,
    }


def _filter_cells(plugin: str, decision: Decision, left: Iterable[str]) -> dict[str, list[str]]:
    """The reasons for which it refused each node; none for a node that it let through."""
    refused = {n: list(r.reasons) for n, r in decision.rejections.items() if r.plugin == plugin}
    return refused | {node: [] for node in left}


def _in_order(plugins: Iterable[str]) -> list[str]:
    known = list(PLUGINS)
    return sorted(plugins, key=lambda each: (known.index(each) if each in known else 99, each))


def counted(message: str) -> list[Row]:
    """What `FailedScheduling` says: how many nodes were refused, why, and by which plugin."""
    found = _MESSAGE.search(message)
    if not found:
        return []
    rows = []
    for part in re.split(r", (?=\d+ )", found["reasons"]):
        count, _, reason = part.partition(" ")
        if count.isdigit():
            plugin = next((p for words, p in _WORDS.items() if reason.startswith(words)), "")
            rows.append({"count": int(count), "reason": reason, "plugin": plugin})
    return rows


def verdict(shown: Row | None, *, choice: str | None, node: str, waits: str = "") -> str:
    """What the learner's choice was worth; `node` is where the pod is, or nothing.

    `waits` is what the pod's own status says of why it has no node: not every cluster tells more.
    """
    if choice is None:
        return "Choose a node first: where would you put it?"
    yours = choice or "nowhere"
    if not node:
        if not (waits or (shown and shown["message"])):
            return f"You chose {yours}. The scheduler has not decided yet."
        agreed = "and so does the scheduler" if not choice else "the scheduler found no node"
        return f"You chose {yours}, {agreed}."
    if choice == node:
        return f"You chose {yours}, and so did the scheduler."
    text = f"You chose {yours}; the scheduler chose {node}."
    sums = (shown or {}).get("sums") or {}
    if choice in sums and sums[choice] == sums[node]:
        return f"{text} Both have {sums[node]} points: among equals it chooses at random."
    if choice in sums:
        return f"{text} It has {sums[node]} points, yours {sums[choice]}."
    return text


# --- on paper -------------------------------------------------------------------------------


def draw(title: str, nodes: Sequence[Row], shown: Row | None, *, words: str) -> str:
    """The nodes, and once the learner has chosen what the plugins said of them, as SVG."""
    listed = list(nodes)[:MOST]
    width = (_WIDTH - _FIRST - 20) / max(len(listed), 1)
    rows = _lines(listed, shown)
    parts = svg.heading(title, words, width=_WIDTH)
    for i, (label, cells, weight) in enumerate(rows):
        y = 80 + i * _LINE
        parts.append(svg.text(label, x=20, y=y, weight=weight, fill=svg.INK))
        for j, cell in enumerate(cells):
            fill = svg.ALARM if cell.startswith("✕") else svg.INK
            cut = svg.shorten(cell, width=width - 10)
            parts.append(svg.text(cut, x=_FIRST + j * width, y=y, fill=fill, weight=weight))
    height = 76 + len(rows) * _LINE
    return svg.document(*parts, width=_WIDTH, height=height, label=f"{title} {words}")


def _lines(nodes: Sequence[Row], shown: Row | None) -> list[tuple[str, list[str], str]]:
    names = [row["name"] for row in nodes]
    lines = [
        ("", names, "600"),
        ("taints", [", ".join(row["taints"]) or "none" for row in nodes], ""),
        ("cordoned", ["yes" if row["cordoned"] else "no" for row in nodes], ""),
    ]
    if shown is None:
        return lines
    for row in shown["filters"]:
        lines.append((row["plugin"], [_filter_words(row["cells"].get(n)) for n in names], ""))
    for row in shown["scores"]:
        lines.append((row["plugin"], [str(row["cells"].get(n, "")) for n in names], ""))
    sums: Mapping[str, int] = shown["sums"]
    if sums:
        lines.append(("sum", [str(sums.get(n, "")) for n in names], "600"))
    lines.append(("chosen", ["here" if n == shown["node"] else "" for n in names], "600"))
    return lines


def _filter_words(reasons: Sequence[str] | None) -> str:
    if reasons is None:
        return ""
    return f"✕ {', '.join(reasons)}" if reasons else "✓"

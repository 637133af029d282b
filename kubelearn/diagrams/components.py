"""The components of a cluster: what each is for, and whether it runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.looks import Look, badge

if TYPE_CHECKING:
    from kubelearn.clusters.internals import ComponentState

Row = dict[str, Any]

STATES: dict[str, Look] = {
    "running": Look("running", "does its work", "#009E73", "#006B4E", "M3.5 8.5l3 3 6-7"),
    "stopped": Look("stopped", "was switched off", "#D55E00", "#9A4400", "M4.5 4.5h7v7h-7z"),
    "other": Look(
        "not running", "starts, or crashed", "#E69F00", "#8F6200", "M8 3.5v5.5M8 12.5h.01"
    ),
}

# What each is for, and what is missing without it.
PURPOSES: dict[str, tuple[str, str]] = {
    "etcd": (
        "keeps every object",
        "nothing can be read or written; what runs goes on running",
    ),
    "kube-apiserver": (
        "the only door to etcd, for all others too",
        "nobody hears of anything; what runs goes on running",
    ),
    "kube-controller-manager": (
        "makes ReplicaSets, pods and EndpointSlices; heals",
        "a Deployment gets no pods, and lost pods are not replaced",
    ),
    "kube-scheduler": ("chooses a node for each new pod", "new pods stay Pending"),
    "kubelet": (
        "starts the containers of its node, and tells how they are",
        "no container starts there; after a while the node is NotReady",
    ),
    "kube-proxy": (
        "leads Services' addresses to pods",
        "Services keep leading where they led; changes are not seen",
    ),
    "coredns": ("knows the names of Services", "names of Services mean nothing"),
    "metrics-server": ("tells what is used now", "kubectl top fails, autoscalers wait"),
    "local-path-provisioner": ("makes volumes for claims", "new claims stay Pending"),
}
_ORDER = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_WIDTH = 760
_LINE = 36


def component_row(component: ComponentState) -> Row:
    """What is shown of a component."""
    program = component.name.partition("@")[0]
    purpose, without = PURPOSES.get(program, ("", ""))
    return {
        "name": component.name,
        "program": program,
        "node": component.node,
        "state": component.state,
        "look": component.state if component.state in STATES else "other",
        "restarts": component.restarts,
        "purpose": purpose,
        "without": without,
        "rank": _ORDER.index(program) if program in _ORDER else len(_ORDER),
    }


def summary(rows: Iterable[Row]) -> str:
    """`9 components run, stopped: kube-scheduler`."""
    listed = list(rows)
    off = sorted(row["name"] for row in listed if row["state"] != "running")
    words = f"{len(listed) - len(off)} components run"
    return f"{words}, stopped: {', '.join(off)}" if off else words


def draw(rows: Iterable[Row], *, title: str, notice: str = "") -> str:
    """All components as SVG, the control plane first."""
    listed = sorted(rows, key=lambda row: (row["rank"], row["program"], row["name"]))
    words = notice or summary(listed)
    parts = svg.heading(title, words, width=_WIDTH, alarm=bool(notice))
    for i, row in enumerate(listed):
        y = 68 + i * _LINE
        told = row["purpose"] if row["state"] == "running" else f"without it: {row['without']}"
        parts += [
            badge(STATES[row["look"]], x=20, y=y),
            svg.text(row["name"], x=48, y=y + 13, weight="600"),
            svg.text(svg.shorten(told, width=390), x=330, y=y + 13, fill=svg.MUTED),
        ]
    height = 76 + len(listed) * _LINE
    return svg.document(*parts, width=_WIDTH, height=height, label=f"{title}; {words}")

"""The way of a connection from a Service's address to a pod, as a node's rules have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kubelearn.diagrams import svg

if TYPE_CHECKING:
    from kubelearn.clusters.internals import Entry, ServicePath

Row = dict[str, Any]

_WIDTH = 760
_LINE = 30
_BAR = 120


def entry_row(entry: Entry, pods: Mapping[str, str]) -> Row:
    """What is shown of one address of a Service; `pods` are names by their addresses."""
    return {
        "address": entry.address,
        "kind": entry.kind,
        "protocol": entry.protocol,
        "port": entry.port,
        "affinity": entry.affinity_seconds,
        "targets": [
            {
                "address": each.address,
                "chance": round(each.chance, 4),
                "rule": each.rule,
                "pod": pods.get(each.address.rpartition(":")[0].strip("[]"), ""),
            }
            for each in entry.targets
        ],
    }


def path_row(path: ServicePath) -> Row:
    """What is shown of the whole."""
    return {"node": path.node, "mode": path.mode, "rules": path.rules}


def summary(entries: Iterable[Row]) -> str:
    """`10.96.0.7:80 leads to 3 endpoints`."""
    words = [f"{row['address']} leads to {_count(len(row['targets']))}" for row in entries]
    return ", ".join(words) or "no address leads anywhere"


def _count(endpoints: int) -> str:
    return "1 endpoint" if endpoints == 1 else f"{endpoints or 'no'} endpoints"


def draw(entries: Iterable[Row], *, title: str, notice: str = "") -> str:
    """Each address with the endpoints that it leads to, and how likely, as SVG."""
    rows = sorted(entries, key=lambda row: (row["kind"] != "ClusterIP", row["address"]))
    words = notice or summary(rows)
    parts = svg.heading(title, words, width=_WIDTH, alarm=bool(notice))
    y = 70.0
    for row in rows:
        height = max(len(row["targets"]), 1) * _LINE
        parts.append(_entry(row, y=y, height=height))
        parts += [
            _target(each, y=y + i * _LINE, middle=y + height / 2)
            for i, each in enumerate(row["targets"])
        ]
        y += height + 16
    return svg.document(*parts, width=_WIDTH, height=y, label=f"{title}; {words}")


def _entry(row: Row, *, y: float, height: float) -> str:
    middle = y + height / 2
    box = svg.box(x=20, y=middle - 20, width=210, height=40, fill=svg.SHADE)
    name = svg.text(svg.shorten(row["address"], width=190), x=34, y=middle - 3, weight="600")
    kind = " ".join(part for part in (row["kind"], row["protocol"], row["port"]) if part)
    below = svg.text(svg.shorten(kind, width=190, size=11), x=34, y=middle + 12, size=11)
    empty = "" if row["targets"] else svg.text("refused: no endpoint", x=310, y=middle + 4)
    return box + name + below + empty


def _target(target: Row, *, y: float, middle: float) -> str:
    centre, chance = y + _LINE / 2, float(target["chance"])
    curve = f"M230 {svg.number(middle)}C270 {svg.number(middle)} 270 {svg.number(centre)} 308 "
    width = max(chance * _BAR, 2)
    return (
        svg.element("path", d=f"{curve}{svg.number(centre)}", fill="none", stroke="#0072B2")
        + svg.element("rect", x=310, y=centre - 7, width=width, height=14, rx=3, fill="#56B4E9")
        + svg.text(f"{chance:.0%}", x=310 + _BAR + 44, y=centre + 4, anchor="end")
        + svg.text(
            svg.shorten(f"{target['address']}  {target['pod']}", width=250), x=500, y=centre + 4
        )
    )

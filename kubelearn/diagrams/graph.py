"""Graphs as pictures: things in boxes, and connections whose kinds differ by dash, colour and word.

What is drawn is decided elsewhere (`objectgraph`, `pipelinedag`); `layered` says where. The rows
that `drawn` returns are what a live view draws too, so both pictures are the same. Every box and
every connection has an id that stays and classes for its kind and its status.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.layered import Layout, Link, Point, Spot, arrange
from kubelearn.diagrams.looks import Look, badge

Row = dict[str, Any]

NODE_WIDTH, NODE_HEIGHT = 148.0, 42.0
_MARGIN = 20.0
_TOP = 66.0
_WIDTH = 760.0
_LEGEND = 30.0


@dataclass(frozen=True)
class Stroke:
    """How connections of one kind are drawn: `dash` is SVG's, `label` the word on the line.

    `back` is the word for the way back.
    """

    label: str
    back: str
    meaning: str
    colour: str
    dash: str = ""


@dataclass(frozen=True)
class Node:
    """A thing in a box. `status` is a key of the picture's looks, or nothing; `word` goes with it.

    `more` is what only a live view shows.
    """

    id: str
    kind: str
    name: str
    status: str = ""
    word: str = ""
    rank: int = 0
    more: Row = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Edge:
    """A connection. `status` is `off` where nothing goes along it at the moment."""

    source: str
    target: str
    kind: str
    status: str = ""

    @property
    def id(self) -> str:
        """The same for the same two things."""
        return f"{self.kind}--{self.source}--{self.target}"


@dataclass(frozen=True)
class Graph:
    """What is connected with what."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def shape(self) -> tuple[Any, ...]:
        """What the layout depends on: equal shapes have equal layouts."""
        return (
            tuple((node.id, node.rank) for node in self.nodes),
            tuple((edge.source, edge.target, edge.kind) for edge in self.edges),
        )


def identifier(*parts: str) -> str:
    """An id for a box, from parts that name it: letters, digits, dots and dashes."""
    return "-".join(re.sub(r"[^A-Za-z0-9.-]+", "_", part) for part in parts if part)


def lay_out(graph: Graph, *, before: Layout | None = None) -> Layout:
    """Our own layout of a graph."""
    return arrange(
        {node.id: (NODE_WIDTH, NODE_HEIGHT) for node in graph.nodes},
        [Link(edge.source, edge.target, edge.kind) for edge in graph.edges],
        ranks={node.id: node.rank for node in graph.nodes},
        before=before,
    )


def drawn(
    graph: Graph, layout: Layout, strokes: Mapping[str, Stroke]
) -> tuple[list[Row], list[Row]]:
    """Boxes and connections with their places."""
    boxes = [_placed(node, layout.spots[node.id]) for node in graph.nodes]
    # Once for each end is enough: the legend says the rest.
    labelled: set[tuple[str, str]] = set()
    lines = []
    for edge in graph.edges:
        route = layout.routes.get(Link(edge.source, edge.target, edge.kind))
        if route is None:
            continue
        row: Row = {**asdict(edge), "id": edge.id, "path": _path(route), "head": _head(route, edge)}
        ends = {(edge.source, edge.kind), (edge.target, edge.kind)}
        if not ends & labelled:
            x, y = layout.labels[edge.source, edge.kind]
            row["label"] = {"x": round(x, 1), "y": round(y, 1), "text": strokes[edge.kind].label}
        labelled |= ends
        lines.append(row)
    return boxes, lines


def draw(
    graph: Graph,
    *,
    title: str,
    words: str,
    strokes: Mapping[str, Stroke],
    looks: Mapping[str, Look],
    alarm: bool = False,
    layout: Layout | None = None,
) -> str:
    """The graph as SVG, with a title, a line of words and a legend of what is in it."""
    layout = layout or lay_out(graph)
    boxes, lines = drawn(graph, layout, strokes)
    width = max(_WIDTH, layout.width + 2 * _MARGIN)
    place = f"translate({svg.number((width - layout.width) / 2)} {svg.number(_TOP)})"
    used = dict.fromkeys(line["kind"] for line in lines)
    legend = [(key, stroke) for key, stroke in strokes.items() if key in used]
    below = _TOP + layout.height + _LEGEND
    return svg.document(
        *svg.heading(title, words, width=width, alarm=alarm),
        svg.element(
            "g",
            svg.element("g", *(_line(line, strokes[line["kind"]]) for line in lines)),
            svg.element("g", *(_box(box, looks) for box in boxes)),
            transform=place,
        ),
        *_legend(legend, y=below),
        width=width,
        height=below + (14 if legend else -10),
        label=f"{title}; {words}",
    )


def _placed(node: Node, spot: Spot) -> Row:
    indent = 34.0 if node.status else 10.0
    room = spot.width - indent - 8
    return {
        "id": node.id,
        "kind": node.kind,
        "name": node.name,
        "status": node.status,
        "word": node.word,
        "indent": indent,
        "above": _kind_line(node, room),
        "shown": _shorten_left(node.name, width=room),
        **{key: round(value, 1) for key, value in asdict(spot).items()},
        **node.more,
    }


def _path(route: Iterable[Point]) -> str:
    start, *rest = [f"{svg.number(x)} {svg.number(y)}" for x, y in route]
    curves = [f"C{' '.join(rest[i : i + 3])}" for i in range(0, len(rest), 3)]
    return f"M{start}{''.join(curves)}"


def _head(route: tuple[Point, ...], edge: Edge) -> str:
    """An arrow's head, filled where something goes along, else a ring."""
    (bx, by), (x, y) = route[-2:]
    if edge.status == "off":
        return f"M{svg.number(x)} {svg.number(y)}m-7 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z"
    angle = math.atan2(y - by, x - bx)
    corners = [(x, y)]
    for side in (0.42, -0.42):
        corners.append((x - 9 * math.cos(angle + side), y - 9 * math.sin(angle + side)))
    return "M" + "L".join(f"{svg.number(cx)} {svg.number(cy)}" for cx, cy in corners) + "z"


def _line(line: Row, stroke: Stroke) -> str:
    dashes = {"stroke_dasharray": stroke.dash} if stroke.dash else {}
    fill = svg.PAPER if line["status"] == "off" else stroke.colour
    parts = [
        svg.element(
            "path", d=line["path"], fill="none", stroke=stroke.colour, stroke_width=1.5, **dashes
        ),
        svg.element("path", d=line["head"], fill=fill, stroke=stroke.colour),
    ]
    if "label" in line:
        at = line["label"]
        words = svg.text(at["text"], x=at["x"], y=at["y"], size=10, fill=stroke.colour)
        # A rim of paper, so that words can be read across lines.
        parts.append(
            svg.element("g", words, stroke=svg.PAPER, stroke_width=3, paint_order="stroke")
        )
    classes = " ".join(part for part in ("edge", line["kind"], line["status"]) if part)
    return svg.element("g", *parts, id=line["id"], class_=classes)


def _box(box: Row, looks: Mapping[str, Look]) -> str:
    look = looks.get(box["status"])
    said = ": ".join(part for part in (f"{box['kind']} {box['name']}", box["word"]) if part)
    parts = [
        svg.element("title", escape(said)),
        svg.box(
            x=0,
            y=0,
            width=box["width"],
            height=box["height"],
            stroke=look.edge if look else svg.LINE,
            radius=7,
            dashed=box["status"] in DASHED,
        ),
        badge(look, x=9, y=12) if look else "",
        svg.text(box["above"], x=box["indent"], y=17, size=10, fill=svg.MUTED),
        svg.text(box["shown"], x=box["indent"], y=32, size=12, weight="600"),
    ]
    return svg.element(
        "g",
        *parts,
        id=box["id"],
        class_=" ".join(part for part in ("node", box["kind"], box["status"]) if part),
        transform=f"translate({svg.number(box['x'])} {svg.number(box['y'])})",
    )


DASHED = ("Missing", "Terminating", "Skipped")
"""Statuses of what is not there, not yet or not for long."""


def _kind_line(node: Node, room: float) -> str:
    """The kind and the word that says more about it; a long kind by its capitals (`PVC`)."""
    words = " · ".join(part for part in (node.kind, node.word) if part)
    if svg.text_width(words, size=10) > room and len(node.kind) > 16:
        words = words.replace(node.kind, "".join(filter(str.isupper, node.kind)))
    return svg.shorten(words, width=room, size=10)


def _shorten_left(words: str, *, width: float, size: float = 12) -> str:
    """The text, cut at its beginning: the ends of generated names tell them apart."""
    # Bold letters are wider.
    room = max(int(width / svg.text_width("x", size=size) / 1.2), 1)
    return words if len(words) <= room else "…" + words[-(room - 1) :]


def _legend(kinds: list[tuple[str, Stroke]], *, y: float) -> list[str]:
    parts = []
    x = _MARGIN
    for _, stroke in kinds:
        dashes = {"stroke_dasharray": stroke.dash} if stroke.dash else {}
        parts += [
            svg.element(
                "path",
                d=f"M{svg.number(x)} {svg.number(y - 4)}h34",
                stroke=stroke.colour,
                stroke_width=1.5,
                fill="none",
                **dashes,
            ),
            svg.text(stroke.label, x=x + 40, y=y, size=11, fill=svg.MUTED),
        ]
        x += 40 + svg.text_width(stroke.label, size=11) + 24
    return parts

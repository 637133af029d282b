"""Graphs in Graphviz's language, and laid out by its `dot` where that is installed and asked for.

Our own layout (`layered`) needs no program and is the default, so that a picture looks the same on
every machine; `dot` routes large graphs with more art. What it draws differs from version to
version: never compare it byte by byte.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import graphviz

from kubelearn.diagrams.graph import NODE_HEIGHT, NODE_WIDTH, Edge, Graph, Node, Stroke
from kubelearn.diagrams.layered import Layout, Link, Point, Spot
from kubelearn.diagrams.looks import Look
from kubelearn.errors import KubelearnError

_POINTS_PER_INCH = 72
# SVG's dashes as Graphviz names them: there are only two.
_STYLES = {True: "dashed", False: "solid"}


def to_dot(
    graph: Graph, *, strokes: Mapping[str, Stroke], looks: Mapping[str, Look], name: str = "graph"
) -> graphviz.Digraph:
    """The graph as a `graphviz.Digraph`, to be changed, printed or given to `dot`.

    Boxes and connections have the ids and classes that our own pictures have.
    """
    digraph: graphviz.Digraph = graphviz.Digraph(name)
    digraph.attr(rankdir="LR")
    digraph.attr("node", shape="box", style="rounded", fontname="sans-serif", fontsize="11")
    digraph.attr("edge", fontname="sans-serif", fontsize="9")
    for node in graph.nodes:
        _add_node(digraph, node, looks.get(node.status))
    for edge in graph.edges:
        _add_edge(digraph, edge, strokes[edge.kind])
    return digraph


def _add_node(digraph: graphviz.Digraph, node: Node, look: Look | None) -> None:
    words = " · ".join(part for part in (node.kind, node.word) if part)
    label = rf"{graphviz.escape(words)}\n{graphviz.escape(node.name)}"
    digraph.node(
        node.id,
        label,
        id=node.id,
        **_class("node", node.kind, node.status),
        color=look.edge if look else "#59636e",
    )


def _add_edge(digraph: graphviz.Digraph, edge: Edge, stroke: Stroke) -> None:
    digraph.edge(
        edge.source,
        edge.target,
        stroke.label,
        id=edge.id,
        **_class("edge", edge.kind, edge.status),
        color=stroke.colour,
        fontcolor=stroke.colour,
        style=_STYLES[bool(stroke.dash)],
        arrowhead="odot" if edge.status == "off" else "normal",
    )


def _class(*names: str) -> dict[str, str]:
    return {"class": " ".join(name for name in names if name)}


def lay_out(graph: Graph) -> Layout:
    """The layout that `dot` finds, for `draw(..., layout=...)`.

    Raises KubelearnError where there is no `dot`, or it fails.
    """
    digraph = graphviz.Digraph()
    digraph.attr(rankdir="LR", nodesep="0.18", ranksep="0.7")
    width, height = (str(each / _POINTS_PER_INCH) for each in (NODE_WIDTH, NODE_HEIGHT))
    digraph.attr("node", shape="box", fixedsize="true", width=width, height=height, label="")
    # Without arrows, a line ends at the rim, where our own picture puts its arrow.
    digraph.attr("edge", dir="none")
    for node in graph.nodes:
        digraph.node(node.id)
    for edge in graph.edges:
        digraph.edge(edge.source, edge.target, id=edge.id)
    return _layout(graph, _run(digraph))


def _run(digraph: graphviz.Digraph) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(digraph.pipe(format="json0", encoding="utf-8"))
    except graphviz.ExecutableNotFound:
        raise KubelearnError(
            "there is no program dot on this machine",
            hint="sudo apt-get install graphviz, or leave the layout to kubelearn",
        ) from None
    except graphviz.CalledProcessError as error:
        words = str(error.stderr or error).strip()
        raise KubelearnError(f"dot cannot lay this graph out: {words}") from None
    return found


def _layout(graph: Graph, found: Mapping[str, Any]) -> Layout:
    """What `dot` says, in our coordinates: from the top left corner, downwards."""
    _, _, width, height = (float(each) for each in str(found["bb"]).split(","))
    spots = {}
    for each in found.get("objects") or []:
        x, y = _point(each["pos"], height)
        place = Spot(x - NODE_WIDTH / 2, y - NODE_HEIGHT / 2, NODE_WIDTH, NODE_HEIGHT)
        spots[str(each["name"])] = place
    lines = {str(each["id"]): _points(each["pos"], height) for each in found.get("edges") or []}
    routes = {
        Link(edge.source, edge.target, edge.kind): lines[edge.id]
        for edge in graph.edges
        if edge.id in lines
    }
    labels: dict[tuple[str, str], Point] = {}
    for link, route in routes.items():
        x, y = route[0]
        labels.setdefault((link.source, link.group), (x + 4, y - 4))
    return Layout(width=width, height=height, spots=spots, routes=routes, labels=labels)


def _points(text: str, height: float) -> tuple[Point, ...]:
    return tuple(_point(each, height) for each in text.split())


def _point(text: str, height: float) -> Point:
    x, y = (float(each) for each in text.split(","))
    return x, height - y

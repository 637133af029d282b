"""A layered layout for graphs, from left to right: ranks, few crossings, places, routes.

After Sugiyama, Tagawa and Toda; Graphviz's `dot` does the same with more art. Deterministic, and
told the layout before, it keeps the order of what was there unless another has fewer crossings:
in a live picture things stay where the eye left them. Links of one group that leave the same node
share their way until the last gap, which keeps a picture with many pods narrow and quiet.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kubelearn.diagrams.crossings import Layers, mean, ordered
from kubelearn.diagrams.ranks import Arrow, backward
from kubelearn.diagrams.ranks import ranks as ranks_of

Point = tuple[float, float]
Size = tuple[float, float]

GAP_X, GAP_Y = 52.0, 12.0
# The height of the way of a link through a layer: room for its label.
_LANE = 16.0
_SWEEPS = 8
_PORT_GAP = 11.0
# Up to so many links reach a node at places of their own.
_FEW = 4

# A node, the side, a group, and the next name on the way.
_Port = tuple[str, str, str, str]


@dataclass(frozen=True)
class Link:
    """A directed connection; `group` tells kinds apart that leave a node by ports of their own."""

    source: str
    target: str
    group: str = ""


@dataclass(frozen=True)
class Spot:
    """Where a node is: its top left corner and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Where everything is.

    A route has a start and then three points for each Bézier curve; a label's point is where words
    about all links of a source's group may begin, above the line.
    """

    width: float
    height: float
    spots: dict[str, Spot]
    routes: dict[Link, tuple[Point, ...]]
    labels: dict[tuple[str, str], Point]
    order: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    """The layers from left to right, ways of long links included."""


def arrange(
    sizes: Mapping[str, Size],
    links: Iterable[Link],
    *,
    ranks: Mapping[str, int] | None = None,
    before: Layout | None = None,
) -> Layout:
    """Lay a graph out. Cycles are allowed, links to unknown nodes and to oneself are left out.

    `ranks` are the least columns that nodes may have, so that equal things stand in one column.
    """
    known = dict.fromkeys(
        link
        for link in links
        if link.source in sizes and link.target in sizes and link.source != link.target
    )
    web = _Web(sizes, list(known), ranks or {})
    web.order(before.order if before else ())
    web.place()
    return web.layout()


class _Web:
    """The graph in layers, with a lane wherever a link passes through one."""

    def __init__(
        self, sizes: Mapping[str, Size], links: Sequence[Link], ranks: Mapping[str, int]
    ) -> None:
        self.sizes = sizes
        back = backward(sizes, ((link.source, link.target) for link in links))
        self.rank = ranks_of(list(sizes), (_ahead(link, back) for link in links), ranks)
        self.chains = {link: self._chain(link, *_ahead(link, back)) for link in links}
        self.lanes = dict.fromkeys(lane for chain in self.chains.values() for lane in chain[1:-1])
        self.before: dict[str, dict[str, None]] = {name: {} for name in [*sizes, *self.lanes]}
        self.after: dict[str, dict[str, None]] = {name: {} for name in self.before}
        for chain in self.chains.values():
            for left, right in itertools.pairwise(chain):
                self.after[left][right] = None
                self.before[right][left] = None
        self.layers: Layers = []
        self.centre: dict[str, float] = {}

    def _chain(self, link: Link, left: str, right: str) -> list[str]:
        """The names of what a link passes from left to right: its ends, and lanes between them."""
        between = range(self.rank[left] + 1, self.rank[right])
        way = f"{link.source}\0{link.group}" + ("" if left == link.source else f"\0{link.target}")
        lanes = []
        for rank in between:
            lane = f"\0{way}\0{rank}"
            self.rank[lane] = rank
            lanes.append(lane)
        return [left, *lanes, right]

    def order(self, former: Sequence[Sequence[str]]) -> None:
        """Choose an order with few crossings, the former one if none has fewer."""
        self.layers = ordered(self.rank, self.before, self.after, former=former)

    # --- places -----------------------------------------------------------------------------

    def place(self) -> None:
        """Give each node a height near its neighbours'."""
        for layer in self.layers:
            for name, centre in zip(layer, self._fit(layer, [0.0] * len(layer)), strict=True):
                self.centre[name] = centre
        for sweep in range(_SWEEPS):
            rightwards = sweep % 2 == 0
            others = self.before if rightwards else self.after
            for layer in self.layers if rightwards else reversed(self.layers):
                wanted = [
                    mean([self.centre[o] for o in others[name]], self.centre[name])
                    for name in layer
                ]
                self.centre.update(zip(layer, self._fit(layer, wanted), strict=True))
        top = min((self.centre[name] - self._height(name) / 2 for name in self.centre), default=0)
        self.centre = {name: centre - top for name, centre in self.centre.items()}

    def _height(self, name: str) -> float:
        return self.sizes[name][1] if name in self.sizes else _LANE

    def _fit(self, layer: list[str], wanted: list[float]) -> list[float]:
        """The places closest to those wanted that keep order and distance (isotonic regression)."""
        offsets = [0.0]
        for upper, lower in itertools.pairwise(layer):
            offsets.append(offsets[-1] + (self._height(upper) + self._height(lower)) / 2 + GAP_Y)
        blocks: list[tuple[float, int]] = []
        for place, offset in zip(wanted, offsets, strict=False):
            total, count = place - offset, 1
            while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
                earlier = blocks.pop()
                total, count = total + earlier[0], count + earlier[1]
            blocks.append((total, count))
        means = [total / count for total, count in blocks for _ in range(count)]
        return [mean + offset for mean, offset in zip(means, offsets, strict=False)]

    # --- the result -------------------------------------------------------------------------

    def layout(self) -> Layout:
        """What was found, in coordinates."""
        widths = [max((self._width(name) for name in layer), default=0) for layer in self.layers]
        lefts = [sum(widths[:i]) + i * GAP_X for i in range(len(widths))]
        spots = {
            name: Spot(lefts[self.rank[name]], self.centre[name] - height / 2, width, height)
            for name, (width, height) in self.sizes.items()
        }
        routes, labels = self._routes(lefts, widths, spots)
        height = max((self.centre[n] + self._height(n) / 2 for n in self.centre), default=0)
        return Layout(
            width=lefts[-1] + widths[-1] if lefts else 0,
            height=height,
            spots=spots,
            routes=routes,
            labels=labels,
            order=tuple(tuple(layer) for layer in self.layers),
        )

    def _routes(
        self, lefts: Sequence[float], widths: Sequence[float], spots: Mapping[str, Spot]
    ) -> tuple[dict[Link, tuple[Point, ...]], dict[tuple[str, str], Point]]:
        """The way of each link, and where the words of each group of links are."""
        ports = self._ports()
        routes: dict[Link, tuple[Point, ...]] = {}
        labels: dict[tuple[str, str], Point] = {}
        for link, chain in self.chains.items():
            ranks = [self.rank[name] for name in chain]
            stops = [(lefts[rank], lefts[rank] + widths[rank]) for rank in ranks]
            route = _route(chain, stops, self._ends(link, chain, ports), spots)
            reverse = chain[0] != link.source
            routes[link] = route[::-1] if reverse else route
            labels.setdefault((link.source, link.group), _label(routes[link], len(chain), reverse))
        return routes, labels

    def _width(self, name: str) -> float:
        return self.sizes[name][0] if name in self.sizes else 0

    def _ends(self, link: Link, chain: list[str], ports: Mapping[_Port, float]) -> list[float]:
        """The height at each stop of a link's way."""
        return [
            ports[chain[0], "right", link.group, chain[1]],
            *(self.centre[name] for name in chain[1:-1]),
            ports[chain[-1], "left", link.group, chain[-2]],
        ]

    def _ports(self) -> dict[_Port, float]:
        """Where links leave and reach a node, one below the other in the order of their far ends.

        Those of a group leave together; they arrive together only where there are many.
        """
        sides: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
        for link, chain in self.chains.items():
            sides.setdefault((chain[0], "right"), {})[link.group, chain[1]] = None
            sides.setdefault((chain[-1], "left"), {})[link.group, chain[-2]] = None
        ports: dict[_Port, float] = {}
        for (name, side), wires in sides.items():
            apart = side == "left" and len(wires) <= _FEW
            bundles: dict[str, list[tuple[str, str]]] = {}
            for group, other in wires:
                bundles.setdefault(f"{group}\0{other}" if apart else group, []).append(
                    (group, other)
                )
            heights = self._spread(name, list(bundles.values()))
            for bundle, height in zip(bundles.values(), heights, strict=True):
                ports.update({(name, side, *wire): height for wire in bundle})
        return ports

    def _spread(self, name: str, bundles: list[list[tuple[str, str]]]) -> list[float]:
        """The heights of a node's ports, for each bundle of wires."""
        means = [mean([self.centre[other] for _, other in bundle], 0) for bundle in bundles]
        ordered = sorted(range(len(bundles)), key=lambda i: (means[i], bundles[i][0]))
        step = min(_PORT_GAP, (self._height(name) - 12) / max(len(ordered) - 1, 1))
        middle = (len(ordered) - 1) / 2
        place = {bundle: i for i, bundle in enumerate(ordered)}
        return [self.centre[name] + (place[i] - middle) * step for i in range(len(bundles))]


def _ahead(link: Link, back: set[Arrow]) -> Arrow:
    """A link's ends from left to right."""
    arrow = (link.source, link.target)
    return arrow[::-1] if arrow in back else arrow


def _route(
    chain: list[str],
    stops: list[Size],
    heights: list[float],
    spots: Mapping[str, Spot],
) -> tuple[Point, ...]:
    """From the right side of the first node, level through every layer, to the left of the last."""
    first = spots[chain[0]]
    points: list[Point] = [(first.x + first.width, heights[0])]
    for i in range(1, len(chain)):
        (left, right), y = stops[i], heights[i]
        x, before = points[-1]
        bend = max((left - x) / 2, 12)
        points += [(x + bend, before), (left - bend, y), (left, y)]
        if i < len(chain) - 1 and right > left:
            third = (right - left) / 3
            points += [(left + third, y), (right - third, y), (right, y)]
    return tuple(points)


def _label(route: tuple[Point, ...], stops: int, reverse: bool) -> Point:
    """Near the source; on the way through the next layer where there is one."""
    if stops > 2 and not reverse:
        x, y = route[3]
        return x + 4, y - 4
    x, y = route[0]
    return (x - 44 if reverse else x + 4), y - 4

"""Fixed pictures made of parts: boxes at set places, and lines that say who talks to whom.

Every part and every line has an id and classes, so that a page can style it; `mark` names parts
that shall stand out in a picture that is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from kubelearn.diagrams import svg
from kubelearn.errors import KubelearnError

Point = tuple[float, float]

ACCENT = "#0072B2"
WIDTH = 760.0


@dataclass(frozen=True)
class Part:
    """A box. `kind` is its class; `words` stand below its name, `meaning` is told on pointing."""

    id: str
    x: float
    y: float
    width: float
    height: float
    name: str
    kind: str
    words: str = ""
    meaning: str = ""
    fill: str = svg.PAPER
    frame: bool = False
    """Whether other parts lie in it: then its name stands at its top, and its rim is dashed."""


@dataclass(frozen=True)
class Talk:
    """A line along points, with an arrow at its end: the source begins to talk."""

    source: str
    target: str
    points: tuple[Point, ...]
    meaning: str
    words: str = ""
    at: Point = (0, 0)
    dashed: bool = False
    both: bool = False
    """Whether the target begins at times, too."""

    @property
    def id(self) -> str:
        """The same for the same two parts."""
        return f"{self.source}--{self.target}"


def picture(
    parts: Sequence[Part],
    talks: Sequence[Talk] = (),
    *,
    mark: Iterable[str] = (),
    height: float,
    label: str,
    words: Sequence[str] = (),
) -> str:
    """The parts, then the lines, then texts, as SVG.

    Raises KubelearnError if a part that shall be marked is not in the picture.
    """
    marked = set(mark)
    known = [*(part.id for part in parts), *(talk.id for talk in talks)]
    strange = sorted(marked - set(known))
    if strange:
        raise KubelearnError(
            f"this picture has no part {strange[0]!r}", hint=f"its parts: {', '.join(known)}"
        )
    return svg.document(
        *(_part(part, marked=part.id in marked) for part in parts),
        *(_talk(talk, marked=talk.id in marked) for talk in talks),
        *words,
        width=WIDTH,
        height=height,
        label=label,
    )


def title(words: str, below: str, *, x: float = 20) -> list[str]:
    """A picture's heading: two lines."""
    return [
        svg.text(words, x=x, y=34, size=15, weight="600"),
        svg.text(below, x=x, y=53, fill=svg.MUTED),
    ]


def _part(part: Part, *, marked: bool) -> str:
    frame = svg.box(
        x=part.x,
        y=part.y,
        width=part.width,
        height=part.height,
        fill=part.fill,
        radius=9 if part.frame else 6,
        dashed=part.frame,
        stroke=svg.MUTED if part.frame else svg.LINE,
    )
    halo = _halo(part) if marked else ""
    meaning = ": ".join(words for words in (part.name, part.meaning) if words)
    classes = " ".join(["part", part.kind, *(["marked"] if marked else [])])
    texts = _frame_words(part) if part.frame else _box_words(part)
    return svg.element(
        "g", svg.element("title", escape(meaning)), frame, halo, texts, id=part.id, class_=classes
    )


def _halo(part: Part) -> str:
    return svg.element(
        "rect",
        x=part.x - 3,
        y=part.y - 3,
        width=part.width + 6,
        height=part.height + 6,
        rx=9,
        fill="none",
        stroke=ACCENT,
        stroke_width=4,
    )


def _frame_words(part: Part) -> str:
    name = svg.text(part.name, x=part.x + 12, y=part.y + 20, size=12.5, weight="600")
    if not part.words:
        return name
    x = part.x + 12 + svg.text_width(part.name, size=15)
    return name + svg.text(part.words, x=x, y=part.y + 20, size=11, fill=svg.MUTED)


def _box_words(part: Part) -> str:
    middle, centre = part.x + part.width / 2, part.y + part.height / 2
    lines = svg.wrap(part.words, width=part.width - 10, size=10.5) if part.words else []
    top = centre + 4 - len(lines) * 6.5
    return svg.text(
        part.name, x=middle, y=top, anchor="middle", weight="600" if part.words else ""
    ) + "".join(
        svg.text(line, x=middle, y=top + 14 + i * 12.5, size=10.5, anchor="middle")
        for i, line in enumerate(lines)
    )


def _talk(talk: Talk, *, marked: bool) -> str:
    colour = ACCENT if marked else svg.MUTED
    dashes = {"stroke_dasharray": "5 4"} if talk.dashed else {}
    way = "L".join(f"{svg.number(x)} {svg.number(y)}" for x, y in talk.points)
    pieces = [
        svg.element("title", escape(talk.meaning)),
        svg.element(
            "path",
            d=f"M{way}",
            fill="none",
            stroke=colour,
            stroke_width=3 if marked else 1.6,
            stroke_linejoin="round",
            **dashes,
        ),
        _head(talk.points[-2], talk.points[-1], colour),
    ]
    if talk.both:
        pieces.append(_head(talk.points[1], talk.points[0], colour))
    if talk.words:
        x, y = talk.at
        words = svg.text(talk.words, x=x, y=y, size=10.5, fill=colour if marked else svg.INK)
        rim = {"stroke": svg.PAPER, "paint_order": "stroke"}
        pieces.append(svg.element("g", words, stroke_width=3, **rim))
    classes = " ".join(["talk", *(["marked"] if marked else [])])
    return svg.element("g", *pieces, id=talk.id, class_=classes)


def _head(before: Point, tip: Point, colour: str) -> str:
    angle = math.atan2(tip[1] - before[1], tip[0] - before[0])
    corners = [tip]
    for side in (0.42, -0.42):
        corners.append((tip[0] - 10 * math.cos(angle + side), tip[1] - 10 * math.sin(angle + side)))
    shape = "L".join(f"{svg.number(x)} {svg.number(y)}" for x, y in corners)
    return svg.element("path", d=f"M{shape}z", fill=colour)

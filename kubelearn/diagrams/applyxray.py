"""One change on its way through the cluster: a line for each hop, on a time axis.

The axis is logarithmic, because a control loop takes milliseconds and starting a program seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.actors import PARTS
from kubelearn.diagrams.journeys import Row
from kubelearn.diagrams.looks import badge

_WIDTH = 760
_LINE = 34
_LEFT = 400
_RIGHT = _WIDTH - 90
_TOP = 84
MOST = 40
"""So many lines are drawn: the picture is stored in notebooks."""


def draw(title: str, journey: Row | None, hops: Iterable[Row], *, notice: str = "") -> str:
    """The hops of a journey, in the order of time, as SVG."""
    rows = sorted(hops, key=lambda row: row["at"])[:MOST]
    words = notice or summary(journey)
    parts = svg.heading(title, words, width=_WIDTH, alarm=bool(notice))
    if journey and rows:
        start = float(journey["at"])
        span = max(row["at"] + row["took"] - start for row in rows)
        parts += _axis(span, lines=len(rows))
        for i, row in enumerate(rows):
            parts.append(_line(row, rows, y=_TOP + i * _LINE, start=start, span=span))
    height = _TOP + len(rows) * _LINE + 12 if rows else 66
    return svg.document(*parts, width=_WIDTH, height=height, label=f"{title}; {words}")


def summary(journey: Row | None) -> str:
    """`kubectl creates Deployment web: a pod was ready after 874 ms`."""
    if journey is None:
        return "no change seen yet"
    begin = f"{journey['actor']} {journey['title']}"
    if journey["ready"] is not None:
        return f"{begin}: a pod was ready after {milliseconds(journey['ready'])}"
    return f"{begin}: waits for {journey['waits']}" if journey["waits"] else begin


def milliseconds(value: float) -> str:
    """`3.2 ms`, `874 ms`, `2.31 s`."""
    if value >= 1000:
        return f"{value / 1000:.2f} s"
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms"


def _x(moment: float, span: float) -> float:
    """Where a moment lies, in milliseconds since the beginning."""
    share = math.log10(1 + max(moment, 0)) / math.log10(1 + max(span, 1))
    return _LEFT + share * (_RIGHT - _LEFT)


def _axis(span: float, *, lines: int) -> list[str]:
    ticks = [tick for tick in (0, 1, 10, 100, 1_000, 10_000, 100_000) if tick <= span]
    parts = []
    for tick in ticks:
        x = _x(tick, span)
        parts.append(
            svg.element("path", d=f"M{svg.number(x)} {_TOP - 6}v{lines * _LINE}", stroke=svg.LINE)
        )
        label = f"{tick // 1000} s" if tick >= 1000 else f"{tick} ms"
        parts.append(svg.text(label, x=x, y=_TOP - 12, size=10, fill=svg.MUTED, anchor="middle"))
    return parts


def _line(row: Row, rows: Sequence[Row], *, y: float, start: float, span: float) -> str:
    look = PARTS[row["part"]]
    at, end = row["at"] - start, row["at"] + row["took"] - start
    from_, to = _x(at, span), _x(end, span)
    parts = [badge(look, x=20, y=y + 2), *_words(row, y=y)]
    cause = next((each for each in rows if each["id"] == row["after"]), None)
    if cause:
        before = _x(cause["at"] - start, span)
        path = f"M{svg.number(before)} {svg.number(y + 12)}H{svg.number(from_)}"
        parts.append(svg.element("path", d=path, stroke=look.edge, stroke_dasharray="2 3"))
    place: dict[str, Any] = {"x": from_, "y": y + 5, "width": max(to - from_, 4), "height": 14}
    parts.append(svg.element("rect", **place, rx=3, fill=look.colour, stroke=look.edge))
    after = svg.text(
        f"+{milliseconds(at)}", x=_WIDTH - 20, y=y + 16, size=11, fill=svg.MUTED, anchor="end"
    )
    return "".join([*parts, after])


def _words(row: Row, *, y: float) -> list[str]:
    """Who did what, and the details below it."""
    width = _LEFT - 80
    deed = svg.shorten(f"{row['actor']} {row['deed']}", width=width)
    details = svg.shorten(row["words"], width=width, size=10.5)
    return [
        svg.text(deed, x=46, y=y + 10, weight="600"),
        svg.text(details, x=46, y=y + 24, size=10.5, fill=svg.MUTED),
    ]

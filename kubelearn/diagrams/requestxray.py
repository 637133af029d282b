"""The stages of one request, a line each: how far it got."""

from __future__ import annotations

from collections.abc import Sequence

from kubelearn.diagrams import svg
from kubelearn.diagrams.looks import badge
from kubelearn.diagrams.requeststages import STATES, Row

_WIDTH = 760
_TOP = 74
_LINE = 40


def draw(title: str, rows: Sequence[Row], *, words: str, sender: str) -> str:
    """The stages as SVG, top to bottom, as the API server goes through them."""
    parts = [
        svg.text(svg.shorten(title, width=_WIDTH - 40, size=15), x=20, y=30, size=15, weight="600"),
        svg.text(svg.shorten(f"{sender}: {words}", width=_WIDTH - 40), x=20, y=50, fill=svg.MUTED),
    ]
    end = _TOP + (len(rows) - 1) * _LINE
    parts.append(
        svg.element(
            "line", x1=31, y1=_TOP + 10, x2=31, y2=end + 10, stroke=svg.LINE, stroke_width=2
        )
    )
    for i, row in enumerate(rows):
        parts += _stage(row, y=_TOP + i * _LINE)
    return svg.document(*parts, width=_WIDTH, height=end + 44, label=f"{title}, {sender}: {words}")


def _stage(row: Row, *, y: float) -> list[str]:
    look = STATES[row["state"]]
    refused = row["state"] == "refused"
    facts = " · ".join(row["facts"]) or (look.meaning if row["state"] != "passed" else row["how"])
    return [
        badge(look, x=21, y=y, size=20),
        svg.text(row["title"], x=56, y=y + 8, weight="600"),
        svg.text(
            svg.shorten(facts, width=_WIDTH - 70, size=11),
            x=56,
            y=y + 23,
            size=11,
            fill=svg.ALARM if refused else svg.MUTED,
        ),
    ]

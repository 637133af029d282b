"""What would come of the objects of a manifest: one row each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.looks import Look, badge

Row = Mapping[str, Any]

_WIDTH = 760
_LINE = 20


def _look(label: str, meaning: str, colours: str, glyph: str) -> Look:
    colour, edge = colours.split()
    return Look(label, meaning, colour, edge, glyph)


STATES = {
    "new": _look("would be created", "it is not there yet", "#56B4E9 #1F78AD", "M8 3v10M3 8h10"),
    "changed": _look("would be changed", "it differs", "#F0E442 #8A8200", "M3 10l5-5 5 5"),
    "same": _look("unchanged", "it is as the text wants it", "#009E73 #006B4E", "M3 6h10M3 10h10"),
    "conflict": _look("conflict", "others own a field", "#E69F00 #8F6300", "M8 3v6M8 12.5h.01"),
    "refused": _look("refused", "it is not taken so", "#D55E00 #9A4400", "M4 4l8 8M12 4l-8 8"),
    "later": _look("not tried yet", "it needs one above first", "#FFFFFF #767676", "M8 8h.01"),
}


def summary(rows: Iterable[Row]) -> str:
    """`1 would be created, 1 refused`."""
    counts = Counter(str(row["state"]) for row in rows)
    told = [f"{counts[state]} {look.label}" for state, look in STATES.items() if counts[state]]
    return ", ".join(told) or "nothing to apply"


def draw(rows: Iterable[Row], *, title: str, notice: str = "") -> str:
    """The objects with their states, and what is wrong with them, as SVG."""
    listed = list(rows)
    words = notice or summary(listed)
    parts = svg.heading(title, words, width=_WIDTH, alarm=bool(notice))
    y = 76
    for row in listed:
        look = STATES[row["state"]]
        parts += [
            badge(look, x=20, y=y - 13),
            svg.text(svg.shorten(row["name"], width=420), x=48, y=y),
            svg.text(look.label, x=_WIDTH - 20, y=y, fill=svg.MUTED, anchor="end"),
        ]
        for problem in row["problems"]:
            y += _LINE
            told = f"line {problem['line']}: {problem['field']} {problem['message']}"
            parts.append(svg.text(svg.shorten(told, width=_WIDTH - 70), x=48, y=y, fill=svg.ALARM))
        y += _LINE + 6
    return svg.document(*parts, width=_WIDTH, height=y - 8, label=f"{title}; {words}")

"""What the doctor found, on paper: marks and names. Amounts differ from hour to hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.looks import Look, badge

Row = Mapping[str, Any]

_WIDTH = 760
_COLUMNS = 3
_LINE = 28

LOOKS = {
    "good": Look("good", "as it should be", "#009E73", "#006B4E", "M3.5 8.5l3 3 6-7"),
    "missing": Look("missing", "you can do without", "#F0E442", "#8A8200", "M3 8h10"),
    "bad": Look("bad", "must be mended first", "#D55E00", "#9A4400", "M4 4l8 8M12 4l-8 8"),
}


def summary(rows: Iterable[Row]) -> str:
    """What that means for whoever wants to begin."""
    bad = [str(row["name"]) for row in rows if row["state"] == "bad"]
    if bad:
        return f"must be mended first: {', '.join(bad)}"
    return "this machine can run the embedded cluster"


def draw(rows: Iterable[Row]) -> str:
    """All checks as SVG, and what to do for those that are bad."""
    listed = list(rows)
    words = summary(listed)
    parts = [
        svg.text("Doctor", x=20, y=30, size=15, weight="600"),
        svg.text(words, x=20, y=49, fill=svg.MUTED),
    ]
    width = (_WIDTH - 40) / _COLUMNS
    for i, row in enumerate(listed):
        x, y = 20 + i % _COLUMNS * width, 80 + i // _COLUMNS * _LINE
        look = LOOKS[row["state"]]
        parts += [badge(look, x=x, y=y - 13), svg.text(str(row["name"]), x=x + 26, y=y)]
    height = 76 + -(-len(listed) // _COLUMNS) * _LINE
    return svg.document(*parts, width=_WIDTH, height=height, label=f"Doctor: {words}")

"""The layers of an image, as its build left them: what was made anew, what the cache had."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kubelearn.containers.build.report import BuildReport, Step, format_size
from kubelearn.diagrams import svg

Row = dict[str, Any]

_FILES = ("FROM", "WORKDIR", "COPY", "ADD", "RUN")
_WIDTH = 760
_TALL, _FLAT, _GAP = 34, 24, 4

# Okabe and Ito's colours; the glyphs, paths in a box of 16 by 16, say the same without them.
LOOKS = {
    "cached": {
        "colour": "#56B4E9",
        "edge": "#1F78AD",
        "glyph": "M4 6.5h8M4 10h8",
        "words": "from the cache",
    },
    "done": {
        "colour": "#E69F00",
        "edge": "#8F6200",
        "glyph": "M8 3.5v9M3.5 8h9",
        "words": "made anew",
    },
}


def step_rows(report: BuildReport) -> list[Row]:
    """A row for each instruction, the first one first.

    `size` is that of the layer that it left, or -1 if it left none: then it changed settings only.
    """
    own = sum(step.size for step in report.steps)
    return [
        {
            "number": number,
            "text": step.text,
            "state": "cached" if step.cached else "done",
            "size": -1 if _changes_settings(step) else step.size,
            "shown": _shown(step, base=report.size - own),
            "why": step.why,
        }
        for number, step in enumerate(report.steps, 1)
    ]


def _keyword(step: Step) -> str:
    return step.text.split(maxsplit=1)[0].upper()


def _changes_settings(step: Step) -> bool:
    return not step.layer and _keyword(step) not in _FILES


def _shown(step: Step, *, base: int) -> str:
    if _changes_settings(step):
        return "settings"
    if _keyword(step) == "FROM":
        return format_size(base)
    # Docker Engine does not tell how large a step's layer is.
    return format_size(step.size) if step.layer else "files"


def summary(rows: Iterable[Row]) -> str:
    """`6 instructions: 2 from the cache, 4 made anew`."""
    listed = list(rows)
    counts = [
        f"{sum(row['state'] == state for row in listed)} {look['words']}"
        for state, look in LOOKS.items()
    ]
    return f"{len(listed)} instructions: {', '.join(counts)}"


def draw(name: str, rows: Iterable[Row]) -> str:
    """The stack as SVG: the base at the bottom, as the layers lie on each other."""
    listed = list(rows)
    parts = [
        svg.text(f"Image {name}", x=20, y=30, size=15, weight="600"),
        svg.text(summary(listed), x=20, y=49, fill=svg.MUTED),
    ]
    y = 64.0
    for row in reversed(listed):
        height = _FLAT if row["size"] < 0 else _TALL
        parts.append(_block(row, y=y, height=height))
        y += height + _GAP
    label = f"Image {name}: {summary(listed)}"
    return svg.document(*parts, width=_WIDTH, height=y + 14, label=label)


def _block(row: Row, *, y: float, height: float) -> str:
    look = LOOKS[row["state"]]
    middle = y + height / 2 + 4
    flat = row["size"] < 0
    return "".join(
        [
            svg.box(
                x=20, y=y, width=540, height=height, radius=5, dashed=flat,
                fill=svg.PAPER if flat else look["colour"], stroke=look["edge"],
            ),
            svg.text(svg.shorten(row["text"], width=430), x=32, y=middle),
            svg.text(row["shown"], x=550, y=middle, anchor="end"),
            svg.text(look["words"], x=576, y=middle, fill=svg.MUTED),
        ]
    )  # fmt: skip

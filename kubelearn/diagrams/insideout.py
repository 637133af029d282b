"""A container from both sides: what the machine sees, and what the same question gets inside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kubelearn.containers.handmade import NamespaceView
from kubelearn.diagrams import svg

Row = dict[str, Any]

_WIDTH = 760
_LEFT, _MACHINE, _SIGN, _INSIDE = 20, 168, 444, 476
_COLUMN = 262
_LINE = 16

# Okabe and Ito's colours; the sign says the same without them.
LOOKS = {
    "own": {"sign": "≠", "colour": "#009E73", "words": "its own"},
    "shared": {"sign": "=", "colour": "#E69F00", "words": "the machine's"},
    "refused": {"sign": "=", "colour": "#999999", "words": "the machine's; no other is to be had"},
}


def namespace_row(view: NamespaceView) -> Row:
    """What is shown of one kind of namespace."""
    return {
        "kind": view.kind,
        "isolates": view.isolates,
        "state": "own" if view.own else "refused" if view.refused else "shared",
        "host_id": view.host_id,
        "inside_id": view.inside_id,
        "host": list(view.host),
        "inside": list(view.inside),
        "refused": view.refused,
    }


def summary(rows: Iterable[Row]) -> str:
    """`own namespaces: uts, pid; the machine's: mnt`."""
    listed = list(rows)
    own = ", ".join(row["kind"] for row in listed if row["state"] == "own") or "none"
    shared = ", ".join(row["kind"] for row in listed if row["state"] != "own") or "none"
    return f"own namespaces: {own}; the machine's: {shared}"


def draw(name: str, rows: Iterable[Row], *, state: str) -> str:
    """Machine and container side by side as SVG; a line for each kind of namespace."""
    listed = list(rows)
    parts = [
        svg.text(f"Container {name}, inside out", x=_LEFT, y=30, size=15, weight="600"),
        svg.text(state, x=_LEFT, y=49, fill=svg.MUTED),
        svg.text("the machine sees", x=_MACHINE, y=76, weight="600"),
        svg.text("the container sees", x=_INSIDE, y=76, weight="600"),
    ]
    y = 88.0
    for row in listed:
        height = _height(row)
        parts.append(_line(row, y=y, height=height))
        y += height
    label = f"Container {name}: {summary(listed)}"
    return svg.document(*parts, width=_WIDTH, height=y + 14, label=label)


def _height(row: Row) -> float:
    lines = max(len(_wrapped(row["host"])), len(_wrapped(row["inside"])), len(_isolates(row)) + 1)
    return lines * _LINE + 16


def _isolates(row: Row) -> list[str]:
    return svg.wrap(row["isolates"], width=_MACHINE - _LEFT - 14, size=11)


def _wrapped(lines: Iterable[str]) -> list[str]:
    return [part for line in lines for part in svg.wrap(line, width=_COLUMN)[:3]]


def _line(row: Row, *, y: float, height: float) -> str:
    look = LOOKS[row["state"]]
    first = y + 20
    return "".join(
        [
            svg.element("rect", x=_LEFT, y=y, width=_WIDTH - 2 * _LEFT, height=1, fill=svg.LINE),
            svg.text(row["kind"], x=_LEFT, y=first, size=13, weight="600"),
            *(
                svg.text(words, x=_LEFT, y=first + 16 + i * 14, size=11, fill=svg.MUTED)
                for i, words in enumerate(_isolates(row))
            ),
            *_column(row["host"], x=_MACHINE, y=first),
            svg.element("circle", cx=_SIGN + 8, cy=first - 4, r=10, fill=look["colour"]),
            svg.text(
                look["sign"], x=_SIGN + 8, y=first + 1, size=14, weight="600", anchor="middle"
            ),
            *_column(row["inside"] or ["nothing: it does not run"], x=_INSIDE, y=first),
        ]
    )


def _column(lines: Iterable[str], *, x: float, y: float) -> list[str]:
    return [
        svg.text(words, x=x, y=y + i * _LINE, fill=svg.INK)
        for i, words in enumerate(_wrapped(lines))
    ]

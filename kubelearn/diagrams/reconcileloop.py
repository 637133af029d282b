"""Control loops on paper: what each wants, what there is, and whether it is paused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.controlloops import Row

_WIDTH = 760
_LINE = 20
_COLUMNS = {"desired": 440, "observed": 560, "live": 680}
_HEADS = {"desired": "spec", "observed": "status", "live": "counted now"}
_GOOD = "#006B4E"


def draw(
    title: str, cards: Mapping[str, list[Row]], *, order: Sequence[str], words: str, alarm: bool
) -> str:
    """The loops in that order, each with its objects, as SVG."""
    parts = svg.heading(title, words, width=_WIDTH, alarm=alarm)
    y = 80
    for name in order:
        parts.append(svg.text(name, x=20, y=y, size=13, weight="600"))
        heads = _HEADS.items() if name == order[0] else ()
        parts += [svg.text(head, x=_COLUMNS[key], y=y, fill=svg.MUTED) for key, head in heads]
        y += _LINE
        for card in cards.get(name) or []:
            parts.append(svg.text(card["title"], x=32, y=y, fill=svg.MUTED))
            y += _LINE
            for row in card["rows"]:
                parts += _row(row, y=y)
                y += _LINE
        y += 10
    return svg.document(*parts, width=_WIDTH, height=y, label=f"{title}: {words}")


def _row(row: Row, *, y: float) -> list[str]:
    mark, fill = ("✓", _GOOD) if row["agrees"] else ("≠", svg.ALARM)
    cells = [(_COLUMNS[key], _cell(row[key])) for key in _COLUMNS]
    return [
        svg.text(mark, x=44, y=y, fill=fill, weight="600"),
        svg.text(row["what"], x=64, y=y),
        *(svg.text(words, x=x, y=y, fill=svg.INK) for x, words in cells),
    ]


def _cell(value: Any) -> str:
    return "" if value is None else str(value)

"""Lines of containers' logs: what is shown of them, and the last ones as a picture."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from kubelearn.diagrams import svg

Row = dict[str, Any]

# One for each pod; Okabe and Ito's, so that colour-blind people see them apart. Names stand beside.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
LONGEST = 1_000
"""How many characters of a line are shown."""

_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?")
# Colours and cursor movements of terminals.
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

_WIDTH = 760
_LINE = 20
_MOST = 15


def moment(raw: bytes) -> tuple[str, str, str]:
    """When a line was written, if it says so: to the second, nine digits, the zone."""
    found = _STAMP.match(raw)
    if not found:
        return "", "", ""
    second, fraction, zone = (part.decode() for part in (found[1], found[2] or b"", found[3]))
    return second, fraction.ljust(9, "0"), zone


def parse(raw: bytes) -> tuple[str, str]:
    """A line of a log that was asked for with timestamps: its moment and its text.

    Without one it is the rest of a line that was too long.
    """
    second, fraction, zone = moment(raw)
    if not second:
        return "", _text(raw)
    return f"{second}.{fraction}{zone}", _text(raw.partition(b" ")[2])


def _text(raw: bytes) -> str:
    text = _ESCAPES.sub("", raw.decode(errors="replace").rstrip("\r\n"))
    more = len(text) - LONGEST
    return text if more <= 0 else f"{text[:LONGEST]}… {more:,} characters more"


def left_out(lines: int) -> str:
    """What stands in the place of lines that came too fast to be shown."""
    return f"… {lines:,} {'line' if lines == 1 else 'lines'} left out"


def draw(title: str, rows: Iterable[Row], *, words: str, alarm: bool = False) -> str:
    """The last lines as SVG."""
    shown = list(rows)[-_MOST:]
    parts = svg.heading(title, words, width=_WIDTH, alarm=alarm)
    for i, row in enumerate(shown):
        y = 76 + i * _LINE
        colour = PALETTE[row["colour"] % len(PALETTE)]
        parts.append(svg.element("rect", x=20, y=y - 12, width=4, height=16, fill=colour))
        parts.append(svg.text(svg.shorten(row["name"], width=170), x=32, y=y, fill=svg.MUTED))
        fill = svg.MUTED if row["kind"] else svg.INK
        text = svg.shorten(row["text"], width=_WIDTH - 232)
        parts.append(svg.text(text, x=212, y=y, fill=fill))
    height = 72 + len(shown) * _LINE
    return svg.document(*parts, width=_WIDTH, height=height, label=f"{title}; {words}")

"""SVG as text: escaping, elements, estimated text widths. No random ids, no time, no fonts.

All lengths are in pixels, the size of letters too.
"""

from __future__ import annotations

import textwrap
from html import escape

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

INK, MUTED, LINE, PAPER, SHADE = "#1f2328", "#59636e", "#d1d9e0", "#ffffff", "#f6f8fa"
ALARM = "#b3261e"

# The average advance of a sans-serif letter, in ems: drawing must not depend on installed fonts.
_EM = 0.55


def number(value: float) -> str:
    """A coordinate, at most two decimals, without trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def element(tag: str, *children: str, **attributes: str | float) -> str:
    """One element; `stroke_width` becomes `stroke-width`, `class_` becomes `class`."""
    parts = [tag]
    for name, value in attributes.items():
        text = value if isinstance(value, str) else number(value)
        parts.append(f'{name.rstrip("_").replace("_", "-")}="{escape(text)}"')
    opening = " ".join(parts)
    return f"<{opening}>{''.join(children)}</{tag}>" if children else f"<{opening}/>"


def text(
    words: str,
    *,
    x: float,
    y: float,
    size: float = 12,
    fill: str = INK,
    weight: str = "",
    anchor: str = "",
) -> str:
    """A line of text with its baseline at y."""
    chosen = {"font_weight": weight, "text_anchor": anchor}
    special = {name: value for name, value in chosen.items() if value}
    return element("text", escape(words), x=x, y=y, font_size=size, fill=fill, **special)


def box(
    *,
    x: float,
    y: float,
    width: float,
    height: float,
    fill: str = PAPER,
    stroke: str = LINE,
    radius: float = 8,
    dashed: bool = False,
) -> str:
    """A rounded rectangle."""
    dashes = {"stroke_dasharray": "4 3"} if dashed else {}
    return element(
        "rect", x=x, y=y, width=width, height=height, rx=radius, fill=fill, stroke=stroke, **dashes
    )


def text_width(words: str, *, size: float = 12) -> float:
    """About how wide a line of text is."""
    return len(words) * size * _EM


def shorten(words: str, *, width: float, size: float = 12) -> str:
    """The text, cut with an ellipsis to fit a width."""
    room = max(int(width / (size * _EM)), 1)
    return words if len(words) <= room else words[: room - 1] + "…"


def wrap(words: str, *, width: float, size: float = 12) -> list[str]:
    """The text as lines that fit a width."""
    room = max(int(width / (size * _EM)), 1)
    return textwrap.wrap(words, room, break_long_words=True) or [""]


def heading(title: str, words: str, *, width: float, alarm: bool = False) -> list[str]:
    """A picture's title, and below it what it says in one line; in red where something is wrong."""
    return [
        text(title, x=20, y=30, size=15, weight="600"),
        text(shorten(words, width=width - 40), x=20, y=49, fill=ALARM if alarm else MUTED),
    ]


def document(*children: str, width: float, height: float, label: str) -> str:
    """A picture of its own, with a white ground so that it also reads on a dark page."""
    ground = element("rect", width=width, height=height, rx=10, fill=PAPER)
    return element(
        "svg",
        element("title", escape(label)),
        ground,
        *children,
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {number(width)} {number(height)}",
        font_family=FONT,
        role="img",
        aria_label=label,
    )

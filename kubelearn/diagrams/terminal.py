"""The last lines of a terminal, on paper."""

from __future__ import annotations

import re

from kubelearn.diagrams import svg

_WIDTH = 760
_LINE = 18
_MOST = 16
_MONO = "ui-monospace, 'DejaVu Sans Mono', monospace"
# Control sequences (colours, movements), titles, and other escapes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_=>()].?)")


def plain_lines(text: str) -> list[str]:
    """What is left to read of a terminal's output: no colours, and erased letters are gone."""
    return [_overwritten(line) for line in _ESCAPES.sub("", text).split("\n")]


def _overwritten(line: str) -> str:
    shown: list[str] = []
    at = 0
    for letter in line:
        if letter == "\r":
            at = 0
        elif letter == "\b":
            at = max(at - 1, 0)
        elif letter >= " ":
            shown[at : at + 1] = letter
            at += 1
    return "".join(shown).rstrip()


def draw(title: str, text: str, *, words: str) -> str:
    """The last lines as SVG."""
    lines = [line for line in plain_lines(text) if line][-_MOST:]
    height = 70 + max(len(lines), 1) * _LINE
    parts = svg.heading(title, words, width=_WIDTH)
    rows = [
        svg.text(svg.shorten(line, width=_WIDTH - 40, size=13), x=20, y=74 + i * _LINE)
        for i, line in enumerate(lines)
    ]
    parts.append(svg.element("g", *rows, font_family=_MONO) if rows else "")
    return svg.document(*parts, width=_WIDTH, height=height, label=f"{title}; {words}")

"""A question and its options on paper."""

from __future__ import annotations

from collections.abc import Sequence

from kubelearn.diagrams import svg

_WIDTH = 760
_LINE = 20
LETTERS = "abcdefghij"


def draw(question: str, options: Sequence[str], *, word: str = "Predict") -> str:
    """The question with its options as SVG."""
    parts: list[str] = [
        svg.text(word, x=24, y=30, size=11, weight="600", fill=svg.MUTED),
    ]
    y = 52.0
    for line in svg.wrap(question, width=_WIDTH - 60, size=14):
        parts.append(svg.text(line, x=24, y=y, size=14, weight="600"))
        y += _LINE
    y += 8
    for letter, option in zip(LETTERS, options, strict=False):
        lines = svg.wrap(option, width=_WIDTH - 110, size=13)
        height = len(lines) * 18 + 14
        parts.append(svg.box(x=24, y=y, width=_WIDTH - 48, height=height, fill=svg.SHADE))
        parts.append(svg.text(letter, x=40, y=y + 21, size=13, weight="600", fill=svg.MUTED))
        for i, line in enumerate(lines):
            parts.append(svg.text(line, x=66, y=y + 21 + i * 18, size=13))
        y += height + 8
    return svg.document(*parts, width=_WIDTH, height=y + 10, label=f"{word}: {question}")

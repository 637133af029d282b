"""Long work on paper: its title. How far it was, and how long it took, differs every time."""

from __future__ import annotations

from kubelearn.diagrams import svg

_WIDTH, _HEIGHT = 760, 44


def draw(title: str) -> str:
    """The title as SVG."""
    words = svg.shorten(title, width=_WIDTH - 90, size=13)
    return svg.document(
        svg.box(x=20, y=17, width=44, height=10, radius=5, fill=svg.SHADE),
        svg.box(x=20, y=17, width=26, height=10, radius=5, fill="#56b4e9"),
        svg.text(words, x=78, y=27, size=13),
        width=_WIDTH,
        height=_HEIGHT,
        label=title,
    )

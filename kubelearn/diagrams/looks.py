"""How things are told apart in pictures: a colour and, for those who see it otherwise, a glyph."""

from __future__ import annotations

from dataclasses import dataclass

from kubelearn.diagrams import svg


@dataclass(frozen=True)
class Look:
    """One kind of thing as it is shown. Colours are Okabe and Ito's, so that colour-blind people
    see them apart; the glyph says the same without colour. `glyph` is a path in a box of 16 by 16.
    """

    label: str
    meaning: str
    colour: str
    edge: str
    glyph: str


def badge(look: Look, *, x: float, y: float, size: float = 18) -> str:
    """A look's glyph on its colour."""
    scale = svg.number(size / 18)
    disc = svg.element("circle", cx=9, cy=9, r=8.5, fill=look.colour, stroke=look.edge)
    glyph = svg.element(
        "path",
        d=look.glyph,
        transform="translate(1 1)",
        fill="none",
        stroke="#111111",
        stroke_width=1.8,
        stroke_linecap="round",
        stroke_linejoin="round",
    )
    place = f"translate({svg.number(x)} {svg.number(y)}) scale({scale})"
    return svg.element("g", disc, glyph, transform=place)

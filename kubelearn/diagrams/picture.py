"""A drawn picture as the value of a cell: seen in a notebook, and one line in a terminal."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree


class Picture:
    """Shows SVG that one of the `draw` functions made; `export` takes it, too."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def picture(self) -> str:
        """The SVG."""
        return self.svg

    def __repr__(self) -> str:
        return ElementTree.fromstring(self.svg).get("aria-label") or "a picture"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}

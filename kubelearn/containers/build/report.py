"""What a build did, step by step, for people and for pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

State = Literal["running", "output", "cached", "done"]


@dataclass(frozen=True)
class Step:
    """One instruction of a build, told when it starts, as it prints, and when it is done."""

    number: int
    total: int
    stage: str
    """Empty if the Dockerfile has only one, without a name."""
    text: str
    line: int
    state: State = "running"
    why: str = ""
    """Why its result was taken from the cache, or could not be."""
    seconds: float = 0.0
    layer: str = ""
    """The digest of the layer that it made; empty if it made none."""
    size: int = 0
    """The layer's, in bytes."""
    output: str = ""
    """A piece of what a RUN prints."""

    @property
    def cached(self) -> bool:
        """Whether its result was there already."""
        return self.state == "cached"

    def __str__(self) -> str:
        mark = {"cached": "CACHED", "done": f"{self.seconds:.2f} s"}.get(self.state, "...")
        size = f", {format_size(self.size)}" if self.layer else ""
        place = f"{self.stage} {self.number}/{self.total}".strip()
        head = f"[{place}] {self.text}"
        return f"{head}\n    {mark}{size}{': ' + self.why if self.why else ''}"


Tell = Callable[[Step], None]


@dataclass(frozen=True)
class BuildReport:
    """A finished build."""

    name: str
    """The image's name; empty if it was given none."""
    id: str
    builder: str
    steps: Sequence[Step]
    size: int
    """The bytes of all layers, those of the base included."""
    seconds: float
    warnings: Sequence[str] = field(default=())

    def __str__(self) -> str:
        rows = [*map(str, self.steps), *(f"warning: {text}" for text in self.warnings)]
        cached = sum(step.cached for step in self.steps)
        what = self.name or self.id[:19]
        rows.append(
            f"{what} is built: {format_size(self.size)}, {cached} of {len(self.steps)} steps from "
            f"the cache, {self.seconds:.2f} s, by {self.builder}"
        )
        return "\n".join(rows)


def format_size(size: int) -> str:
    """Bytes as people read them, in Docker's units."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}"

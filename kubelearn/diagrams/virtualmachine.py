"""A container against a virtual machine, layer by layer: a fixed picture for lesson 02.

python -m kubelearn.diagrams.virtualmachine > lessons/pictures/container-or-virtual-machine.svg
"""

from __future__ import annotations

from kubelearn.diagrams import svg

_WIDTH, _HEIGHT = 760, 372
_COLUMN, _GAP = 340, 40
_ROW = 38
_APP, _LIBRARIES, _SYSTEM, _BELOW = "#56B4E9", "#F0E442", "#E69F00", "#D1D9E0"


def draw() -> str:
    """Two stacks side by side: three apps in virtual machines, and the same three in containers."""
    return svg.document(
        *_stack(
            20,
            title="Virtual machines",
            words="each app brings an operating system along",
            columns=[("app", _APP), ("libraries", _LIBRARIES), ("own kernel", _SYSTEM)],
            below=["hypervisor", "kernel of the host", "machine"],
        ),
        *_stack(
            20 + _COLUMN + _GAP,
            title="Containers",
            words="all apps share the one kernel, which keeps them apart",
            columns=[("app", _APP), ("libraries", _LIBRARIES)],
            below=["kernel of the host", "machine"],
        ),
        width=_WIDTH,
        height=_HEIGHT,
        label="Three apps in virtual machines, each with libraries and a kernel of its own, beside "
        "three apps in containers, which share the kernel of the host",
    )


def _stack(
    x: float, *, title: str, words: str, columns: list[tuple[str, str]], below: list[str]
) -> list[str]:
    width = (_COLUMN - 2 * 10) / 3
    bottom = _HEIGHT - 20 - len(below) * (_ROW + 6)
    top = bottom - len(columns) * (_ROW + 6) - 14
    parts = [
        svg.text(title, x=x, y=34, size=15, weight="600"),
        svg.text(words, x=x, y=53, fill=svg.MUTED),
    ]
    for number in range(3):
        left = x + number * (width + 10)
        height = len(columns) * (_ROW + 6) + 6
        parts.append(svg.box(x=left, y=top, width=width, height=height, dashed=True))
        for row, (name, colour) in enumerate(columns):
            y = top + 6 + row * (_ROW + 6)
            parts += _block(name, x=left + 6, y=y, width=width - 12, fill=colour)
    for row, name in enumerate(below):
        parts += _block(name, x=x, y=bottom + row * (_ROW + 6), width=_COLUMN, fill=_BELOW)
    return parts


def _block(name: str, *, x: float, y: float, width: float, fill: str) -> list[str]:
    return [
        svg.box(x=x, y=y, width=width, height=_ROW, fill=fill, radius=5),
        svg.text(name, x=x + width / 2, y=y + 24, anchor="middle"),
    ]


if __name__ == "__main__":
    print(draw())

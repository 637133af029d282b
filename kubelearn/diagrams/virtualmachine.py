"""A container against a virtual machine, layer by layer: a fixed picture for lesson 02.

python -m kubelearn.diagrams.virtualmachine > lessons/pictures/container-or-virtual-machine.svg
"""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.diagrams.parts import Part, picture, title

_HEIGHT = 372.0
_COLUMN, _GAP = 340.0, 40.0
_ROW = 38.0
_FILLS = {"app": "#56B4E9", "libraries": "#F0E442", "guest-kernel": "#E69F00"}
_BELOW = "#D1D9E0"
_SIDES = {"vm": "virtual machine", "container": "container"}
_NAMES = {
    "guest-kernel": "own kernel",
    "hypervisor": "hypervisor",
    "kernel": "kernel of the host",
    "machine": "machine",
}
_MEANINGS = {
    "app": "the program itself",
    "libraries": "the files that the app needs: libraries, an interpreter, settings",
    "guest-kernel": "a whole operating system, started for one app",
    "hypervisor": "shows each virtual machine hardware of its own",
    "kernel": "the one kernel that runs on the machine",
    "machine": "the hardware",
}


def draw(*, mark: Iterable[str] = ()) -> str:
    """Two stacks side by side: three apps in virtual machines, and the same three in containers.

    `mark` names parts by their ids, such as `vm-guest-kernel-1` or `container-kernel`.
    """
    left, right = 20.0, 20 + _COLUMN + _GAP
    machines = ["app", "libraries", "guest-kernel"]
    return picture(
        [
            *_stack("vm", left, layers=machines, below=["hypervisor", "kernel", "machine"]),
            *_stack("container", right, layers=machines[:2], below=["kernel", "machine"]),
        ],
        mark=mark,
        height=_HEIGHT,
        label="Three apps in virtual machines, each with libraries and a kernel of its own, beside "
        "three apps in containers, which share the kernel of the host",
        words=[
            *title("Virtual machines", "each app brings an operating system along", x=left),
            *title("Containers", "all apps share the one kernel, which keeps them apart", x=right),
        ],
    )


def _stack(side: str, x: float, *, layers: list[str], below: list[str]) -> list[Part]:
    width = (_COLUMN - 2 * 10) / 3
    bottom = _HEIGHT - 20 - len(below) * (_ROW + 6)
    top = bottom - len(layers) * (_ROW + 6) - 14
    parts = []
    for number in range(1, 4):
        left = x + (number - 1) * (width + 10)
        height = len(layers) * (_ROW + 6) + 6
        meaning = f"a {_SIDES[side]} with what is its own"
        parts.append(
            Part(f"{side}-{number}", left, top, width, height, "", side, "", meaning, frame=True)
        )
        for row, kind in enumerate(layers):
            y = top + 6 + row * (_ROW + 6)
            parts.append(_block(f"{side}-{kind}-{number}", kind, left + 6, y, width=width - 12))
    return [
        *parts,
        *(
            _block(f"{side}-{kind}", kind, x, bottom + row * (_ROW + 6), width=_COLUMN)
            for row, kind in enumerate(below)
        ),
    ]


def _block(part: str, kind: str, x: float, y: float, *, width: float) -> Part:
    name = _NAMES.get(kind, kind)
    fill = _FILLS.get(kind, _BELOW)
    return Part(part, x, y, width, _ROW, name, kind, meaning=_MEANINGS[kind], fill=fill)


if __name__ == "__main__":
    print(draw())

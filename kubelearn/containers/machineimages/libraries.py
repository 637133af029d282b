"""Which shared libraries a program loads: what `ldd` prints, asked of the program's own loader.

`ldd` would start once a file; the loader takes a program and all of Python's extension modules at
one go. A script or a static program has no loader and needs nothing.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

from kubelearn.errors import ContainerError

_FOUND = re.compile(r"^\s*(?:\S+ => )?(/.+) \(0x[0-9a-f]+\)$", re.MULTILINE)
# From elf.h: the segment that names the program's loader.
_PT_INTERP = 3


def libraries(program: Path, *, modules: Iterable[Path] = ()) -> list[Path]:
    """The libraries of a program and of modules that it may load, its loader included.

    Raises ContainerError if the machine lacks one that the program itself needs.
    """
    loader = loader_of(program)
    if loader is None:
        return []
    extra = [os.fspath(module) for module in modules]
    found = _listed([loader, "--list", os.fspath(program)], program)
    if extra:
        preload = [loader, "--preload", ":".join(extra), "--list", os.fspath(program)]
        found |= _listed(preload, program)
    return sorted({Path(loader), *map(Path, found.keys() - set(extra))})


def loader_of(program: Path) -> str | None:
    """The loader that a program names; None if it has none, or is no program for Linux."""
    with program.open("rb") as file:
        head = file.read(64)
        if head[:4] != b"\x7fELF" or len(head) < 64:
            return None
        order, wide = ("<" if head[5] == 1 else ">"), head[4] == 2
        offset = struct.unpack_from(f"{order}Q" if wide else f"{order}I", head, 32 if wide else 28)
        size, count = struct.unpack_from(f"{order}HH", head, 54 if wide else 42)
        for number in range(count):
            file.seek(offset[0] + number * size)
            entry = file.read(size)
            if struct.unpack_from(f"{order}I", entry)[0] == _PT_INTERP:
                place, length = (
                    (struct.unpack_from(f"{order}Q", entry, at)[0] for at in (8, 32))
                    if wide
                    else (struct.unpack_from(f"{order}I", entry, at)[0] for at in (4, 16))
                )
                file.seek(place)
                return os.fsdecode(file.read(length).rstrip(b"\0"))
    return None


def _listed(command: list[str], program: Path) -> dict[str, None]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ContainerError(
            f"{program} cannot be put into an image: {done.stderr.strip() or done.stdout.strip()}",
            hint=f"{program} --version   # does it run here at all?",
        )
    return dict.fromkeys(_FOUND.findall(done.stdout))

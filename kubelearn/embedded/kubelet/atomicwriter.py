"""Files that change all at once: `pkg/volume/util/atomic_writer.go`.

Readers follow `name` to `..data/name`, and `..data` to a folder named by time. A new set of files
gets a folder of its own; moving the one link shows all of it, or none.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_DATA = "..data"


@dataclass(frozen=True)
class File:
    """A file to be: what it holds and its mode bits."""

    content: bytes
    mode: int


def write_all(folder: Path, files: Mapping[str, File]) -> bool:
    """Make the folder hold exactly these files; tells whether anything had to change."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / _DATA
    if data.exists() and _hold(data.resolve()) == files:
        return False
    old = data.resolve() if data.is_symlink() else None
    fresh = folder / f"..{secrets.token_hex(5)}"
    for name, file in files.items():
        _write(fresh / name, file)
    fresh.mkdir(exist_ok=True)
    moving = folder / "..data_tmp"
    moving.symlink_to(fresh.name)
    moving.rename(data)
    _show(folder, {name.partition("/")[0] for name in files})
    if old:
        shutil.rmtree(old, ignore_errors=True)
    return True


def _write(path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.content)
    path.chmod(file.mode)


def _show(folder: Path, names: set[str]) -> None:
    visible = {entry.name for entry in os.scandir(folder) if not entry.name.startswith("..")}
    for name in visible - names:
        (folder / name).unlink()
    for name in names - visible:
        (folder / name).symlink_to(f"{_DATA}/{name}")


def _hold(folder: Path) -> dict[str, File]:
    return {
        str(path.relative_to(folder)): File(path.read_bytes(), path.stat().st_mode & 0o7777)
        for path in folder.rglob("*")
        if path.is_file()
    }

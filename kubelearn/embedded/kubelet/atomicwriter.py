"""Files that change all at once: `pkg/volume/util/atomic_writer.go`.

Readers follow `name` to `..data/name`, and `..data` to a folder named by time. A new set of files
gets a folder of its own; moving the one link shows all of it, or none.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kubelearn.embedded.kubelet.ownership import make_folder

_DATA = "..data"


@dataclass(frozen=True)
class File:
    """A file to be: what it holds and its mode bits."""

    content: bytes
    mode: int
    owner: int = -1
    """Whose it is, if that can be chosen."""


def write_all(folder: Path, files: Mapping[str, File], *, group: int | None = None) -> bool:
    """Make the folder hold exactly these files; tells whether anything had to change.

    A group can read all of them. Owners and groups are left alone unless this process is root.
    """
    if os.geteuid():
        group = None
        files = {name: replace(file, owner=-1) for name, file in files.items()}
    elif group is not None:
        files = {name: replace(file, mode=file.mode | 0o440) for name, file in files.items()}
    make_folder(folder)
    data = folder / _DATA
    if data.exists() and _is_up_to_date(data.resolve(), files):
        return False
    old = data.resolve() if data.is_symlink() else None
    fresh = folder / f"..{secrets.token_hex(5)}"
    for name, file in files.items():
        _write(fresh / name, file, -1 if group is None else group)
    make_folder(fresh)
    if group is not None:
        _let_in(folder, fresh, group)
    moving = folder / "..data_tmp"
    moving.symlink_to(fresh.name)
    moving.rename(data)
    _show(folder, {name.partition("/")[0] for name in files})
    if old:
        shutil.rmtree(old, ignore_errors=True)
    return True


def _write(path: Path, file: File, group: int) -> None:
    make_folder(path.parent)
    path.write_bytes(file.content)
    if (file.owner, group) != (-1, -1):
        os.chown(path, file.owner, group)
    path.chmod(file.mode)


def _let_in(folder: Path, fresh: Path, group: int) -> None:
    for place in (folder, fresh, *(inner for inner in fresh.rglob("*") if inner.is_dir())):
        os.chown(place, -1, group)
        place.chmod(0o2775)


def _show(folder: Path, names: set[str]) -> None:
    visible = {entry.name for entry in os.scandir(folder) if not entry.name.startswith("..")}
    for name in visible - names:
        (folder / name).unlink()
    for name in names - visible:
        (folder / name).symlink_to(f"{_DATA}/{name}")


def _is_up_to_date(folder: Path, files: Mapping[str, File]) -> bool:
    found = {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode & 0o7777)
        for path in folder.rglob("*")
        if path.is_file()
    }
    return found == {name: (file.content, file.mode) for name, file in files.items()}

"""Whose the files of a volume are: `pkg/volume/volume_linux.go`.

Folders that the kubelet makes are for whichever user a container has; that nobody else of this
machine gets to them is seen to by the folder that they are all in. Only root can give files away.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

_READ_WRITE, _INTO_FOLDERS = 0o660, 0o2110


def make_folder(path: Path, mode: int = 0o755) -> None:
    """Make a folder that is missing, and those around it, whatever this process's umask."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        path.chmod(mode)


def give_to_group(folder: Path, group: int) -> None:
    """Let a group have all that is in a folder, and whatever will come into it."""
    if os.geteuid():
        return
    for place, _, files in os.walk(folder):
        for path in (place, *(os.path.join(place, name) for name in files)):
            _give(path, group)


def _give(path: str, group: int) -> None:
    os.lchown(path, -1, group)
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return
    extra = _INTO_FOLDERS if stat.S_ISDIR(mode) else 0
    os.chmod(path, stat.S_IMODE(mode) | _READ_WRITE | extra)

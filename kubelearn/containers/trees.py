"""Whole folders of files: sharing, measuring and removing them, with owners and modes kept."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path


def clone(source: Path, target: Path) -> None:
    """Make `target` a copy whose files are hard links: nobody may write to either afterwards."""
    target.mkdir(exist_ok=True)
    with os.scandir(source) as entries:
        for entry in entries:
            place = target / entry.name
            if entry.is_dir(follow_symlinks=False):
                clone(Path(entry.path), place)
            else:
                _link(entry.path, place)
    copy_attributes(source, target)


def copy_attributes(source: Path, target: Path) -> None:
    """Give a file or folder the mode, times and, as root, the owner of another one."""
    found = source.lstat()
    if os.geteuid() == 0:
        os.chown(target, found.st_uid, found.st_gid, follow_symlinks=False)
    if not stat.S_ISLNK(found.st_mode):
        target.chmod(stat.S_IMODE(found.st_mode))
    os.utime(target, ns=(found.st_mtime_ns, found.st_mtime_ns), follow_symlinks=False)


def size(folder: Path) -> int:
    """How many bytes its files have; a file with several names counts once."""
    seen: dict[int, int] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            found = os.lstat(os.path.join(place, name))
            if stat.S_ISREG(found.st_mode):
                seen[found.st_ino] = found.st_size
    return sum(seen.values())


def remove(path: Path) -> None:
    """Remove a file, link or folder, with folders in it that forbid that."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    if os.geteuid() != 0:
        for folder, folders, _ in os.walk(path):
            os.chmod(folder, 0o700)
            for name in folders:
                if not os.path.islink(os.path.join(folder, name)):
                    os.chmod(os.path.join(folder, name), 0o700)
    shutil.rmtree(path)


def discard(path: Path) -> None:
    """Remove what can be removed of a file, link or folder."""
    with contextlib.suppress(OSError):
        remove(path)


def _link(source: str, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno != errno.EMLINK:
            raise
        shutil.copyfile(source, target, follow_symlinks=False)
        copy_attributes(Path(source), target)

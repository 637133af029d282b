"""Paths inside a root folder, followed as a container would follow them.

A link in an image may say `/etc/x` or `../../../etc/x`: inside that means the container's own file,
never this machine's. The kernel does this for a container; who reads or writes its files from
outside has to do it by hand (`cyphar/filepath-securejoin`).
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

# As many as the kernel follows.
_MOST_LINKS = 40


def inside(root: Path, path: str | os.PathLike[str], *, follow_last: bool = True) -> Path:
    """Where a path of the container lies below `root`, whether it exists or not.

    The last part is followed too if it is a link, unless told otherwise. Raises OSError when links
    lead in a circle.
    """
    left = [part for part in reversed(os.fspath(path).split("/")) if part not in ("", ".")]
    walked: list[str] = []
    links = 0
    while left:
        part = left.pop()
        if part == "..":
            walked = walked[:-1]
            continue
        here = os.path.join(root, *walked, part)
        if not os.path.islink(here) or not (left or follow_last):
            walked.append(part)
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(path))
        target = os.readlink(here)
        if target.startswith("/"):
            walked = []
        left += [part for part in reversed(target.split("/")) if part not in ("", ".")]
    return Path(root, *walked)

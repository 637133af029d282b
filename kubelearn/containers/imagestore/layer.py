"""A layer in the making: files as a tar archive that is the same whenever and wherever it is made.

Entries are sorted, have one fixed time and numeric owners. It is not compressed, since compressors
differ between machines; so its digest is its diff id too. A file that is gone is a whiteout, as the
OCI image specification has it.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from kubelearn.containers.imagestore.blobs import Blobs, Descriptor

LAYER = "application/vnd.oci.image.layer.v1.tar"
# 1980 is the earliest that all archive formats know.
EPOCH = 315532800
CREATED = "1980-01-01T00:00:00Z"
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
_OPAQUE_MARKS = ("trusted.overlay.opaque", "user.overlay.opaque")
_WHITEOUT_MARKS = ("trusted.overlay.whiteout", "user.overlay.whiteout")


@dataclass(frozen=True)
class Entry:
    """One file, folder or link of a layer; `path` has no slash in front."""

    path: str
    mode: int
    source: Path | None = None
    """A file's content. A folder has neither source nor target."""
    target: str = ""
    uid: int = 0
    gid: int = 0
    kind: bytes = tarfile.DIRTYPE

    def owned_by(self, uid: int, gid: int) -> Entry:
        """The same, as somebody else's."""
        return replace(self, uid=uid, gid=gid)


def write_layer(blobs: Blobs, entries: Iterable[Entry]) -> Descriptor:
    """Keep a layer of these entries. Raises ContainerError."""
    unique = {entry.path: entry for entry in entries}
    with blobs.writer() as file:
        archive = tarfile.TarFile(
            fileobj=cast(IO[bytes], file), mode="w", format=tarfile.PAX_FORMAT
        )
        for path in sorted(unique, key=lambda path: path.split("/")):
            _write(archive, unique[path])
        # The end of an archive; closing it would fill it up to 10 kB, of which most layers of a
        # course have less.
        file.write(bytes(2 * tarfile.BLOCKSIZE))
    return file.descriptor(LAYER)


def _write(archive: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.path)
    info.type, info.mode, info.linkname = entry.kind, entry.mode, entry.target
    info.uid, info.gid, info.mtime = entry.uid, entry.gid, EPOCH
    if entry.kind == tarfile.REGTYPE and entry.source:
        with entry.source.open("rb") as content:
            info.size = os.fstat(content.fileno()).st_size
            archive.addfile(info, content)
    else:
        archive.addfile(info, io.BytesIO())


def entry_of(path: str, source: Path) -> Entry | None:
    """A file of this machine as an entry of that name; None for what a layer cannot hold."""
    found = source.lstat()
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        return Entry(path, 0o777, target=os.readlink(source), kind=tarfile.SYMTYPE)
    if stat.S_ISDIR(found.st_mode):
        return Entry(path, mode)
    if stat.S_ISREG(found.st_mode):
        return Entry(path, mode, source=source, kind=tarfile.REGTYPE)
    return None


def whiteout(path: str) -> Entry:
    """What says that a path of a lower layer is gone."""
    folder, _, name = path.rpartition("/")
    place = f"{folder}/{WHITEOUT}{name}" if folder else f"{WHITEOUT}{name}"
    return Entry(place, 0o644, kind=tarfile.REGTYPE)


def entries_of(folder: Path, *, keep_owners: bool = False) -> Iterator[Entry]:
    """All that is in a folder, and what an overlay file system noted there as gone."""
    names: dict[int, str] = {}
    for place, folders, files in os.walk(folder):
        relative = os.path.relpath(place, folder)
        prefix = "" if relative == "." else f"{relative}/"
        if prefix and _marked(Path(place), _OPAQUE_MARKS):
            yield Entry(f"{prefix}{OPAQUE}", 0o644, kind=tarfile.REGTYPE)
        for name in sorted(folders) + sorted(files):
            source, path = Path(place, name), f"{prefix}{name}"
            found = source.lstat()
            if _is_whiteout(source, found):
                yield whiteout(path)
                continue
            entry = entry_of(path, source)
            if entry and entry.kind == tarfile.REGTYPE and found.st_nlink > 1:
                first = names.setdefault(found.st_ino, path)
                if first != path:
                    entry = replace(entry, kind=tarfile.LNKTYPE, target=first, source=None)
            if entry:
                yield entry.owned_by(found.st_uid, found.st_gid) if keep_owners else entry


def _is_whiteout(source: Path, found: os.stat_result) -> bool:
    if stat.S_ISCHR(found.st_mode):
        return found.st_rdev == 0
    return stat.S_ISREG(found.st_mode) and not found.st_size and _marked(source, _WHITEOUT_MARKS)


def _marked(path: Path, marks: Iterable[str]) -> bool:
    try:
        return any(mark in marks for mark in os.listxattr(path, follow_symlinks=False))
    except OSError:  # no such attributes on this file system
        return False

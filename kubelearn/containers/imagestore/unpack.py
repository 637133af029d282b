"""A layer put onto a root folder: containerd's `archive.Apply`, with the same care.

Layers come from anywhere. Each path is followed inside the root, whatever links lie there; what
names a place outside, is sparse, or has more bytes than there is room for, is refused. Left out:
devices, which a runtime makes anew, and extended attributes.
"""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, cast

from kubelearn.containers import trees
from kubelearn.containers.imagestore.blobs import Blobs, Descriptor, Hashing, Readable, check
from kubelearn.containers.imagestore.errors import BrokenImage
from kubelearn.containers.imagestore.layer import OPAQUE, WHITEOUT
from kubelearn.containers.rootpath import inside

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_SPARSE = (tarfile.GNUTYPE_SPARSE,)
_AGAIN = "pull, load or build the image again"
_MALFORMED = (tarfile.TarError, EOFError, ValueError, OverflowError)
# Any other error of the system comes from what the layer says.
_MACHINES_FAULT = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM)


def apply(blobs: Blobs, layer: Descriptor, root: Path, *, diff_id: str) -> None:
    """Put a layer onto a root. Raises BrokenImage with the layer's digest.

    After an error the root is half done: it must not be used.
    """
    digest = str(layer["digest"])
    try:
        with blobs.open(layer) as file:
            content = Hashing(decompressed(file, digest))
            with tarfile.open(fileobj=cast(IO[bytes], content), mode="r|") as archive:
                _Application(root, archive).run()
            content.drain()
            check(content, digest=diff_id, size=-1)
    except BrokenImage as error:
        message = error.message if digest in error.message else f"{digest}: {error.message}"
        raise BrokenImage(message, hint=_AGAIN) from error
    except _MALFORMED as error:
        raise BrokenImage(f"{digest} is broken: {error}", hint=_AGAIN) from error
    except OSError as error:
        if error.errno in _MACHINES_FAULT:
            raise
        raise BrokenImage(f"{digest} is broken: {error}", hint=_AGAIN) from error


def decompressed(file: Hashing, digest: str) -> Readable:
    """A layer's bytes as they were before compression. Raises BrokenImage for what is unknown."""
    start = file.read(4)
    whole = _Prefixed(start, file)
    if start.startswith(_GZIP):
        return _Gunzipped(gzip.GzipFile(fileobj=cast(IO[bytes], whole)), digest)
    if start == _ZSTD:
        raise BrokenImage(f"{digest} is compressed with zstd, which is not read here")
    return whole


class _Gunzipped:
    """What is inside a compressed layer. Raises BrokenImage as it is read."""

    def __init__(self, file: gzip.GzipFile, digest: str) -> None:
        self._file = file
        self._digest = digest

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._file.read(size)
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise BrokenImage(f"{self._digest} is broken: {error}", hint=_AGAIN) from error


class _Prefixed:
    """Bytes that were looked at already, and the rest."""

    def __init__(self, start: bytes, file: Hashing) -> None:
        self._start = start
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        if not self._start:
            return self._file.read(size)
        if size < 0:
            data, self._start = self._start + self._file.read(), b""
        else:
            data, self._start = self._start[:size], self._start[size:]
        return data


class _Application:
    """One layer on its way into a root."""

    def __init__(self, root: Path, archive: tarfile.TarFile) -> None:
        self._root = root
        self._archive = archive
        self._added: set[Path] = set()
        self._folders: list[tuple[Path, tarfile.TarInfo]] = []
        self._room = shutil.disk_usage(root).free

    def run(self) -> None:
        for member in self._archive:
            self._check(member)
            path = PurePosixPath(member.name)
            if path.name:  # the root itself stays as it is
                self._put(member, path)
        # Last, because a folder may forbid what is still to come.
        for folder, member in reversed(self._folders):
            if folder.is_dir():
                self._finish(folder, member)

    def _check(self, member: tarfile.TarInfo) -> None:
        for name in (member.name, member.linkname if member.islnk() else ""):
            if name.startswith("/") or ".." in name.split("/"):
                raise BrokenImage(f"the entry {member.name!r} leads out of the image ({name!r})")
        if member.type in _SPARSE or member.sparse is not None:
            raise BrokenImage(f"the entry {member.name!r} is a sparse file")
        self._room -= member.size
        if member.size < 0 or self._room < 0:
            raise BrokenImage(f"the entry {member.name!r} has more bytes than there is room for")

    def _put(self, member: tarfile.TarInfo, path: PurePosixPath) -> None:
        folder = inside(self._root, path.parent)
        if path.name == OPAQUE:
            self._empty(folder)
        elif path.name.startswith(WHITEOUT):
            self._white_out(folder, path.name.removeprefix(WHITEOUT))
        else:
            _make_folders(folder)
            place = folder / path.name
            self._make(member, place)
            self._added.add(place)

    def _make(self, member: tarfile.TarInfo, place: Path) -> None:
        is_folder = place.is_dir() and not place.is_symlink()
        if member.isdir() and is_folder:
            self._folders.append((place, member))
            return
        if os.path.lexists(place):
            trees.remove(place)
        if member.isdir():
            place.mkdir()
            self._folders.append((place, member))
        elif member.issym():
            place.symlink_to(member.linkname)
            self._finish(place, member)
        elif member.islnk():
            self._link(member, place)
        elif member.isreg():
            self._write(member, place)
            self._finish(place, member)
        elif member.isfifo():
            os.mkfifo(place)
            self._finish(place, member)

    def _link(self, member: tarfile.TarInfo, place: Path) -> None:
        target = inside(self._root, member.linkname, follow_last=False)
        try:
            os.link(target, place, follow_symlinks=False)
        except OSError as error:
            words = f"the entry {member.name!r} is a link to {member.linkname!r}: {error.strerror}"
            raise BrokenImage(words) from error

    def _write(self, member: tarfile.TarInfo, place: Path) -> None:
        content = self._archive.extractfile(member)
        with place.open("xb") as file:
            if content:
                shutil.copyfileobj(content, file, 2**20)

    def _finish(self, place: Path, member: tarfile.TarInfo) -> None:
        if os.geteuid() == 0:
            os.lchown(place, member.uid, member.gid)
        if not member.issym():
            # Whoever keeps the store has to get through it.
            own = 0o700 if member.isdir() else 0o400
            place.chmod(member.mode & 0o7777 | (0 if os.geteuid() == 0 else own))
        os.utime(place, (member.mtime, member.mtime), follow_symlinks=False)

    def _white_out(self, folder: Path, name: str) -> None:
        if name in ("", ".", "..") or "/" in name:
            raise BrokenImage(f"a whiteout names {name!r}")
        place = folder / name
        if place not in self._added and os.path.lexists(place):
            trees.remove(place)

    def _empty(self, folder: Path) -> None:
        if not folder.is_dir():
            return
        for place in list(folder.iterdir()):
            if place not in self._added:
                trees.remove(place)


def _make_folders(folder: Path) -> None:
    if not folder.is_dir():
        _make_folders(folder.parent)
        if os.path.lexists(folder):
            trees.remove(folder)
        folder.mkdir()
        folder.chmod(0o755)


def extract(file: Path, root: Path) -> None:
    """Unpack an archive, compressed or not, with the same care. Raises BrokenImage."""
    try:
        with tarfile.open(file, mode="r:*") as archive:
            _Application(root, archive).run()
    except _MALFORMED as error:
        raise BrokenImage(f"{file} is broken: {error}") from error

"""Content by its digest: `blobs/sha256/HEX`, as the OCI image layout has it.

A blob is written beside its place and moved there once its size and digest are right, so that what
has a name is whole. Reading checks again: disks and people change files.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Protocol, cast

from kubelearn.containers.imagestore.errors import BrokenImage, unwritable

Descriptor = dict[str, Any]
"""OCI's: mediaType, digest, size."""

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_PIECE = 2**20
# No manifest or configuration is larger; what claims to be would only fill the memory.
_MOST_JSON = 4 * 2**20


class Readable(Protocol):
    """What bytes can be read from."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, none at the end."""
        ...


class Hashing:
    """Passes bytes on and knows their digest and number."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, counted."""
        data = self._file.read(size)
        self._hash.update(data)
        self.size += len(data)
        return data

    def drain(self) -> None:
        """Read what is left."""
        while self.read(_PIECE):
            pass

    @property
    def digest(self) -> str:
        """Of what was read so far."""
        return f"sha256:{self._hash.hexdigest()}"


class HashingWriter:
    """A file that knows the digest and number of the bytes that were written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write bytes, counted."""
        self._hash.update(data)
        self.size += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        """Where the next byte goes."""
        return self.size

    @property
    def digest(self) -> str:
        """Of what was written so far."""
        return f"sha256:{self._hash.hexdigest()}"

    def descriptor(self, media_type: str) -> Descriptor:
        """The blob as manifests name it."""
        return {"mediaType": media_type, "digest": self.digest, "size": self.size}


class Blobs:
    """The blobs of one OCI image layout."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "blobs" / "sha256"
        self._new = folder / "ingest"

    def path(self, digest: str) -> Path:
        """Where a blob lies, or would. Raises BrokenImage for what is no digest."""
        found = _DIGEST.fullmatch(digest)
        if not found:
            raise BrokenImage(f"{digest!r} is not a digest: sha256 and 64 hexadecimal digits")
        return self._folder / found[1]

    def has(self, digest: str) -> bool:
        """Whether the blob is here."""
        return self.path(digest).exists()

    def __iter__(self) -> Iterator[str]:
        if self._folder.exists():
            for path in self._folder.iterdir():
                yield f"sha256:{path.name}"

    @contextmanager
    def writer(self) -> Iterator[HashingWriter]:
        """A file to write a blob to; it gets its name at the end. Raises ContainerError."""
        with self._writing(), self._temporary() as file:
            counted = HashingWriter(file)
            yield counted
            file.flush()
            place = self.path(counted.digest)
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.replace(file.name, place)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unwritable(self._folder.parent.parent, error) from error

    @contextmanager
    def _temporary(self) -> Iterator[IO[bytes]]:
        self._new.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(dir=self._new, delete=False) as file:
            try:
                yield cast(IO[bytes], file)
            finally:
                Path(file.name).unlink(missing_ok=True)

    def write(self, pieces: Iterable[bytes], *, digest: str = "", size: int = -1) -> HashingWriter:
        """Keep bytes; with a digest and size only if they are right. Raises BrokenImage."""
        with self.writer() as file:
            total = 0
            for piece in pieces:
                total += len(piece)
                if 0 <= size < total:
                    raise BrokenImage(f"{digest} is longer than the {size} bytes that it should be")
                file.write(piece)
            check(file, digest=digest, size=size)
        return file

    def add(self, data: bytes, media_type: str) -> Descriptor:
        """Keep bytes that are in memory."""
        return self.write([data]).descriptor(media_type)

    def add_json(self, value: object, media_type: str) -> Descriptor:
        """Keep an object; the same object is always the same bytes."""
        text = json.dumps(value, separators=(",", ":"), sort_keys=True)
        return self.add(text.encode(), media_type)

    def remove(self, digest: str) -> int:
        """Forget a blob; how many bytes that frees."""
        path = self.path(digest)
        size = path.stat().st_size
        path.unlink()
        return size

    def clear(self) -> None:
        """Remove what writers left that were killed; none may be at work."""
        for left in self._new.glob("*"):
            left.unlink()

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Hashing]:
        """Read a blob and check it, once the reader is done. Raises BrokenImage."""
        digest, size = str(descriptor["digest"]), int(descriptor.get("size", -1))
        try:
            file = self.path(digest).open("rb")
        except FileNotFoundError:
            raise BrokenImage(f"{digest} is missing from the image store") from None
        with file:
            counted = Hashing(file)
            yield counted
            counted.drain()
            check(counted, digest=digest, size=size)

    def json(self, descriptor: Descriptor) -> dict[str, Any]:
        """A manifest or configuration, checked. Raises BrokenImage."""
        with self.open(descriptor) as file:
            data = file.read(_MOST_JSON)
        return parse_json(data, str(descriptor["digest"]))


def check(counted: Hashing | HashingWriter, *, digest: str, size: int) -> None:
    """See that bytes are what they should be. Raises BrokenImage with the digest."""
    if 0 <= size != counted.size:
        words = "cut off" if counted.size < size else "too long"
        raise BrokenImage(f"{digest} is {words}: it has {counted.size} bytes instead of {size}")
    if digest and counted.digest != digest:
        raise BrokenImage(f"{digest} is broken: its bytes have the digest {counted.digest}")


def parse_json(data: bytes, digest: str) -> dict[str, Any]:
    """An object out of an image. Raises BrokenImage."""
    try:
        value = json.loads(data)
    except ValueError as error:
        raise BrokenImage(f"{digest} is broken: it is no JSON ({error})") from error
    if not isinstance(value, dict):
        raise BrokenImage(f"{digest} is broken: it is no JSON object")
    return value

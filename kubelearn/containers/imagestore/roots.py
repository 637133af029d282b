"""Merged root folders, one for each stack of layers: what containerd calls snapshots.

A root is named by its chain id, the digest of all its layers in order. It begins as hard links to
the root below it, so that images which share layers share files. Nobody writes to a root that has
its name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubelearn.containers import trees
from kubelearn.containers.filelock import locked
from kubelearn.containers.imagestore.blobs import Blobs, Descriptor
from kubelearn.containers.imagestore.errors import unwritable
from kubelearn.containers.imagestore.unpack import apply

_UNFINISHED = ".new"


@dataclass(frozen=True)
class Layer:
    """A layer of an image, compressed or not."""

    blob: Descriptor
    diff_id: str
    """The digest of its content when it is not compressed."""


def chain_ids(layers: Sequence[Layer]) -> list[str]:
    """The name of each stack: of the first layer, of the first two, and so on."""
    chain: list[str] = []
    for layer in layers:
        if not chain:
            chain.append(layer.diff_id)
        else:
            both = f"{chain[-1]} {layer.diff_id}".encode()
            chain.append(f"sha256:{hashlib.sha256(both).hexdigest()}")
    return chain


class Roots:
    """The roots in one folder."""

    def __init__(self, folder: Path, blobs: Blobs) -> None:
        self._folder = folder
        self._blobs = blobs

    def path(self, chain_id: str) -> Path:
        """Where the root of that chain id lies, or would."""
        return self._folder / chain_id.removeprefix("sha256:")

    def __iter__(self) -> Iterator[str]:
        if self._folder.exists():
            for path in self._folder.iterdir():
                if path.is_dir() and not path.name.endswith(_UNFINISHED):
                    yield f"sha256:{path.name}"

    def find(self, layers: Sequence[Layer]) -> Path | None:
        """The root of these layers if it is made."""
        place = self.path(chain_ids(layers)[-1]) if layers else self._folder / "empty"
        return place if place.is_dir() else None

    def make(self, layers: Sequence[Layer]) -> Path:
        """The root of these layers, made now if need be. Raises BrokenImage, ContainerError."""
        if found := self.find(layers):
            return found
        try:
            with locked(self._folder / "lock"):
                self._clear()
                return self.find(layers) or self._make(layers)
        except OSError as error:
            raise unwritable(self._folder, error) from error

    def adopt(self, layer: Layer, folder: Path) -> None:
        """Take a folder that is just what a first layer unpacks to."""
        place = self.path(layer.diff_id)
        with locked(self._folder / "lock"):
            if not place.is_dir():
                self._clear()
                new = place.with_name(f"{place.name}{_UNFINISHED}")
                trees.clone(folder, new)
                new.rename(place)

    def remove(self, chain_id: str) -> int:
        """Forget a root; how many bytes that frees, of files that it shares with none."""
        place = self.path(chain_id)
        freed = sum(
            found.st_size
            for folder, _, names in os.walk(place)
            for name in names
            if (found := os.lstat(os.path.join(folder, name))).st_nlink == 1
        )
        trees.remove(place)
        return freed

    def _make(self, layers: Sequence[Layer]) -> Path:
        chain = chain_ids(layers)
        place = self.path(chain[-1]) if chain else self._folder / "empty"
        new = place.with_name(f"{place.name}{_UNFINISHED}")
        below = next((n for n in range(len(chain), 0, -1) if self.path(chain[n - 1]).is_dir()), 0)
        try:
            if below:
                trees.clone(self.path(chain[below - 1]), new)
            else:
                new.mkdir()
                new.chmod(0o755)
            for layer in layers[below:]:
                apply(self._blobs, layer.blob, new, diff_id=layer.diff_id)
            new.rename(place)
        except BaseException:
            trees.remove(new)
            raise
        return place

    def _clear(self) -> None:
        """Remove what somebody who was killed left unfinished."""
        for left in self._folder.glob(f"*{_UNFINISHED}"):
            trees.remove(left)

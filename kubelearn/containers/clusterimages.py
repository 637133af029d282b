"""The images on one cluster's nodes: stock images, what was loaded, and what was pulled.

The image store is shared by all that a user builds; a node has only what was brought to it. So an
image that was built and not loaded cannot be pulled, as on a cluster whose nodes are machines of
their own. Stock images never come from a registry: they are there at once, offline too, and always
the same. All others are asked for where their name says, unless that is switched off.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kubelearn.containers import stock
from kubelearn.containers.filelock import locked
from kubelearn.containers.images import Image, PullError, Reference
from kubelearn.containers.imagestore import BrokenImage, Store, StoredImage
from kubelearn.containers.imagestore.blobs import Descriptor
from kubelearn.containers.runnable import runnable
from kubelearn.containers.stock import StockImages
from kubelearn.errors import ContainerError

# No learner should wait longer to read that a name has no answer.
_RESOLVE_SECONDS = 10


@dataclass(frozen=True)
class Loaded:
    """The names that were brought to a cluster's nodes, in a file of the cluster's folder."""

    file: Path

    def names(self) -> dict[str, Descriptor]:
        """Every name with its manifest."""
        try:
            found = json.loads(self.file.read_text())
        except (OSError, ValueError):
            return {}
        return dict(found)

    def put(self, name: str, manifest: Descriptor) -> None:
        """Add a name, or let it stand for another image."""
        with locked(self.file.with_suffix(".lock")):
            self._write({**self.names(), name: manifest})

    def drop(self, name: str) -> None:
        """Forget a name, which may be unknown."""
        with locked(self.file.with_suffix(".lock")):
            self._write({key: each for key, each in self.names().items() if key != name})

    def _write(self, names: Mapping[str, Descriptor]) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(names, indent=2))
        new.replace(self.file)


class ClusterImages:
    """An ImageStore for all nodes of a cluster.

    `rooted` says whether its containers have a root file system; without one they can only be what
    is built on this machine's own programs. `mirror` is asked in place of docker.io; with None no
    registry is.
    """

    def __init__(
        self,
        stock_images: StockImages,
        *,
        store: Store,
        loaded: Loaded,
        rooted: bool,
        mirror: str | None = "",
    ) -> None:
        self._stock = stock_images
        self._store = store
        self._loaded = loaded
        self._rooted = rooted
        self._mirror = mirror
        self._images = self._read()

    def find(self, reference: Reference) -> Image | None:
        """The image of that name if it is on the nodes."""
        return self._images.get(str(reference)) or self._stock.find(reference)

    def list(self) -> Sequence[Image]:
        """The images that are on the nodes."""
        return [*self._images.values(), *self._stock.list()]

    async def load(self, name: str) -> Image:
        """Bring an image from the store to the nodes. Raises ContainerError."""
        return await asyncio.to_thread(self._take, self._store.get(name))

    def remove(self, name: str) -> None:
        """Take an image off the nodes; containers that run it go on. Stock images stay."""
        full = str(Reference.parse(name))
        self._images.pop(full, None)
        self._loaded.drop(full)

    async def pull(self, reference: Reference) -> Image:
        """Bring an image to the nodes; all but stock images from a registry. Raises PullError."""
        if stock.describe(reference):
            return await self._stock.pull(reference)
        try:
            if self._mirror is None or not self._rooted:
                return await self._stock.pull(reference)  # which says what there is
            return await self._pull(reference, self._mirror)
        except TimeoutError:
            words = f'failed to resolve reference "{reference}": dial tcp: i/o timeout'
            raise self._failure(reference, words) from None
        except ContainerError as error:
            raise self._failure(reference, error.message) from error

    async def _pull(self, reference: Reference, mirror: str) -> Image:
        # A cluster that pulls nothing need not wait until this is loaded.
        from kubelearn.containers.imagestore.registry import Registry

        registry = Registry(mirror=mirror)
        resolving = asyncio.to_thread(registry.resolve, reference)
        resolved = await asyncio.wait_for(resolving, _RESOLVE_SECONDS)
        stored = await asyncio.to_thread(registry.fetch, reference, resolved, self._store)
        return await asyncio.to_thread(self._take, stored)

    def _failure(self, reference: Reference, words: str) -> PullError:
        prefix = f'failed to pull and unpack image "{reference}": '
        text = words if words.startswith(prefix) else prefix + words
        if str(reference) in self._store.names():
            text += (
                f" (the image store has it, these nodes do not: kubelearn images load "
                f"{reference.short})"
            )
        return PullError(text)

    def _take(self, stored: StoredImage) -> Image:
        image = self._image(stored)
        self._loaded.put(stored.name, stored.manifest)
        self._images[stored.name] = image
        return image

    def _image(self, stored: StoredImage) -> Image:
        return runnable(self._store, stored, files=None if self._rooted else self._stock.files)

    def _read(self) -> dict[str, Image]:
        found: dict[str, Image] = {}
        for name, manifest in self._loaded.names().items():
            try:
                stored = replace(self._store.by_digest(str(manifest["digest"])), name=name)
                found[name] = self._image(stored)
            except (BrokenImage, ContainerError):
                continue  # as if it had never been brought here
        return found

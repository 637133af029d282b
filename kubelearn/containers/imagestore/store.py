"""The image store: an OCI image layout, and merged roots for who runs the images.

All clusters and builds of a user share it. A name is written last, so that an image which has one
is whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubelearn.containers.filelock import locked
from kubelearn.containers.images import PATH, Image, Reference
from kubelearn.containers.imagestore.blobs import Blobs, Descriptor
from kubelearn.containers.imagestore.errors import BrokenImage, NoSuchImage
from kubelearn.containers.imagestore.index import Index
from kubelearn.containers.imagestore.roots import Layer, Roots, chain_ids
from kubelearn.errors import ContainerError

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


@dataclass(frozen=True)
class StoredImage:
    """An image of the store."""

    name: str
    manifest: Descriptor
    config: Mapping[str, Any]
    config_digest: str
    layers: Sequence[Layer]

    @property
    def id(self) -> str:
        """The digest of its configuration, which container tools call the image's id."""
        return self.config_digest

    @property
    def size(self) -> int:
        """The bytes of all its layers."""
        return sum(int(layer.blob["size"]) for layer in self.layers)

    @property
    def run_config(self) -> Mapping[str, Any]:
        """The part that says how to run it."""
        return self.config.get("config") or {}


class Store:
    """The image store in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = Blobs(folder)
        self.roots = Roots(folder / "rootfs", self.blobs)
        self._index = Index(folder)

    def in_use(self) -> AbstractContextManager[None]:
        """Hold this while blobs are written that no name leads to yet."""
        return locked(self.folder / "use.lock", shared=True)

    def names(self) -> list[str]:
        """The names of all images."""
        return sorted(self._index.names())

    def images(self) -> list[StoredImage]:
        """All images, by name; broken ones are left out."""
        return [found for name in self.names() if (found := self._whole(name))]

    def find(self, name: str | Reference) -> StoredImage | None:
        """The image of that name, or whose id begins so. Raises BrokenImage."""
        names = self._index.names()
        text = str(name if isinstance(name, Reference) else _complete(name))
        if text in names:
            return self._read(text, names[text])
        return next((each for each in self._by_id(str(name))), None)

    def get(self, name: str | Reference) -> StoredImage:
        """The image of that name. Raises NoSuchImage, BrokenImage."""
        found = self.find(name)
        if found is None:
            raise NoSuchImage(
                f"there is no image {name} in the image store",
                hint="kubelearn images   # what there is; kubelearn images build FOLDER --tag NAME",
            )
        return found

    def by_digest(self, digest: str) -> StoredImage:
        """The image whose manifest has that digest. Raises BrokenImage."""
        return self._read("", {"mediaType": MANIFEST, "digest": digest})

    def put(self, name: str, *, config: Mapping[str, Any], layers: Sequence[Layer]) -> StoredImage:
        """Keep an image of layers that are here, under a name. Raises ContainerError."""
        manifest = self.add(config=config, layers=layers)
        return self.tag(name, manifest)

    def add(self, *, config: Mapping[str, Any], layers: Sequence[Layer]) -> Descriptor:
        """Keep an image that has no name yet: its manifest."""
        return self.blobs.add_json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": self.blobs.add_json(config, CONFIG),
                "layers": [layer.blob for layer in layers],
            },
            MANIFEST,
        )

    def tag(self, name: str, manifest: Descriptor) -> StoredImage:
        """Let a name stand for an image. Raises BrokenImage if that is not whole."""
        full = str(Reference.parse(name))
        image = self._read(full, manifest)
        for layer in image.layers:
            if not self.blobs.has(str(layer.blob["digest"])):
                raise BrokenImage(f"the image {full} lacks its layer {layer.blob['digest']}")
        self._index.put(full, manifest)
        return image

    def remove(self, name: str) -> None:
        """Forget a name. Its content stays until `collect`. Raises NoSuchImage."""
        self._index.remove(self.get(name).name)

    def image(self, stored: StoredImage, *, stand_in: str = "") -> Image:
        """What runs when a container names it; its root is made now if need be."""
        config = stored.run_config
        env = dict(word.split("=", 1) for word in config.get("Env") or [] if "=" in word)
        return Image(
            stored.name,
            entrypoint=tuple(config.get("Entrypoint") or ()),
            cmd=tuple(config.get("Cmd") or ()),
            env={"PATH": PATH, **env},
            working_dir=config.get("WorkingDir") or "/",
            user=config.get("User") or "",
            rootfs=self.roots.make(stored.layers),
            stand_in=stand_in,
            size_bytes=stored.size,
            digest=stored.id,
        )

    def collect(self, *, keep: Sequence[Descriptor] = (), roots: bool = True) -> int:
        """Remove what no name and nothing in `keep` leads to; how many bytes that frees.

        `roots` says whether merged roots go too: a container that runs may still have one for its
        own. Raises ContainerError while somebody builds or pulls.
        """
        try:
            with locked(self.folder / "use.lock", wait=False):
                return self._collect(keep, roots=roots)
        except BlockingIOError:
            raise ContainerError(
                "the image store is in use: an image is being built, pulled or loaded",
                hint="kubelearn images prune   # once that is done",
            ) from None

    def _collect(self, keep: Sequence[Descriptor], *, roots: bool) -> int:
        self.blobs.clear()
        wanted: set[str] = set()
        chains: set[str] = set()
        for manifest in [*self._index.names().values(), *keep]:
            try:
                image = self._read("", manifest)
            except BrokenImage:
                continue
            wanted |= {str(manifest["digest"]), image.config_digest}
            wanted |= {str(layer.blob["digest"]) for layer in image.layers}
            chains.update(chain_ids(image.layers))
        freed = sum(self.blobs.remove(digest) for digest in set(self.blobs) - wanted)
        unused = set(self.roots) - chains if roots else set()
        return freed + sum(self.roots.remove(chain) for chain in unused)

    def _whole(self, name: str) -> StoredImage | None:
        try:
            return self.find(name)
        except BrokenImage:
            return None

    def _by_id(self, text: str) -> Iterator[StoredImage]:
        digest = text.removeprefix("sha256:")
        if len(digest) >= 4 and set(digest) <= set("0123456789abcdef"):
            for image in self.images():
                if image.id.removeprefix("sha256:").startswith(digest):
                    yield image

    def _read(self, name: str, manifest: Descriptor) -> StoredImage:
        content = self.blobs.json(manifest)
        try:
            config = self.blobs.json(content["config"])
            diff_ids = config["rootfs"]["diff_ids"]
            layers = [
                Layer(blob, diff_id)
                for blob, diff_id in zip(content["layers"], diff_ids, strict=True)
            ]
            digest = str(content["config"]["digest"])
        except (KeyError, TypeError, ValueError) as error:
            raise BrokenImage(
                f"the image {name or manifest['digest']} is broken: "
                f"{manifest['digest']} is no image's manifest ({error!r})"
            ) from error
        return StoredImage(name, manifest, config, digest, layers)


def _complete(name: str) -> Reference | str:
    try:
        return Reference.parse(name)
    except ContainerError:
        return name

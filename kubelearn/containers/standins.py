"""Stock images as images of the store: a layer of this machine's programs, to build on or export.

A label says of every image that is built on one what it stands in for.
"""

from __future__ import annotations

from dataclasses import replace

from kubelearn.containers import stock
from kubelearn.containers.build.bases import Base
from kubelearn.containers.images import Image, Reference
from kubelearn.containers.imagestore import Layer, Store, StoredImage
from kubelearn.containers.imagestore.layer import CREATED, entries_of, write_layer
from kubelearn.containers.imagestore.platform import architecture
from kubelearn.containers.machineimages import MachineImages

LABEL = "kubelearn.stand-in"
# Where such images are in the store; no registry has this name.
DOMAIN = "machine.local"


class StandIns:
    """Makes them when they are first needed."""

    def __init__(self, store: Store, roots: MachineImages) -> None:
        self._store = store
        self.roots = roots

    def supply(self, reference: Reference) -> Base | None:
        """What to build on when a Dockerfile names a stock image; None for all others."""
        image = stock.describe(reference)
        if image is None:
            return None
        words = f"{reference.short} is not here: {image.stand_in} stands for it"
        return Base.of(self.make(reference, image), note=words if image.stand_in else "")

    def make(self, reference: Reference, image: Image) -> StoredImage:
        """The image as one of the store. Raises ContainerError."""
        recipe = stock.recipe(reference.path)
        runs = replace(image, name="").id[7:15]
        name = f"{DOMAIN}/{reference.path}:{recipe.key}-{runs}"
        if found := self._store.find(name):
            return found
        with self._store.in_use():
            root = self.roots.make(recipe)
            blob = write_layer(self._store.blobs, entries_of(root))
            layer = Layer(blob, str(blob["digest"]))
            self._store.roots.adopt(layer, root)
            return self._store.put(name, config=_config(reference, image, layer), layers=[layer])


def _config(reference: Reference, image: Image, layer: Layer) -> dict[str, object]:
    return {
        "architecture": architecture(),
        "os": "linux",
        "created": CREATED,
        "config": {
            "Env": [f"{name}={value}" for name, value in image.env.items()],
            "Entrypoint": list(image.entrypoint) or None,
            "Cmd": list(image.cmd) or None,
            "WorkingDir": image.working_dir,
            "User": image.user,
            "Labels": {LABEL: reference.path},
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id]},
        "history": [
            {"created": CREATED, "created_by": f"this machine's programs, for {reference.path}"}
        ],
    }

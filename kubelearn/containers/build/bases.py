"""The images that a build begins with or copies from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubelearn.containers.images import Reference
from kubelearn.containers.imagestore import Layer, Store, StoredImage
from kubelearn.errors import ContainerError

SCRATCH = "scratch"


@dataclass(frozen=True)
class Base:
    """An image to build on."""

    id: str
    config: Mapping[str, Any]
    layers: Sequence[Layer]
    note: str = ""
    """What stands in for the image that was named."""

    @classmethod
    def of(cls, image: StoredImage, *, note: str = "") -> Base:
        """An image of the store."""
        return cls(image.id, image.config, image.layers, note)


EMPTY = Base(SCRATCH, {}, ())

Find = Callable[[str], Base]
Supply = Callable[[Reference], Base | None]


class Bases:
    """Where images are looked for: the store, then whatever else can supply one, in order."""

    def __init__(self, store: Store, supplies: Sequence[Supply] = ()) -> None:
        self._store = store
        self._supplies = supplies

    def find(self, name: str) -> Base:
        """The image of that name. Raises ContainerError."""
        if name == SCRATCH:
            return EMPTY
        reference = Reference.parse(name)
        if stored := self._store.find(reference):
            return Base.of(stored)
        for supply in self._supplies:
            if found := supply(reference):
                return found
        raise ContainerError(
            f"there is no image {reference.short} here",
            hint="kubelearn images   # what there is; kubelearn images import FILE adds others",
        )

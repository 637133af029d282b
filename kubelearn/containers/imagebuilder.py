"""What builds images, keeps them and says what they are made of: Docker Engine, or we ourselves.

Both answer the same calls with the same reports, so a lesson need not know which one it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kubelearn.containers.build.report import BuildReport, Tell, format_size
from kubelearn.errors import ContainerError


@dataclass(frozen=True)
class ImageSummary:
    """An image in one line."""

    name: str
    id: str
    size: int
    """In bytes."""
    layers: int

    def __str__(self) -> str:
        return f"{self.name:<40} {self.id[7:19]}  {format_size(self.size):>8}  {self.layers} layers"


@dataclass(frozen=True)
class LayerSummary:
    """What one instruction left in an image."""

    created_by: str
    size: int = 0
    """In bytes."""
    digest: str = ""
    """Of the layer's content; empty if the instruction made none, or it is not known."""

    def __str__(self) -> str:
        return f"{self.digest[7:19]:<12}  {format_size(self.size):>8}  {self.created_by}"


@dataclass(frozen=True)
class Finished:
    """How a container ended, and all that it printed."""

    exit_code: int
    output: str


@dataclass(frozen=True)
class Comparison:
    """What two images share."""

    shared: Sequence[LayerSummary] = field(default=())
    only_first: Sequence[LayerSummary] = field(default=())
    only_second: Sequence[LayerSummary] = field(default=())

    def __str__(self) -> str:
        parts = {
            "in both": self.shared,
            "in the first only": self.only_first,
            "in the second only": self.only_second,
        }
        return "\n".join(
            f"{title}: {len(layers)} layers, {format_size(sum(each.size for each in layers))}"
            for title, layers in parts.items()
        )


class ImageBuilder(Protocol):
    """Docker Engine, or our own builder."""

    name: str
    why: str
    """Why it was chosen."""

    def build(
        self,
        folder: Path | str,
        tag: str = "",
        *,
        dockerfile: str = "Dockerfile",
        target: str = "",
        build_args: Mapping[str, str] | None = None,
        tell: Tell | None = None,
    ) -> BuildReport:
        """Build the folder; `tell` hears of every step as it happens. Raises ContainerError."""
        ...

    def images(self) -> Sequence[ImageSummary]:
        """All images, by name."""
        ...

    def layers(self, image: str) -> Sequence[LayerSummary]:
        """What each instruction left in the image, the first one first. Raises ContainerError."""
        ...

    def run(
        self,
        image: str,
        command: Sequence[str] = (),
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Finished:
        """Run a container to its end. Raises ContainerError, also after `timeout` seconds."""
        ...

    def save(self, image: str, file: Path | str) -> None:
        """Write an image to a file that `docker load` takes. Raises ContainerError."""
        ...

    def load(self, file: Path | str) -> Sequence[str]:
        """Take the images of a file of `docker save`: their names. Raises ContainerError."""
        ...

    def remove(self, image: str) -> None:
        """Forget a name. Raises ContainerError."""
        ...


def compare(builder: ImageBuilder, first: str, second: str) -> Comparison:
    """Which layers two images share, and which not."""
    one, two = (
        [layer for layer in builder.layers(name) if layer.digest] for name in (first, second)
    )
    shared = {layer.digest for layer in one} & {layer.digest for layer in two}
    return Comparison(
        [layer for layer in one if layer.digest in shared],
        [layer for layer in one if layer.digest not in shared],
        [layer for layer in two if layer.digest not in shared],
    )


def choose(home: Path, *, prefer: str = "auto", mirror: str | None = "") -> ImageBuilder:
    """Docker Engine where it answers, else our own builder, whose images lie in `home`.

    `prefer` may also be `docker` or `own`. `mirror` is what our own asks in place of docker.io;
    with None it asks no registry. Raises ContainerError if Docker is asked for in vain.
    """
    from kubelearn.containers import dockerengine
    from kubelearn.containers.ownbuilder import OwnBuilder

    if prefer == "own":
        return OwnBuilder(home, why="you asked for it", mirror=mirror)
    try:
        client = dockerengine.connect()
    except ContainerError as error:
        if prefer == "docker":
            raise
        return OwnBuilder(home, why=error.message, mirror=mirror)
    from kubelearn.containers.dockerbuilder import DockerBuilder

    return DockerBuilder(client, why="you asked for it" if prefer == "docker" else "it answers")

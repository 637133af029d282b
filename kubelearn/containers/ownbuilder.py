"""Our own builder: no daemon, no network, no Docker."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from kubelearn.containers import foreground, probe, stock, trees
from kubelearn.containers.build.bases import Base, Bases
from kubelearn.containers.build.builder import NAME, Builder, BuildRequest
from kubelearn.containers.build.report import BuildReport, Tell
from kubelearn.containers.build.run import RunRequest
from kubelearn.containers.foreground import Job
from kubelearn.containers.imagebuilder import Finished, ImageSummary, LayerSummary
from kubelearn.containers.images import Image, PullError, Reference
from kubelearn.containers.imagestore import Store, StoredImage
from kubelearn.containers.imagestore.archive import load, save
from kubelearn.containers.imagestore.blobs import Descriptor
from kubelearn.containers.machineimages import MachineImages
from kubelearn.containers.runnable import runnable
from kubelearn.containers.standins import DOMAIN, StandIns
from kubelearn.containers.stockfiles import StockFiles
from kubelearn.errors import ContainerError


class OwnBuilder:
    """Builds into the image store of a folder."""

    name = NAME

    def __init__(self, home: Path, *, why: str = "", mirror: str | None = "") -> None:
        self.why = why
        self.store = Store(home)
        self._mirror = mirror
        self.stand_ins = StandIns(self.store, machine_images(home))
        supplies = [self.stand_ins.supply]
        if mirror is not None:
            supplies.append(self._pulled)
        bases = Bases(self.store, supplies)
        self._builder = Builder(self.store, find=bases.find, run=self._run_step)

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
        """Build the folder; `tell` hears of every step. Raises DockerfileError, ContainerError."""
        request = BuildRequest(Path(folder), tag, dockerfile, target, build_args or {})
        return self._builder.build(request, tell=tell or (lambda _: None))

    def images(self) -> Sequence[ImageSummary]:
        """All images but those that stand in for others."""
        return [
            ImageSummary(Reference.parse(image.name).short, image.id, image.size, len(image.layers))
            for image in self.store.images()
            if not image.name.startswith(f"{DOMAIN}/")
        ]

    def get(self, image: str) -> StoredImage:
        """An image of the store, else what stands in for one of that name. Raises NoSuchImage."""
        if found := self.store.find(image):
            return found
        reference = Reference.parse(image)
        described = stock.describe(reference)
        if described is None:
            return self.store.get(image)
        return replace(self.stand_ins.make(reference, described), name=str(reference))

    def layers(self, image: str) -> Sequence[LayerSummary]:
        """What each instruction left in the image, the first one first. Raises ContainerError."""
        return layers_of(self.get(image))

    def run(
        self,
        image: str,
        command: Sequence[str] = (),
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Finished:
        """Run a container to its end. Raises ContainerError, also after `timeout` seconds."""
        stored = self.get(image)
        printed: list[str] = []
        with self._folder() as folder:
            files = StockFiles(folder / "stock") if self._lacks else None
            job = Job(
                runnable(self.store, stored, files=files), command, env=env or {}, timeout=timeout
            )
            code = foreground.run(job, folder / "containers", output=printed.append)
        return Finished(code, "".join(printed))

    def save(self, image: str, file: Path | str) -> None:
        """Write an image to a file that `docker load` takes. Raises ContainerError."""
        save(self.store, [self.get(image)], Path(file))

    def load(self, file: Path | str) -> Sequence[str]:
        """Take the images of a file that `docker save` wrote. Raises ContainerError."""
        return [Reference.parse(image.name).short for image in load(self.store, Path(file))]

    def pull(self, image: str) -> str:
        """Bring an image from its registry: its name. Raises ContainerError."""
        from kubelearn.containers.imagestore.registry import Registry

        reference = Reference.parse(image)
        return Registry(mirror=self._mirror or "").pull(reference, self.store).name

    def push(self, image: str) -> None:
        """Send an image to the registry that its name begins with. Raises ContainerError."""
        from kubelearn.containers.imagestore.registry import Registry

        Registry().push(self.store.get(image), self.store, Reference.parse(image))

    def remove(self, image: str) -> None:
        """Forget a name. Raises ContainerError."""
        self.store.remove(image)

    def prune(self, *, keep: Sequence[Descriptor] = (), roots: bool = True) -> int:
        """Remove what no image needs, and what builds kept; how many bytes that frees.

        `keep` are manifests that clusters have, `roots` says whether merged roots may go. Raises
        ContainerError while somebody builds.
        """
        for name in self.store.names():
            if name.startswith(f"{DOMAIN}/"):  # made anew when it is needed
                self.store.remove(name)
        return self.store.collect(keep=keep, roots=roots)

    @cached_property
    def _lacks(self) -> str:
        """What keeps containers from having a root of their own; empty if they can."""
        with self._folder() as folder:
            choice = probe.choose(folder)
        return "" if choice.runtime == probe.NAMESPACES else choice.reason

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        """A folder for a while, where the image store is: an overlay needs such a place."""
        self.store.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.store.folder))
        try:
            yield folder
        finally:
            trees.remove(folder)

    def _run_step(self, request: RunRequest, *, output: Callable[[str], None]) -> int:
        """RUN of a Dockerfile."""
        if self._lacks:
            raise ContainerError(
                f"RUN needs containers with a root of their own: {self._lacks}",
                hint="kubelearn doctor   # what they need; or COPY what the command would make",
            )
        with self._folder() as folder:
            image = Image(
                "build",
                cmd=tuple(request.command),
                env=request.env,
                working_dir=request.working_dir,
                user=request.user,
                rootfs=request.root,
            )
            job = Job(image, changes=request.upper)
            return foreground.run(job, folder / "containers", output=output)

    def _pulled(self, reference: Reference) -> Base | None:
        try:
            return Base.of(self.store.get(self.pull(str(reference))))
        except PullError as error:
            raise ContainerError(
                f"there is no image {reference.short} here, and none can be pulled: "
                f"{error.message}",
                hint="kubelearn images   # what there is; kubelearn images import FILE adds others",
            ) from error


def machine_images(home: Path) -> MachineImages:
    """The roots of stock images in the folder of all images."""
    return MachineImages(home / "machine")


def layers_of(image: StoredImage) -> list[LayerSummary]:
    """An image's history with the layers that it made."""
    history = image.config.get("history") or []
    left = list(image.layers)
    found: list[LayerSummary] = []
    for entry in history:
        layer = None if entry.get("empty_layer") or not left else left.pop(0)
        found.append(
            LayerSummary(
                str(entry.get("created_by", "")),
                int(layer.blob["size"]) if layer else 0,
                layer.diff_id if layer else "",
            )
        )
    return found + [LayerSummary("", int(each.blob["size"]), each.diff_id) for each in left]

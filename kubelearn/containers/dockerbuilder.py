"""Docker Engine as a builder, through its SDK.

The SDK builds with Docker's older builder, which every engine has; BuildKit speaks a protocol that
it does not know. Both make the same images of what lessons build.
"""

from __future__ import annotations

import json
import re
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, DockerException, ImageNotFound

from kubelearn.containers.build.errors import DockerfileError
from kubelearn.containers.build.report import BuildReport, State, Step, Tell
from kubelearn.containers.imagebuilder import Finished, ImageSummary, LayerSummary
from kubelearn.errors import ContainerError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.images import Image

_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
_BUILT = re.compile(r"Successfully built ([0-9a-f]+)")
_CACHED = "---> Using cache"


class DockerBuilder:
    """Builds into Docker's own image store."""

    name = "Docker Engine"

    def __init__(self, client: DockerClient, *, why: str = "") -> None:
        self.why = why
        self._client = client
        self._layer_makers: dict[str, list[int]] = {}

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
        started = time.monotonic()
        progress = _Progress(tell or (lambda _: None))
        try:
            answer = self._client.api.build(
                path=str(Path(folder).absolute()),
                tag=tag or None,
                dockerfile=dockerfile,
                target=target or None,
                buildargs=dict(build_args or {}),
                rm=True,
                decode=True,
            )
            for entry in answer:
                progress.read(entry)
        except (DockerException, TypeError, OSError) as error:
            raise ContainerError(f"Docker cannot build {folder}: {_words(error)}") from error
        progress.finish()
        image = self._get(progress.id)
        return BuildReport(
            tag,
            str(image.id),
            self.name,
            progress.steps,
            int(image.attrs["Size"]),
            time.monotonic() - started,
        )

    def images(self) -> Sequence[ImageSummary]:
        """All images that have a name."""
        return sorted(
            (
                ImageSummary(name, str(image.id), int(image.attrs["Size"]), len(_layers(image)))
                for image in self._client.images.list()
                for name in image.tags
            ),
            key=lambda summary: summary.name,
        )

    def layers(self, image: str) -> Sequence[LayerSummary]:
        """What each instruction left in the image, the first one first. Raises ContainerError."""
        found = self._get(image)
        history = list(reversed(found.history()))
        digests = _layers(found)
        makers = [number for number, entry in enumerate(history) if entry["Size"]]
        if len(makers) != len(digests):
            # Layers may be empty: WORKDIR leaves one. Only the image's own history tells them.
            makers = self._makers(found)
        known = dict(zip(makers, digests, strict=True))
        return [
            LayerSummary(_plain(entry["CreatedBy"]), int(entry["Size"]), known.get(number, ""))
            for number, entry in enumerate(history)
        ]

    def _makers(self, image: Image) -> list[int]:
        """Which entries of its history made a layer; no call of the engine says it."""
        if (known := self._layer_makers.get(str(image.id))) is None:
            with tempfile.TemporaryDirectory() as folder:
                archive = Path(folder) / "image.tar"
                self.save(str(image.id), archive)
                history = _config(archive)["history"]
            known = [n for n, entry in enumerate(history) if not entry.get("empty_layer")]
            self._layer_makers[str(image.id)] = known
        return known

    def run(
        self,
        image: str,
        command: Sequence[str] = (),
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Finished:
        """Run a container to its end. Raises ContainerError, also after `timeout` seconds."""
        self._get(image)
        try:
            container = self._client.containers.run(
                image, list(command) or None, environment=dict(env or {}), detach=True
            )
        except DockerException as error:
            raise ContainerError(f"{image} cannot be run: {_words(error)}") from error
        try:
            code = int(container.wait(timeout=timeout)["StatusCode"])
            return Finished(code, container.logs().decode(errors="replace"))
        except Exception as error:  # the SDK lets its HTTP library's errors through
            raise ContainerError(f"{image} did not end within {timeout:g} s") from error
        finally:
            container.remove(force=True)

    def save(self, image: str, file: Path | str) -> None:
        """Write an image to a file. Raises ContainerError."""
        self._get(image)
        try:
            with Path(file).open("wb") as written:
                for piece in self._client.api.get_image(image):
                    written.write(piece)
        except (DockerException, OSError) as error:
            raise ContainerError(f"{file} cannot be written: {_words(error)}") from error

    def load(self, file: Path | str) -> Sequence[str]:
        """Take the images of a file: their names. Raises ContainerError."""
        try:
            with Path(file).open("rb") as opened:
                return [name for image in self._client.images.load(opened) for name in image.tags]
        except (DockerException, OSError) as error:
            raise ContainerError(f"Docker cannot load {file}: {_words(error)}") from error

    def remove(self, image: str) -> None:
        """Forget a name. Raises ContainerError."""
        self._get(image)
        self._client.images.remove(image)

    def _get(self, image: str) -> Image:
        try:
            return self._client.images.get(image)
        except ImageNotFound as error:
            raise ContainerError(
                f"Docker has no image {image}", hint="docker images   # what it has"
            ) from error


@dataclass
class _Progress:
    """What the engine tells, as steps."""

    tell: Tell
    steps: list[Step] = field(default_factory=list)
    id: str = ""
    _now: Step | None = None
    _started: float = 0.0
    _pulled: bool = False

    def read(self, entry: Mapping[str, Any]) -> None:
        """One line of its answer. Raises DockerfileError."""
        if "error" in entry:
            place = f"step {self._now.number}: {self._now.text}: " if self._now else ""
            raise DockerfileError(f"Docker says of {place}{entry['error']}")
        if "status" in entry:
            self._pulled = True
        for line in str(entry.get("stream", "")).splitlines():
            self._line(line.rstrip())

    def _line(self, line: str) -> None:
        if found := _STEP.match(line):
            self.finish()
            self._started = time.monotonic()
            self._pulled = False
            self._now = Step(int(found[1]), int(found[2]), "docker", found[3], 0)
            self.tell(self._now)
        elif found := _BUILT.match(line):
            self.id = found[1]
        elif self._now and line.strip() == _CACHED:
            why = "Docker knows this step, with what it reads"
            self._now = replace(self._now, state="cached", why=why)
        elif self._now and line.strip() and not line.startswith(" --->"):
            self.tell(replace(self._now, state="output", output=f"{line}\n"))

    def finish(self) -> None:
        """The step under way is done."""
        if self._now:
            if self._now.text.upper().startswith("FROM ") and not self._pulled:
                self._now = replace(self._now, state="cached", why="Docker has this image")
            state: State = "cached" if self._now.cached else "done"
            seconds = time.monotonic() - self._started
            done = replace(self._now, state=state, seconds=seconds)
            self.steps.append(done)
            self.tell(done)
            self._now = None


def _layers(image: Image) -> list[str]:
    return list((image.attrs.get("RootFS") or {}).get("Layers") or [])


def _config(archive: Path) -> dict[str, Any]:
    """The configuration of the one image in an archive of `docker save`."""
    with tarfile.open(archive) as tar:

        def read(name: str) -> Any:
            member = tar.extractfile(name)
            assert member
            return json.load(member)

        [entry] = read("manifest.json")
        config: dict[str, Any] = read(entry["Config"])
        return config


def _plain(created_by: str) -> str:
    """An instruction as it was written, without what the engine adds."""
    text = created_by.removeprefix("/bin/sh -c #(nop) ").removesuffix(" # buildkit").strip()
    return re.sub(r"^/bin/sh -c ", "RUN ", text)


def _words(error: Exception) -> str:
    return str(error.explanation if isinstance(error, APIError) else error)

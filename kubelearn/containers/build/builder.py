"""Carrying out a Dockerfile: each instruction makes a layer or changes the configuration.

The layers of a stage lie on those of its base. What an instruction reads is known before it is
carried out, so that a result from the cache takes its place if nothing of it changed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kubelearn.containers.build import dockerfile
from kubelearn.containers.build.bases import Find
from kubelearn.containers.build.cache import Cache, build_key
from kubelearn.containers.build.copystep import copy
from kubelearn.containers.build.dockerfile import Dockerfile, Stage
from kubelearn.containers.build.dockerignore import Ignore
from kubelearn.containers.build.errors import DockerfileError
from kubelearn.containers.build.report import BuildReport, Step, Tell
from kubelearn.containers.build.run import Run
from kubelearn.containers.build.runstep import run
from kubelearn.containers.build.scope import Scope
from kubelearn.containers.build.stage import Inputs, StageBuild
from kubelearn.containers.images import Reference
from kubelearn.containers.imagestore import Store, StoredImage
from kubelearn.containers.imagestore.blobs import Descriptor

NAME = "kubelearn's own builder"


@dataclass(frozen=True)
class BuildRequest:
    """What to build."""

    folder: Path
    """The build context."""
    tag: str = ""
    dockerfile: str = "Dockerfile"
    """From the folder on."""
    target: str = ""
    """The stage to stop at; else the last one."""
    build_args: Mapping[str, str] = field(default_factory=dict)


class Builder:
    """Builds images into a store."""

    def __init__(self, store: Store, *, find: Find, run: Run) -> None:
        self._store = store
        self._cache = Cache(store)
        self._find = find
        self._run = run

    def build(self, request: BuildRequest, *, tell: Tell) -> BuildReport:
        """Build an image, and give it its name at the very end.

        Raises DockerfileError, and ContainerError for what the store or a base image lacks.
        """
        started = time.monotonic()
        reference = Reference.parse(request.tag) if request.tag else None
        inputs = self._inputs(request)
        steps: list[Step] = []

        def keep(step: Step) -> None:
            if step.state in ("cached", "done"):
                steps.append(step)
            tell(step)

        with self._store.in_use():
            manifest = _carry_out(needed(inputs.file, request.target), inputs, keep)
            key = build_key(inputs.folder / request.dockerfile)
            self._cache.remember(key, {**inputs.last, **inputs.notes})
            image = self._name(str(reference) if reference else "", manifest)
        unused = [f"no ARG takes the build argument {each}" for each in inputs.scope.unused()]
        return BuildReport(
            name=reference.short if reference else "",
            id=image.id,
            builder=NAME,
            steps=steps,
            size=image.size,
            seconds=time.monotonic() - started,
            warnings=[*inputs.file.warnings, *unused],
        )

    def _inputs(self, request: BuildRequest) -> Inputs:
        folder = request.folder.absolute()
        if not folder.is_dir():
            raise DockerfileError(
                f"there is no folder {folder}", hint="name the folder that has the Dockerfile"
            )
        path = folder / request.dockerfile
        file = dockerfile.read(path, shown_as=request.dockerfile)
        return Inputs(
            store=self._store,
            cache=self._cache,
            last=self._cache.last(build_key(path)),
            folder=folder,
            ignore=Ignore.read(folder, path),
            file=file,
            scope=Scope(file, request.build_args),
            find=self._find,
            run=self._run,
        )

    def _name(self, name: str, manifest: Descriptor) -> StoredImage:
        if name:
            return self._store.tag(name, manifest)
        return self._store.by_digest(str(manifest["digest"]))


def _carry_out(stages: Sequence[Stage], inputs: Inputs, tell: Tell) -> Descriptor:
    """All stages, in order: the manifest of the last one."""
    built: dict[int, StageBuild] = {}
    for stage in stages:
        made = built[stage.number] = StageBuild(stage, inputs, built)
        made.begin(tell)
        for instruction in stage.instructions:
            if instruction.keyword in ("COPY", "ADD"):
                copy(made, instruction, tell)
            elif instruction.keyword == "RUN":
                run(made, instruction, tell)
            else:
                made.change(instruction, tell)
    return built[stages[-1].number].finish()


def needed(file: Dockerfile, target: str) -> list[Stage]:
    """The stages that the target is made of, in order. Raises DockerfileError."""
    last = _stage(file, target) if target else file.stages[-1]
    wanted: set[int] = set()
    left = [last]
    while left:
        stage = left.pop()
        if stage.number not in wanted:
            wanted.add(stage.number)
            left += [
                found
                for name in _reads(stage)
                if (found := find_stage(file.stages[: stage.number], name))
            ]
    return [stage for stage in file.stages if stage.number in wanted]


def find_stage(stages: Sequence[Stage], name: str) -> Stage | None:
    """The stage of that name or number."""
    for stage in stages:
        if name.lower() == stage.name or name == str(stage.number):
            return stage
    return None


def _reads(stage: Stage) -> list[str]:
    sources = [
        instruction.flags["from"]
        for instruction in stage.instructions
        if "from" in instruction.flags
    ]
    return [stage.base, *sources]


def _stage(file: Dockerfile, target: str) -> Stage:
    found = find_stage(file.stages, target)
    if found is None:
        names = ", ".join(stage.name or str(stage.number) for stage in file.stages)
        raise DockerfileError(f"the Dockerfile has no stage {target!r}", hint=f"it has {names}")
    return found

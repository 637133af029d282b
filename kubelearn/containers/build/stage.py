"""One stage of a build, instruction by instruction."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kubelearn.containers.build import config as configuration
from kubelearn.containers.build.bases import Base, Find
from kubelearn.containers.build.cache import Cache, Note, key_of, why_again, why_not
from kubelearn.containers.build.dockerfile import Dockerfile, Instruction, Stage
from kubelearn.containers.build.dockerignore import Ignore
from kubelearn.containers.build.errors import Place
from kubelearn.containers.build.report import State, Step, Tell
from kubelearn.containers.build.run import Run
from kubelearn.containers.build.scope import PLATFORM, Scope
from kubelearn.containers.imagestore import Layer, Store
from kubelearn.containers.imagestore.blobs import Descriptor
from kubelearn.containers.imagestore.layer import CREATED, Entry, write_layer
from kubelearn.containers.imagestore.platform import architecture
from kubelearn.containers.rootpath import inside
from kubelearn.errors import ContainerError


@dataclass
class Inputs:
    """What all stages of a build share."""

    store: Store
    cache: Cache
    last: Mapping[str, Note]
    folder: Path
    ignore: Ignore
    file: Dockerfile
    scope: Scope
    find: Find
    run: Run
    notes: dict[str, Note] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """What an instruction does to the files, and all that its result depends on."""

    entries: Callable[[Tell], Iterable[Entry]]
    reads: object = None
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """The files among that, by path: size and digest."""


class StageBuild:
    """A stage on its way: its layers, configuration and history so far."""

    def __init__(self, stage: Stage, inputs: Inputs, built: Mapping[int, StageBuild]) -> None:
        self.stage = stage
        self.inputs = inputs
        self.built = built
        """The stages before this one, by number."""
        self.config: dict[str, Any] = {}
        self.layers: list[Layer] = []
        self.history: list[dict[str, Any]] = []
        self._base = Base("", {}, ())
        self._arguments: dict[str, str] = {}
        self._author = ""
        self._number = 0
        self._key = ""
        self._again = ""

    # --- the whole ---

    def begin(self, tell: Tell) -> None:
        """FROM: find the base. Raises DockerfileError."""
        place, started = self.stage.place, time.monotonic()
        step = self.step(place)
        tell(step)
        base = self._base = self._find_base()
        self.config = copy.deepcopy(dict(base.config.get("config") or {}))
        self.layers = list(base.layers)
        self.history = [dict(entry) for entry in base.config.get("history") or []]
        self._key = key_of("", self.stage.base, reads=base.id)
        note = Note(self._key, self.stage.base, base=base.id)
        last = self._remember(note)
        same = last == note
        tell(
            replace(
                step,
                state="cached" if same else "done",
                why=base.note or (why_not(note) if same else self._why(note, last)),
                seconds=time.monotonic() - started,
                size=sum(int(layer.blob["size"]) for layer in base.layers),
            )
        )

    def finish(self) -> Descriptor:
        """Keep what was made as an image: its manifest."""
        made = {
            **({"author": self._author} if self._author else {}),
            "architecture": self._base.config.get("architecture") or architecture(),
            "os": "linux",
            "created": CREATED,
            "config": self.config,
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in self.layers]},
            "history": self.history,
        }
        return self.inputs.store.add(config=made, layers=self.layers)

    def root(self) -> Path:
        """All files of the stage so far."""
        return self.inputs.store.roots.make(self.layers)

    @property
    def working_dir(self) -> str:
        """Where commands run and relative paths begin."""
        return self.config.get("WorkingDir") or "/"

    # --- FROM ---

    def _find_base(self) -> Base:
        stage, scope = self.stage, self.inputs.scope
        name = scope.expand(stage.base, scope.before_from(), place=stage.place)
        wanted = scope.expand(stage.platform, scope.before_from(), place=stage.place)
        if wanted and wanted not in (PLATFORM["TARGETPLATFORM"], architecture()):
            raise stage.place.error(
                f"this machine builds for {PLATFORM['TARGETPLATFORM']} only",
                hint="leave --platform out, or build it with Docker",
            )
        if not name:
            raise stage.place.error(
                f"{stage.base} stands for nothing", hint="give its ARG a value before the FROM"
            )
        return self.image(name, stage.place, by_number=False)

    def image(self, name: str, place: Place, *, by_number: bool = True) -> Base:
        """An earlier stage, or an image. Raises DockerfileError."""
        for number, made in self.built.items():
            if made is not self and made.is_called(name, by_number=by_number):
                config = {**made._base.config, "config": made.config, "history": made.history}
                return Base(f"stage {number} {made._key[:12]}", config, made.layers)
        try:
            return self.inputs.find(name)
        except ContainerError as error:
            raise place.error(error.message, hint=error.hint) from error

    def is_called(self, name: str, *, by_number: bool = True) -> bool:
        """Whether that is the stage's name or, if it counts, its number."""
        if name.lower() == self.stage.name:
            return True
        return by_number and name == str(self.stage.number)

    # --- what changes the configuration ---

    def variables(self) -> dict[str, str]:
        """What instructions can use: build arguments, and the image's environment over them."""
        return {**self._arguments, **configuration.environment(self.config)}

    def expand(self, text: str, place: Place) -> str:
        """A text with the values of variables. Raises DockerfileError."""
        return self.inputs.scope.expand(text, self.variables(), place=place)

    def change(self, instruction: Instruction, tell: Tell) -> None:
        """Carry out an instruction that makes no files, but for WORKDIR's folder."""
        keyword, scope = instruction.keyword, self.inputs.scope
        if keyword == "ARG":
            outer = scope.before_from()
            self._arguments |= scope.declare(instruction, self.variables(), outer=outer)
        elif keyword == "MAINTAINER":
            self._author = instruction.text
        else:
            self._configure(instruction)
        reads = [self.config, self._arguments if keyword == "ARG" else None]
        folders = self._working_folder if keyword == "WORKDIR" else list[Entry]
        self.make(instruction, tell, Work(lambda _: folders(), reads))

    def _configure(self, instruction: Instruction) -> None:
        variables = self.variables()

        def expand(text: str) -> str:
            return self.inputs.scope.expand(text, variables, place=instruction.place)

        configuration.change(self.config, instruction, expand)
        if instruction.keyword == "ENTRYPOINT" and not self._says_cmd():
            self.config["Cmd"] = None  # it belonged to the base's entry point

    def _says_cmd(self) -> bool:
        own = self.history[len(self._base.config.get("history") or []) :]
        return any(entry["created_by"].upper().startswith("CMD") for entry in own)

    def _working_folder(self) -> list[Entry]:
        root = self.root()
        parts = inside(root, self.working_dir).relative_to(root).parts
        folders = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        return [Entry(each, 0o755) for each in folders if not (root / each).is_dir()]

    # --- one step ---

    def make(self, instruction: Instruction, tell: Tell, work: Work) -> None:
        """Take a step's result from the cache, or carry it out, and tell."""
        place, started = instruction.place, time.monotonic()
        step = self.step(place)
        tell(step)
        key = key_of(self._key, place.text, reads=work.reads)
        note = Note(
            key,
            place.text,
            files={path: list(found) for path, found in work.files.items()},
            arguments=dict(self._arguments) if instruction.keyword in ("RUN", "ARG") else {},
        )
        last = self._remember(note)
        known, layer = self.inputs.cache.find(key)
        why = why_not(note) if known else self._why(note, last)
        if not known:
            layer = self._layer(work.entries(tell))
            self.inputs.cache.put(key, layer)
        self._key = key
        self._keep(place, layer)
        tell(_done(step, "cached" if known else "done", why, layer, time.monotonic() - started))

    def _layer(self, entries: Iterable[Entry]) -> Layer | None:
        if not (found := list(entries)):
            return None
        blob = write_layer(self.inputs.store.blobs, found)
        return Layer(blob, str(blob["digest"]))

    def _keep(self, place: Place, layer: Layer | None) -> None:
        entry: dict[str, Any] = {"created": CREATED, "created_by": place.text}
        if layer:
            self.layers.append(layer)
        else:
            entry["empty_layer"] = True
        self.history.append(entry)

    def step(self, place: Place, *, new: bool = True) -> Step:
        """The next step, or once more the one that is under way."""
        self._number += new
        total = len(self.stage.instructions) + 1
        alone = len(self.inputs.file.stages) == 1
        title = self.stage.name if alone else self.stage.title
        return Step(self._number, total, title, place.text, place.line)

    def _remember(self, note: Note) -> Note | None:
        place = f"{self.stage.title} {self._number}"
        self.inputs.notes[place] = note
        return self.inputs.last.get(place)

    def _why(self, note: Note, last: Note | None) -> str:
        why = why_again(note, last, any_last=bool(self.inputs.last), before=self._again)
        self._again = self._again or f"step {self._number}, which was carried out again"
        return why


def _done(step: Step, state: State, why: str, layer: Layer | None, seconds: float) -> Step:
    return replace(
        step,
        state=state,
        why=why,
        seconds=seconds,
        layer=layer.diff_id if layer else "",
        size=int(layer.blob["size"]) if layer else 0,
    )

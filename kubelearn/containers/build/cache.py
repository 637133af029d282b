"""Which steps need not be carried out again, and why the others must.

A step's key is made of the key of the step before, its instruction and what it reads; so a change
reaches all steps that follow. Beside the results there are notes of the last build of each folder:
comparing with them tells what changed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import get_ident
from typing import Any

from kubelearn.containers.build.report import format_size
from kubelearn.containers.imagestore import Layer, Store

_FORMAT = 1
_SHOWN = 3


@dataclass(frozen=True)
class Note:
    """What a step was made of."""

    key: str
    text: str
    files: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Path to (size, digest)."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Build arguments that it can see."""
    base: str = ""
    """The image that FROM found."""


def key_of(before: str, text: str, *, reads: object = None) -> str:
    """What tells this step from all others."""
    parts = json.dumps([_FORMAT, before, text, reads], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()


class Cache:
    """The results of steps, in the image store's folder."""

    def __init__(self, store: Store) -> None:
        self._folder = store.folder / "cache"
        self._store = store

    def find(self, key: str) -> tuple[bool, Layer | None]:
        """Whether the step's result is known and still there, and the layer that it made."""
        try:
            found = json.loads((self._folder / "steps" / key).read_text())
        except (OSError, ValueError):
            return False, None
        if found is None:
            return True, None
        layer = Layer(found["blob"], found["diff_id"])
        return self._store.blobs.has(str(layer.blob["digest"])), layer

    def put(self, key: str, layer: Layer | None) -> None:
        """Keep a step's result."""
        self._write("steps", key, asdict(layer) if layer else None)

    def last(self, build: str) -> dict[str, Note]:
        """The notes of the last build of that folder, by stage and number of the step."""
        try:
            found = json.loads((self._folder / "builds" / build).read_text())
            return {place: Note(**note) for place, note in found.items()}
        except (OSError, ValueError, TypeError):
            return {}

    def remember(self, build: str, notes: Mapping[str, Note]) -> None:
        """Keep the notes of a build for the next one."""
        self._write("builds", build, {place: asdict(note) for place, note in notes.items()})

    def _write(self, kind: str, name: str, value: object) -> None:
        place = self._folder / kind / name
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = place.with_name(f"{name}.{os.getpid()}-{get_ident()}")
        new.write_text(json.dumps(value))
        new.replace(place)


def why_again(now: Note, last: Note | None, *, any_last: bool, before: str) -> str:
    """Why a step has to be carried out; `before` names an earlier step that was, too."""
    if not any_last:
        return "nothing was built from this folder before"
    if last is None:
        return "the step is new"
    if now.text != last.text:
        return f"the instruction changed; it was: {last.text}"
    if differences := _differences(now, last):
        return differences
    if before:
        return f"it builds on {before}"
    return (
        "its layer is no longer in the image store" if now.key == last.key else "its base changed"
    )


def why_not(now: Note) -> str:
    """Why a step need not be carried out."""
    if now.base:
        return f"the same image, {now.base[:19]}"
    if now.files:
        count, size = len(now.files), sum(int(entry[0]) for entry in now.files.values())
        what = "file" if count == 1 else f"{count} files"
        return f"the same instruction and the same {what} ({format_size(size)}) on the same layer"
    return "the same instruction on the same layer"


def _differences(now: Note, last: Note) -> str:
    found = [
        *(_changed(path, now, last) for path in now.files if _differs(path, now, last)),
        *(f"{path} is new" for path in now.files if path not in last.files),
        *(f"{path} is gone" for path in last.files if path not in now.files),
        *_changed_arguments(now, last),
    ]
    if now.base != last.base:
        found.append(f"the image is another one, {now.base[:19]}; it was {last.base[:19]}")
    more = len(found) - _SHOWN
    return ", ".join(found[:_SHOWN]) + (f", and {more} more" if more > 0 else "")


def _differs(path: str, now: Note, last: Note) -> bool:
    return path in last.files and list(now.files[path]) != list(last.files[path])


def _changed(path: str, now: Note, last: Note) -> str:
    size, before = int(now.files[path][0]), int(last.files[path][0])
    if size == before:
        return f"{path} changed ({format_size(size)})"
    # Where a few bytes are the difference, rounding would hide it.
    if format_size(size) == format_size(before):
        return f"{path} changed (it has {size} bytes, and had {before})"
    return f"{path} changed (it has {format_size(size)}, and had {format_size(before)})"


def _changed_arguments(now: Note, last: Note) -> list[str]:
    names = sorted({*now.arguments, *last.arguments})
    return [
        f"{name} is {_shown(now.arguments, name)}, and was {_shown(last.arguments, name)}"
        for name in names
        if now.arguments.get(name) != last.arguments.get(name)
    ]


def _shown(arguments: Mapping[str, str], name: str) -> str:
    return json.dumps(arguments[name]) if name in arguments else "not set"


def build_key(dockerfile: Path) -> str:
    """Which notes belong to a Dockerfile."""
    return hashlib.sha256(os.fsencode(dockerfile)).hexdigest()

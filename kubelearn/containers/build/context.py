"""Where COPY and ADD find files: the build context, or the root of another stage or image.

Nothing outside can be reached: paths are followed as if the folder were the whole world. What
`.dockerignore` leaves out is not there at all.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import posixpath
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kubelearn.containers.build.dockerignore import Ignore, glob_expression
from kubelearn.containers.rootpath import inside

_WILD = re.compile(r"[*?\[]")


class NotInContext(Exception):
    """A source that is not there, or may not be read; with a hint."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Source:
    """A file, folder or link to be copied."""

    path: str
    """From the context on."""
    relative: str
    """From what COPY named on; empty for that itself."""
    place: Path

    @cached_property
    def found(self) -> os.stat_result:
        """What the system says of it."""
        return self.place.lstat()

    @property
    def is_folder(self) -> bool:
        """Whether other files lie in it."""
        return stat.S_ISDIR(self.found.st_mode)

    @cached_property
    def digest(self) -> str:
        """Of its content and of what else a layer keeps of it."""
        parts = hashlib.sha256(f"{self.found.st_mode:o}\0".encode())
        if stat.S_ISLNK(self.found.st_mode):
            parts.update(os.fsencode(os.readlink(self.place)))
        elif stat.S_ISREG(self.found.st_mode):
            with self.place.open("rb") as file:
                parts.update(hashlib.file_digest(file, "sha256").digest())
        return parts.hexdigest()


class Context:
    """A folder to copy from; `name` says in messages which one it is."""

    def __init__(self, folder: Path, *, ignore: Ignore | None = None, name: str = "") -> None:
        self._folder = folder
        self._ignore = ignore or Ignore(())
        self._name = name or "the build context"

    def find(self, pattern: str) -> list[Source]:
        """What a source of COPY names. Raises NotInContext."""
        path = posixpath.normpath(pattern.lstrip("/") or ".")
        if path.split("/")[0] == "..":
            raise NotInContext(
                f"{pattern} leads out of {self._name}",
                hint=f"copy the file into {self._folder}, or build from the folder above",
            )
        found = [self._source(each) for each in self._expand(path)]
        if not found:
            raise self._missing(pattern, path)
        return found

    def walk(self, source: Source) -> Iterator[Source]:
        """A source and, if it is a folder, all that is in it."""
        yield source
        if not source.is_folder:
            return
        for name in sorted(os.listdir(source.place)):
            path = posixpath.join(source.path, name) if source.path else name
            relative = posixpath.join(source.relative, name) if source.relative else name
            child = Source(path, relative, source.place / name)
            if not self._ignore.matches(path):
                yield from self.walk(child)
            elif child.is_folder and self._ignore.takes_back:
                yield from (each for each in self.walk(child) if each != child)

    def _source(self, path: str) -> Source:
        if path == ".":
            return Source("", "", self._folder)
        place = inside(self._folder, path)
        if not place.exists():
            raise NotInContext(
                f"{path} is a link that leads out of {self._name}, or nowhere",
                hint="copy the file that it means to the link's place",
            )
        return Source(path, "", place)

    def _expand(self, path: str) -> list[str]:
        """The paths that a pattern stands for, without those that are left out."""
        found = [""]
        for part in path.split("/"):
            found = [each for folder in found for each in self._step(folder, part)]
        return [each for each in found if each == "." or not self._ignore.matches(each)]

    def _step(self, folder: str, part: str) -> list[str]:
        if not _WILD.search(part):
            path = posixpath.join(folder, part)
            exists = path == "." or os.path.lexists(self._in_folder(folder) / part)
            return [path] if exists else []
        expression = re.compile(glob_expression(part))
        place = self._in_folder(folder)
        names = sorted(os.listdir(place)) if place.is_dir() else []
        return [posixpath.join(folder, name) for name in names if expression.fullmatch(name)]

    def _in_folder(self, folder: str) -> Path:
        return inside(self._folder, folder)

    def _missing(self, pattern: str, path: str) -> NotInContext:
        if os.path.lexists(inside(self._folder, path, follow_last=False)):
            return NotInContext(
                f"{pattern} is left out of {self._name} by .dockerignore",
                hint=f"add a line to .dockerignore that takes it back: !{path}",
            )
        folder, name = posixpath.split(path)
        place = self._in_folder(folder)
        near = difflib.get_close_matches(name, os.listdir(place) if place.is_dir() else [], n=1)
        if near:
            hint = f"did you mean {posixpath.join(folder, near[0])}?"
        elif pattern.startswith("/") and os.path.exists(pattern):
            hint = f"COPY reads from {self._folder} only: copy {pattern} there first"
        else:
            hint = f"ls {self._folder}   # what COPY can see"
        return NotInContext(f"{pattern} is not in {self._name}", hint=hint)

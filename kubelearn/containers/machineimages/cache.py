"""Making each root once: below the state folder, for all clusters of this user.

A root is known by what it was made from: the paths, sizes and times of programs, and words such as
versions. It is made beside its place and moved there in one step, so that a root under its name is
always whole, whoever else makes it at the same time and whenever the machine stops.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubelearn.containers import trees
from kubelearn.containers.filelock import locked
from kubelearn.containers.machineimages.root import Root
from kubelearn.errors import ContainerError

# Counted up when the same programs would give another root.
_FORMAT = 1
_UNFINISHED = ".new"


@dataclass(frozen=True)
class Recipe:
    """What a root is made of, and how."""

    name: str
    make: Callable[[Root], None]
    programs: Sequence[Path]
    """What it depends on; a change of one of them makes another root."""
    words: Sequence[str] = ()
    """What else it depends on."""
    base: Recipe | None = None
    """What it begins with."""

    @property
    def key(self) -> str:
        """What tells this root from others of its name."""
        parts: list[object] = [_FORMAT, *self.words, self.base.key if self.base else ""]
        for program in self.programs:
            found = program.stat()
            parts.append((os.fspath(program), found.st_size, found.st_mtime_ns))
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


class MachineImages:
    """The roots in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[str, Path] = {}
        self._sizes: dict[Path, int] = {}

    def find(self, recipe: Recipe) -> Path | None:
        """The root if it is made."""
        if recipe.name not in self._found:
            place = self._place(recipe)
            if not place.is_dir():
                return None
            self._found[recipe.name] = place
        return self._found[recipe.name]

    def size(self, root: Path) -> int:
        """How many bytes the files of a root have."""
        if root not in self._sizes:
            self._sizes[root] = trees.size(root)
        return self._sizes[root]

    def make(self, recipe: Recipe) -> Path:
        """The root, made now if need be. Raises ContainerError."""
        if found := self.find(recipe):
            return found
        base = self.make(recipe.base) if recipe.base else None
        try:
            with locked(self._folder / "lock"):
                self._clear()
                return self.find(recipe) or self._make(recipe, base)
        except OSError as error:
            raise ContainerError(
                f"the image {recipe.name} cannot be made of this machine's programs: {error}",
                hint=f"df -h {self._folder}   # is there room, and may you write there?",
            ) from error

    def _make(self, recipe: Recipe, base: Path | None) -> Path:
        place = self._place(recipe)
        new = place.with_name(f"{place.name}{_UNFINISHED}")
        try:
            new.mkdir()
            new.chmod(0o755)
            root = Root(new)
            if base:
                root.clone(base)
            recipe.make(root)
            new.rename(place)
        except BaseException:
            trees.remove(new)
            raise
        return place

    def _place(self, recipe: Recipe) -> Path:
        return self._folder / f"{recipe.name}-{recipe.key}"

    def _clear(self) -> None:
        """Remove what somebody who was killed left unfinished."""
        for left in self._folder.glob(f"*{_UNFINISHED}"):
            trees.remove(left)

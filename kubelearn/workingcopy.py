"""The learner's copy of the lessons: updated with the course, never over what the learner changed.

The copy remembers what each file was when it was copied. A file that still is that may be replaced
by a newer one; any other is the learner's, and stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from kubelearn.errors import StateError

SOURCE = Path(__file__).resolve().parent.parent / "lessons"
_MEMORY = ".kubelearn.json"


def update(folder: Path, *, source: Path = SOURCE, say: Callable[[str], None] = print) -> None:
    """Make the copy, or bring it up to date; says what it did. Raises StateError."""
    if not source.is_dir():
        raise StateError(
            "the lessons are not part of this installation",
            hint="clone the repository and type: make learn",
        )
    folder = folder.absolute()
    if folder.resolve().is_relative_to(source):
        raise StateError(f"{folder} holds the originals", hint="kubelearn lessons work/lessons")
    try:
        _update(folder, source, say)
    except OSError as error:
        raise StateError(
            f"the lessons cannot be copied to {folder}: {error.strerror}",
            hint="kubelearn lessons FOLDER   # a folder that you may write",
        ) from error


def _update(folder: Path, source: Path, say: Callable[[str], None]) -> None:
    memory = _read_memory(folder / _MEMORY)
    copied, kept = [], []
    for name in _names(source):
        content, target = (source / name).read_bytes(), folder / name
        now = _digest(target.read_bytes()) if target.exists() else None
        newest = _digest(content)
        if now == newest:
            memory[name] = newest
        elif now is None or now == memory.get(name):
            _write(target, content)
            memory[name] = newest
            copied.append(name)
        else:
            kept.append(name)
    _write(folder / _MEMORY, json.dumps(memory, indent=1, sort_keys=True).encode())
    for name in copied:
        say(f"  copied  {name}")
    for name in kept:
        newer = memory.get(name) != _digest((source / name).read_bytes())
        more = "; the course has a newer one: delete yours to get it" if newer else ""
        say(f"  kept    {name}, which you changed{more}")
    say(f"The lessons are in {folder}: {len(copied)} copied, {len(kept)} of yours kept.")


def _names(source: Path) -> Iterator[str]:
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_file() and not any(part.startswith((".", "__")) for part in name.parts):
            yield name.as_posix()


def _read_memory(path: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}  # then what differs counts as the learner's
    return found


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

"""RUN: a command in a root of its own, whose changes become a layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class RunRequest:
    """What to run, and where."""

    root: Path
    """Never written to."""
    upper: Path
    """An empty folder for what the command changes, as an overlay file system notes it."""
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    working_dir: str = "/"


class Run(Protocol):
    """Runs commands of builds."""

    def __call__(self, request: RunRequest, *, output: Callable[[str], None]) -> int:
        """Run to the end: the exit code. Raises ContainerError where nothing can be run."""
        ...

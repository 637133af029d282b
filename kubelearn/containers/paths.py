"""Paths of a container that has no root filesystem of its own.

A plain process sees the machine's files. What should be its own (its root folder, volumes, /tmp)
lies in a private folder, laid out as the container would see it: `/data/x` is `ROOT/data/x`. So
those paths are rewritten where they are seen, in command, arguments, environment and working
folder, and written back in what the program prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path


class PathMap:
    """Which of a container's paths are private, and where they really are."""

    def __init__(self, root: Path, private: Iterable[str]) -> None:
        self.root = root
        self.private = sorted({path.rstrip("/") for path in private} - {""}, key=len, reverse=True)
        self._outside = str(root).encode()
        # Whole segments only: neither /database nor http://web/data is below /data.
        names = "|".join(map(re.escape, self.private))
        self._inside = re.compile(rf"(?<![\w.~/)}}\]*-])(?:{names})(?![\w.-])") if names else None

    def to_machine(self, text: str) -> str:
        """The text with private paths as this machine's."""
        if self._inside is None:
            return text
        return self._inside.sub(lambda found: f"{self.root}{found[0]}", text)

    def place(self, path: str) -> Path:
        """Where a path of the container is on this machine, private or not."""
        return self.root / path.lstrip("/")

    def to_container(self, output: bytes) -> bytes:
        """Output with this machine's private paths as the container should see them."""
        if self._outside not in output:
            return output
        return output.replace(self._outside + b"/", b"/").replace(self._outside, b"/")

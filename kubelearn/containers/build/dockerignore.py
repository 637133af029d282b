"""Which files of a folder are not part of the build: `.dockerignore`, by Docker's rules.

Follows moby's `patternmatcher`: patterns are paths from the build context on; `*` and `?` stop at a
slash, `**` does not; `!` takes back; the last pattern that fits a file, or a folder above it,
counts.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path


class Ignore:
    """Patterns, in order."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [_Pattern(text) for line in patterns if (text := _clean(line))]
        self.takes_back = any(pattern.negated for pattern in self._patterns)

    @classmethod
    def read(cls, context: Path, dockerfile: Path) -> Ignore:
        """What lies beside the Dockerfile under its own name, else in the context."""
        for file in (
            dockerfile.with_name(f"{dockerfile.name}.dockerignore"),
            context / ".dockerignore",
        ):
            if file.is_file():
                return cls(file.read_text(errors="replace").removeprefix("\ufeff").splitlines())
        return cls(())

    def matches(self, path: str) -> bool:
        """Whether the file of that path from the context on is left out."""
        parts = path.split("/")
        ignored = False
        for pattern in self._patterns:
            if pattern.negated == ignored and pattern.fits(parts):
                ignored = not pattern.negated
        return ignored


class _Pattern:
    def __init__(self, text: str) -> None:
        self.negated = text.startswith("!")
        self._expression = re.compile(glob_expression(text.removeprefix("!")))

    def fits(self, parts: list[str]) -> bool:
        """Whether it fits the path or a folder above it."""
        return any(
            self._expression.fullmatch("/".join(parts[:count]))
            for count in range(1, len(parts) + 1)
        )


def _clean(line: str) -> str:
    if line.startswith("#"):
        return ""
    text = line.strip()
    negated = text.startswith("!")
    path = text.removeprefix("!").strip()
    if not path:
        return ""
    path = posixpath.normpath(path).lstrip("/")
    return ("!" if negated else "") + path if path != "." else ""


def glob_expression(pattern: str) -> str:
    """A pattern with `*`, `?`, `[...]` and `**` as a regular expression."""
    found, at = "", 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if pattern.startswith("**", at - 1):
            at += 1
            if pattern.startswith("/", at):
                at += 1
            found += ".*" if at >= len(pattern) else "(?:.*/)?"
        elif character == "*":
            found += "[^/]*"
        elif character == "?":
            found += "[^/]"
        elif character == "[" and (end := pattern.find("]", at + 1)) > 0:
            found += "[" + pattern[at:end].replace("\\", "\\\\") + "]"
            at = end + 1
        elif character == "\\" and at < len(pattern):
            found += re.escape(pattern[at])
            at += 1
        else:
            found += re.escape(character)
    return found

"""A Dockerfile's text as instructions, one each: continued lines joined, comments taken out.

Follows BuildKit's `frontend/dockerfile/parser`: parser directives, the escape character, comments
between continued lines, here-documents. Left out: `# syntax=` (other grammars are not fetched).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kubelearn.containers.build.errors import Place

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*")
HEREDOC = re.compile(r"<<(-?)\s*([\"']?)([A-Za-z_][\w.]*)\2")
_WITHHEREDOCS = ("RUN", "COPY", "ADD")


@dataclass(frozen=True)
class Heredoc:
    """Text that an instruction carries along."""

    name: str
    content: str
    expand: bool
    """Whether variables in it count: its name was not quoted."""


@dataclass(frozen=True)
class Line:
    """One instruction as it is written."""

    keyword: str
    rest: str
    place: Place
    heredocs: tuple[Heredoc, ...] = field(default=())


def split(text: str, *, file: str) -> tuple[list[Line], str]:
    """The instructions, and the character that escapes. Raises DockerfileError."""
    rows = text.removeprefix("\ufeff").splitlines()
    escape = _escape(rows, file)
    return list(_Reader(rows, escape, file).lines()), escape


def _escape(rows: list[str], file: str) -> str:
    """What the directives at the very top say."""
    for number, row in enumerate(rows, start=1):
        found = _DIRECTIVE.fullmatch(row.strip())
        if not found:
            return "\\"
        if found[1].lower() == "escape":
            if found[2] not in ("\\", "`"):
                raise Place(file, number, row).error(
                    f"{found[2]!r} cannot be the escape character", hint="# escape=\\   # or `"
                )
            return found[2]
    return "\\"


class _Reader:
    def __init__(self, rows: list[str], escape: str, file: str) -> None:
        self._rows = rows
        self._file = file
        self._continued = re.compile(re.escape(escape) + r"[ \t]*$")
        self._at = 0

    def lines(self) -> Iterator[Line]:
        while self._at < len(self._rows):
            first, row = self._at, self._rows[self._at]
            self._at += 1
            if row.strip() and not row.lstrip().startswith("#"):
                yield self._line(first + 1, self._joined(row))

    def _joined(self, row: str) -> str:
        parts = []
        while self._continued.search(row):
            parts.append(self._continued.sub("", row))
            following = self._next()
            if following is None:
                row = ""
                break
            row = following
        return "".join([*parts, row]).strip()

    def _next(self) -> str | None:
        """The next row that counts: comments and empty rows do not end an instruction."""
        while self._at < len(self._rows):
            row = self._rows[self._at]
            self._at += 1
            if row.strip() and not row.lstrip().startswith("#"):
                return row
        return None

    def _line(self, number: int, text: str) -> Line:
        word, _, rest = text.partition(" ")
        if "\t" in word:
            word, _, rest = text.partition("\t")
        place = Place(self._file, number, text)
        keyword = word.upper()
        heredocs = self._heredocs(rest, place) if keyword in _WITHHEREDOCS else ()
        return Line(keyword, rest.strip(), place, heredocs)

    def _heredocs(self, rest: str, place: Place) -> tuple[Heredoc, ...]:
        found = [] if rest.startswith("[") else list(HEREDOC.finditer(rest))
        return tuple(self._heredoc(each, place) for each in found)

    def _heredoc(self, found: re.Match[str], place: Place) -> Heredoc:
        strip_tabs, quote, name = bool(found[1]), found[2], found[3]
        content: list[str] = []
        while self._at < len(self._rows):
            row = self._rows[self._at]
            self._at += 1
            row = row.lstrip("\t") if strip_tabs else row
            if row == name:
                return Heredoc(name, "".join(f"{each}\n" for each in content), not quote)
            content.append(row)
        raise place.error(
            f"the text that begins with <<{name} has no end",
            hint=f"write {name} on a line of its own where it ends",
        )

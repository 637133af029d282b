"""Variables and quotes in a Dockerfile's words: BuildKit's `frontend/dockerfile/shell`.

`$NAME`, `${NAME}`, and with a word for when it is missing (`:-`, `-`), there (`:+`, `+`) or needed
(`:?`, `?`). Left out: the patterns of shells (`${NAME#...}`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_NAME = re.compile(r"[A-Za-z_]\w*|\d")
_MODIFIER = re.compile(r":?[-+?]")

Lookup = Callable[[str], str | None]


class BadWord(Exception):
    """A word that cannot be read; the message says why."""


def expand(text: str, variables: Mapping[str, str] | Lookup, *, escape: str = "\\") -> str:
    """The text with variables in place of their names, and without quotes. Raises BadWord."""
    lookup = variables if callable(variables) else variables.get
    return _Word(text, lookup, escape).read()


def split(text: str, *, escape: str = "\\") -> list[str]:
    """Words that blanks part, outside of quotes; they keep their quotes. Raises BadWord."""
    words: list[str] = []
    word, quote, at = "", "", 0
    while at < len(text):
        character = text[at]
        if character == escape and quote != "'" and at + 1 < len(text):
            word += text[at : at + 2]
            at += 2
            continue
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character.isspace():
            if word:
                words.append(word)
            word, at = "", at + 1
            continue
        word += character
        at += 1
    if quote:
        raise BadWord(f"a {quote} has no partner")
    return [*words, word] if word else words


class _Word:
    def __init__(self, text: str, lookup: Lookup, escape: str) -> None:
        self._text = text
        self._lookup = lookup
        self._escape = escape
        self._at = 0

    def read(self, end: str = "") -> str:
        """Up to a character, or to the end of the text. Raises BadWord."""
        parts: list[str] = []
        while self._at < len(self._text):
            character = self._text[self._at]
            if end and character == end:
                return "".join(parts)
            self._at += 1
            if character == "'":
                parts.append(self._single())
            elif character == '"':
                parts.append(self._double())
            else:
                parts.append(self._plain(character))
        if end:
            raise BadWord(f"a {end} is missing")
        return "".join(parts)

    def _plain(self, character: str) -> str:
        if character == "$":
            return self._variable()
        if character == self._escape:
            return self._take()
        return character

    def _single(self) -> str:
        end = self._text.find("'", self._at)
        if end < 0:
            raise BadWord("a ' has no partner")
        text, self._at = self._text[self._at : end], end + 1
        return text

    def _double(self) -> str:
        parts: list[str] = []
        while self._at < len(self._text):
            character = self._take()
            if character == '"':
                return "".join(parts)
            if character == self._escape and self._text[self._at : self._at + 1] not in (
                '"', "$", self._escape,
            ):  # fmt: skip
                parts.append(character)
            else:
                parts.append(self._plain(character))
        raise BadWord('a " has no partner')

    def _take(self) -> str:
        character = self._text[self._at : self._at + 1]
        self._at += 1
        return character

    def _variable(self) -> str:
        if self._text[self._at : self._at + 1] == "{":
            self._at += 1
            return self._braced()
        found = _NAME.match(self._text, self._at)
        if not found:
            return "$"
        self._at = found.end()
        return self._lookup(found[0]) or ""

    def _braced(self) -> str:
        found = _NAME.match(self._text, self._at)
        if not found:
            raise BadWord("${...} needs a variable's name")
        name, self._at = found[0], found.end()
        if self._text[self._at : self._at + 1] == "}":
            self._at += 1
            return self._lookup(name) or ""
        modifier = _MODIFIER.match(self._text, self._at)
        if not modifier:
            raise BadWord(f"${{{name}...}} can be followed by :-, :+ or :? only")
        self._at = modifier.end()
        word = self.read("}")
        self._at += 1
        return self._modified(name, modifier[0], word)

    def _modified(self, name: str, modifier: str, word: str) -> str:
        value = self._lookup(name)
        there = bool(value) if modifier.startswith(":") else value is not None
        if modifier.endswith("-"):
            return (value or "") if there else word
        if modifier.endswith("+"):
            return word if there else ""
        if not there:
            raise BadWord(f"{name}: {word or 'it is not set'}")
        return value or ""

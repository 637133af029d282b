"""Regular expressions as Go reads them: RE2, which takes time linear in the text, whatever it is.

Stands for Go's `regexp`. The library is loaded when a schema has the first pattern.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol, cast

_WORDS = {
    "bad repetition operator": "invalid nested repetition operator",
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
}


class PatternError(ValueError):
    """No regular expression."""


class Pattern(Protocol):
    """What a compiled expression can do here."""

    def search(self, text: str) -> object | None:
        """A match anywhere in the text, or None."""
        ...


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Pattern:
    """The compiled expression; raises PatternError."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return cast(Pattern, re2.compile(pattern, options))  # type: ignore[no-untyped-call]
    except re2.error as error:
        text = error.args[0] if error.args else ""
        problem = text.decode() if isinstance(text, bytes) else str(text)
        raise PatternError(f"error parsing regexp: {_in_go(problem)}") from None


def _in_go(problem: str) -> str:
    """An error of the library in the words of Go's."""
    what, _, where = problem.partition(": ")
    return f"{_WORDS.get(what, what)}: `{where}`" if where else problem

"""The words of a magic's line, taken apart as a shell and a program would."""

from __future__ import annotations

import argparse
import shlex
from typing import NoReturn

from kubelearn.errors import KubelearnError


def words(line: str) -> list[str]:
    """The words of a line, quotes respected. Raises KubelearnError for a quote left open."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise KubelearnError(
            f"this line cannot be read: {error}", hint="close the quotes"
        ) from error


class Options(argparse.ArgumentParser):
    """A parser whose complaints are errors of ours."""

    def __init__(self, magic: str, usage: str) -> None:
        super().__init__(prog=magic, usage=usage, add_help=False, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """What argparse calls for a wrong line."""
        raise KubelearnError(f"{self.prog}: {message}", hint=f"{self.prog} {self.usage}")

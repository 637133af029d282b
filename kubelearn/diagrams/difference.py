"""What two states of an object differ in, as lines of YAML."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import yaml

Line = tuple[str, str]
"""A mark and a text: `+` is only in the new state, `-` only in the old one, ` ` in both, and `@`
stands for lines that are left out."""

CONTEXT = 2


def difference(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[Line]:
    """The lines that changed, with some around them; None for a state in which it is not there."""
    lines = difflib.unified_diff(_lines(old), _lines(new), lineterm="", n=CONTEXT)
    # The first two name files.
    return [("@", "") if line.startswith("@@") else (line[0], line[1:]) for line in list(lines)[2:]]


def _lines(obj: Mapping[str, Any] | None) -> list[str]:
    return yaml.safe_dump(dict(obj), allow_unicode=True).splitlines() if obj else []

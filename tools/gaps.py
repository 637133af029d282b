"""Write lessons/not-true-here.md, the learners' page of differences, from the list of known gaps.

`python -m tools.gaps`. The list is kept beside the conformance tests, which prove it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Set
from itertools import groupby
from pathlib import Path

Gap = dict[str, str]

ROOT = Path(__file__).resolve().parent.parent
GAPS = ROOT / "tests" / "conformance" / "gaps.toml"
PAGE = ROOT / "lessons" / "not-true-here.md"

INTRODUCTION = """\
# What is not true here

The embedded cluster speaks the real Kubernetes API, and one suite of tests holds it and real
clusters to the same behaviour. But it is small, and it runs as an ordinary program on your machine.
This is where it differs from a real cluster, as far as we know; everything else that you see in the
lessons happens in Kubernetes just so. If you meet a difference that is missing below, it is a bug:
please tell us.

What is marked with ✓ is tested to be a difference: the day it is mended, it has to leave this page,
which `python -m tools.gaps` makes from `tests/conformance/gaps.toml`.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(known(), tested=proven()))


def known() -> list[Gap]:
    """The list of known gaps."""
    gaps: list[Gap] = tomllib.loads(GAPS.read_text())["gap"]
    return gaps


def proven() -> set[str]:
    """The ids of the gaps that a conformance test shows."""
    text = "".join(path.read_text() for path in GAPS.parent.glob("test_*.py"))
    return set(re.findall(r"mark\.gap\(\"([^\"]+)\"", text))


def page(gaps: Iterable[Gap], *, tested: Set[str]) -> str:
    """The page: a section an area, in the order of the list."""
    areas = groupby(gaps, key=lambda gap: gap["area"])
    return "\n".join([INTRODUCTION, *(section(area, part, tested) for area, part in areas)])


def section(area: str, gaps: Iterable[Gap], tested: Set[str]) -> str:
    """One area as a table."""
    lines = [f"## {area}", "", "| In Kubernetes | Here | Why | |", "|---|---|---|---|"]
    for gap in gaps:
        sign = "✓" if gap["id"] in tested else ""
        lines.append(f"| {gap['real']} | {gap['here']} | {gap['why']} | {sign} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()

"""One thing that the doctor looked at, and how all of them read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_MARKS = {"good": "✔", "missing": "\N{EN DASH}", "bad": "✘"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: Literal["good", "missing", "bad"]
    found: str
    meaning: str = ""
    next: str = ""


def text(checks: Sequence[Check]) -> str:
    """The checks for people."""
    lines = []
    for check in checks:
        lines.append(f"{_MARKS[check.state]} {check.name:<17} {check.found}")
        if check.state != "good":
            lines += [f"  {'':<17} {part}" for part in (check.meaning, _arrow(check)) if part]
    if any(check.state == "bad" for check in checks):
        lines.append(
            f"{_MARKS['bad']} must be mended first; {_MARKS['missing']} you can do without."
        )
    else:
        lines.append("This machine can run the embedded cluster: kubelearn up")
    return "\n".join(lines)


def _arrow(check: Check) -> str:
    return f"→ {check.next}" if check.next else ""

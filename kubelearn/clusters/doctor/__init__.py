"""What this machine can do: each check says what it found, what that means, and what to type.

Nothing is changed and nothing takes longer than a second. Only a check that is "bad" keeps a
cluster from starting; what is "missing" one can do without.
"""

from __future__ import annotations

from kubelearn.clusters.doctor import kernel, machine, programs
from kubelearn.clusters.doctor.check import Check, text

__all__ = ["Check", "doctor", "examine", "text"]

_CHECKS = (*machine.CHECKS, *programs.CHECKS, *kernel.CHECKS)


def doctor() -> None:
    """Print what this machine can do, and what to type where something is missing."""
    print(text(examine()))


def examine() -> list[Check]:
    """All checks, those that every cluster needs first."""
    return [check() for check in _CHECKS]

"""What value validation finds.

Stands for k8s.io/kube-openapi `pkg/validation/{errors,validate/result.go}`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Failure(NamedTuple):
    """One thing that is wrong; `code` says which kind of field error it becomes."""

    code: str
    path: str
    message: str
    value: Any = None
    limit: Any = None


@dataclass(slots=True)
class Result:
    """Failures, each message once, and how much did fit: alternatives are ranked by that."""

    failures: list[Failure] = field(default_factory=list)
    matches: int = 0

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures

    def add(self, failures: Iterable[Failure]) -> None:
        """Note failures."""
        for each in failures:
            if all(each.message != known.message for known in self.failures):
                self.failures.append(each)

    def merge(self, other: Result) -> None:
        """Take over all of another result."""
        self.add(other.failures)
        self.matches += other.matches

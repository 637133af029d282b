"""Which level in which version holds in a namespace, by its labels.

Stands for k8s.io/pod-security-admission `api/helpers.go`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import total_ordering

from kubelearn.embedded.apiserver.validation.field import FieldError, invalid

LEVELS = ("privileged", "baseline", "restricted")
_PREFIX = "pod-security.kubernetes.io/"
_VERSION = re.compile(r"v1\.(0|[1-9][0-9]*)")


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """`v1.MINOR`; without a minor version the latest."""

    minor: int | None = None

    def __str__(self) -> str:
        return "latest" if self.minor is None else f"v1.{self.minor}"

    def __lt__(self, other: Version) -> bool:
        if self.minor is None or other.minor is None:
            return self.minor is not None
        return self.minor < other.minor


@dataclass(frozen=True, slots=True)
class LevelVersion:
    """`restricted:latest`."""

    level: str = "privileged"
    version: Version = Version()

    def __str__(self) -> str:
        return f"{self.level}:{self.version}"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is refused, what the audit trail is told, and what the client is warned of."""

    enforce: LevelVersion = LevelVersion()
    warn: LevelVersion = LevelVersion()
    audit: LevelVersion = LevelVersion()

    @property
    def is_privileged(self) -> bool:
        """Whether it lets everything pass in silence."""
        return {each.level for each in (self.enforce, self.warn, self.audit)} == {"privileged"}


def is_stricter(level: str, other: str) -> bool:
    """Whether a level forbids more than another one."""
    return LEVELS.index(level) > LEVELS.index(other)


def policy_of(labels: Mapping[str, str]) -> tuple[Policy, list[FieldError]]:
    """A namespace's policy, and which of its labels make no sense.

    Of those the strictest is assumed to be enforced, and nothing to be told or warned of.
    """
    problems: list[FieldError] = []
    enforce = _mode(labels, "enforce", problems, otherwise="restricted")
    audit = _mode(labels, "audit", problems, otherwise="privileged")
    warn = _mode(labels, "warn", problems, otherwise="privileged")
    stated = labels.get(f"{_PREFIX}enforce") in LEVELS
    if f"{_PREFIX}warn" not in labels and stated and is_stricter(enforce.level, warn.level):
        # Whoever enforces wants to be warned too, of Deployments for example.
        own = f"{_PREFIX}warn-version" in labels
        warn = replace(warn, level=enforce.level) if own else enforce
    return Policy(enforce, warn, audit), problems


def _mode(
    labels: Mapping[str, str], mode: str, problems: list[FieldError], *, otherwise: str
) -> LevelVersion:
    level, version = "privileged", Version()
    name = f"{_PREFIX}{mode}"
    if name in labels:
        level = labels[name]
        if level not in LEVELS:
            problem = f"must be one of {', '.join(LEVELS)}"
            problems.append(invalid(f"metadata.labels[{name}]", level, problem))
            level = otherwise
    if (label := f"{name}-version") in labels:
        text = labels[label]
        if found := _VERSION.fullmatch(text):
            version = Version(int(found[1]))
        elif text != "latest":
            problem = 'must be "latest" or "v1.x"'
            problems.append(invalid(f"metadata.labels[{label}]", text, problem))
    return LevelVersion(level, version)

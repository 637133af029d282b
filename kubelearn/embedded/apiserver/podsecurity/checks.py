"""The register of checks, and what many of them share.

Stands for k8s.io/pod-security-admission `policy/{checks,registry,helpers,visitor}.go`. A check
belongs to a level and may change with a version; one of `restricted` may take the place of one of
`baseline`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from kubelearn.embedded.apiserver.podsecurity.policy import LevelVersion, Version
from kubelearn.objects import Object


@dataclass(frozen=True, slots=True)
class Violation:
    """What is forbidden, and where it stands in the pod."""

    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


@dataclass(frozen=True, slots=True)
class PodView:
    """What checks look at: a pod, or what a workload makes pods of."""

    annotations: Mapping[str, str]
    spec: Object

    def containers(self) -> Iterator[Object]:
        """All containers, in upstream's order."""
        for kind in ("initContainers", "containers", "ephemeralContainers"):
            yield from self.spec.get(kind) or []

    def contexts(self) -> Iterator[tuple[str, Object]]:
        """Each container's name and security context, perhaps an empty one."""
        for container in self.containers():
            yield container["name"], container.get("securityContext") or {}

    @property
    def context(self) -> Object:
        """The pod's own security context."""
        found: Object = self.spec.get("securityContext") or {}
        return found

    @property
    def is_windows(self) -> bool:
        """Whether the pod says that it is for Windows."""
        return (self.spec.get("os") or {}).get("name") == "windows"

    @property
    def has_own_users(self) -> bool:
        """Whether the pod's users are not those of its node."""
        return self.spec.get("hostUsers") is False


Check = Callable[[PodView], Violation | None]


@dataclass(frozen=True, slots=True)
class _Version:
    since: int
    check: Check
    instead_of: str


_REGISTER: dict[str, dict[str, list[_Version]]] = {"baseline": {}, "restricted": {}}


def check(level: str, name: str, *, since: int, instead_of: str = "") -> Callable[[Check], Check]:
    """Register a function as the check of that name from version 1.`since` on."""

    def register(function: Check) -> Check:
        versions = _REGISTER[level].setdefault(name, [])
        versions.append(_Version(since, function, instead_of))
        versions.sort(key=lambda each: each.since)
        return function

    return register


def violations(pod: PodView, rule: LevelVersion) -> list[Violation]:
    """What of a pod a level forbids."""
    found = (each(pod) for each in _checks(rule.level, rule.version))
    return [violation for violation in found if violation]


def details(found: Iterable[Violation]) -> str:
    """All that is wrong with one pod."""
    return ", ".join(map(str, found))


@cache
def _checks(level: str, version: Version) -> Sequence[Check]:
    """Those of `baseline` by name, then those of `restricted`."""
    if level == "privileged":
        return ()
    baseline = _current("baseline", version)
    restricted = _current("restricted", version) if level == "restricted" else {}
    replaced = {each.instead_of for each in restricted.values()}
    chosen = [baseline[name] for name in sorted(baseline) if name not in replaced]
    chosen += [restricted[name] for name in sorted(restricted)]
    return [each.check for each in chosen]


def _current(level: str, version: Version) -> dict[str, _Version]:
    found = {}
    for name, versions in _REGISTER[level].items():
        for each in versions:
            if Version(each.since) <= version:
                found[name] = each
    return found


# --- words ---------------------------------------------------------------------------------------


def quoted(items: Iterable[str]) -> str:
    """`"a", "b"`."""
    return ", ".join(f'"{item}"' for item in items)


def plural(word: str, items: Iterable[object]) -> str:
    """The word, with an s unless there is just one."""
    return word if len(list(items)) == 1 else f"{word}s"


def named(names: Sequence[str], *, what: str = "container") -> str:
    """`containers "a", "b"`."""
    return f"{plural(what, names)} {quoted(names)}"


def setters(pod: PodView, is_bad: Callable[[Object], bool]) -> str:
    """Whose security context is bad: `pod and container "a"`; empty if nobody's."""
    found = ["pod"] if is_bad(pod.context) else []
    names = [name for name, context in pod.contexts() if is_bad(context)]
    if names:
        found.append(named(names))
    return " and ".join(found)

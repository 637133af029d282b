"""What a Terminating namespace says about why it is still there.

Pure functions. Upstream: pkg/controller/namespace/deletion/status_condition_utils.go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from kubelearn.objects import Object, Resource, set_condition, timestamp

_FINE = {
    "NamespaceDeletionDiscoveryFailure": (
        "ResourcesDiscovered",
        "All resources successfully discovered",
    ),
    "NamespaceDeletionGroupVersionParsingFailure": (
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": (
        "ContentHasNoFinalizers",
        "All content-preserving finalizers finished",
    ),
}


@dataclass
class Remaining:
    """What one attempt to empty a namespace left behind."""

    objects: Counter[Resource] = field(default_factory=Counter)
    finalizers: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    discovery_error: str = ""
    seconds: int = 0


def deletion_conditions(old: list[Object], remaining: Remaining, *, now: datetime) -> list[Object]:
    """The five conditions, each with what is wrong, or that nothing is."""
    wrong = _problems(remaining)
    conditions = old
    for kind, fine in _FINE.items():
        reason, message = wrong.get(kind, fine)
        new = {
            "type": kind,
            "status": "True" if kind in wrong else "False",
            "lastTransitionTime": timestamp(now),
            "reason": reason,
            "message": message,
        }
        conditions = set_condition(conditions, new)
    return conditions


def _problems(remaining: Remaining) -> dict[str, tuple[str, str]]:
    problems = {}
    if remaining.discovery_error:
        problems["NamespaceDeletionDiscoveryFailure"] = (
            "DiscoveryFailed",
            remaining.discovery_error,
        )
    if remaining.errors:
        problems["NamespaceDeletionContentFailure"] = (
            "ContentDeletionFailed",
            f"Failed to delete all resource types, {len(remaining.errors)} remaining: "
            + ", ".join(sorted(remaining.errors)),
        )
    if remaining.objects:
        counts = (f"{r.plural}.{r.group} has {n}" for r, n in remaining.objects.items())
        problems["NamespaceContentRemaining"] = (
            "SomeResourcesRemain",
            f"Some resources are remaining: {_instances(counts)}",
        )
    if remaining.finalizers:
        counts = (f"{name} in {n}" for name, n in remaining.finalizers.items())
        problems["NamespaceFinalizersRemaining"] = (
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {_instances(counts)}",
        )
    return problems


def _instances(counts: Iterable[str]) -> str:
    return ", ".join(sorted(f"{count} resource instances" for count in counts))

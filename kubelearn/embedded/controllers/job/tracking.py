"""Counting each finished pod of a Job once, even if somebody deletes it.

Upstream: `trackJobStatusAndRemoveFinalizers` of pkg/controller/job. A pod keeps a finalizer until
it is counted. First its uid is noted in the status, then the finalizer is removed, and only then
does the uid become part of a number: at whatever point that stops, it can be taken up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kubelearn.embedded.controllers.job.indexes import (
    format_indexes,
    index_of,
    is_indexed,
    parse_indexes,
)
from kubelearn.objects import Object

FINALIZER = "batch.kubernetes.io/job-tracking"


def is_tracked(pod: Object) -> bool:
    """Whether a pod is still to be counted."""
    return FINALIZER in (pod["metadata"].get("finalizers") or ())


def has_failed(pod: Object) -> bool:
    """Whether a pod counts as a failure; one that is deleted before it succeeded does."""
    phase = (pod.get("status") or {}).get("phase")
    return phase == "Failed" or bool(
        phase != "Succeeded" and pod["metadata"].get("deletionTimestamp")
    )


def has_succeeded(pod: Object) -> bool:
    """Whether a pod counts as a success."""
    return (pod.get("status") or {}).get("phase") == "Succeeded"


@dataclass
class Count:
    """What is known of a Job's finished pods: numbers, and uids that are not in them yet."""

    job: Object
    succeeded: int = 0
    failed: int = 0
    indexes: set[int] = field(default_factory=set)
    new_succeeded: list[str] = field(default_factory=list)
    new_failed: list[str] = field(default_factory=list)

    @property
    def successes(self) -> int:
        """All of them."""
        return (
            len(self.indexes) if is_indexed(self.job) else self.succeeded + len(self.new_succeeded)
        )

    @property
    def failures(self) -> int:
        """All of them."""
        return self.failed + len(self.new_failed)

    def status(self) -> Object:
        """The fields of the Job's status."""
        uncounted = {"succeeded": self.new_succeeded, "failed": self.new_failed}
        done = self.successes if is_indexed(self.job) else self.succeeded
        numbers: Object = {
            "succeeded": done,
            "failed": self.failed,
            "completedIndexes": format_indexes(self.indexes),
        }
        return {
            **{name: value for name, value in numbers.items() if value},
            "uncountedTerminatedPods": {name: uids for name, uids in uncounted.items() if uids},
        }


def count(job: Object, pods: Sequence[Object]) -> Count:
    """Add what has finished since the status was written."""
    status = job.get("status") or {}
    uncounted = status.get("uncountedTerminatedPods") or {}
    found = Count(
        job,
        succeeded=status.get("succeeded", 0),
        failed=status.get("failed", 0),
        indexes=parse_indexes(status.get("completedIndexes", "")),
        new_succeeded=list(uncounted.get("succeeded", ())),
        new_failed=list(uncounted.get("failed", ())),
    )
    for pod in filter(is_tracked, pods):
        _add(found, pod)
    return settled(found, pods)


def _add(found: Count, pod: Object) -> None:
    uid = pod["metadata"]["uid"]
    if uid in found.new_failed or uid in found.new_succeeded:
        return
    if has_failed(pod):
        found.new_failed.append(uid)
    elif has_succeeded(pod) and is_indexed(found.job):
        index = index_of(pod)
        if index is not None and index < found.job["spec"]["completions"]:
            found.indexes.add(index)
    elif has_succeeded(pod):
        found.new_succeeded.append(uid)


def settled(found: Count, pods: Iterable[Object]) -> Count:
    """Turn the uids of pods that have lost their finalizer into numbers."""
    tracked = {pod["metadata"]["uid"] for pod in pods if is_tracked(pod)}
    new_succeeded = [uid for uid in found.new_succeeded if uid in tracked]
    new_failed = [uid for uid in found.new_failed if uid in tracked]
    return Count(
        found.job,
        succeeded=found.succeeded + len(found.new_succeeded) - len(new_succeeded),
        failed=found.failed + len(found.new_failed) - len(new_failed),
        indexes=found.indexes,
        new_succeeded=new_succeeded,
        new_failed=new_failed,
    )

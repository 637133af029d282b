"""Counting each finished pod of a Job once, even if somebody deletes it.

Upstream: `trackJobStatusAndRemoveFinalizers` of pkg/controller/job. A pod keeps a finalizer until
it is counted. First its uid is noted in the status, then the finalizer is removed, and only then
does the uid become part of a number: at whatever point that stops, it can be taken up again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from kubelearn.embedded.controllers.job.failurepolicy import judge
from kubelearn.embedded.controllers.job.indexes import (
    format_indexes,
    is_indexed,
    parse_indexes,
    valid_index,
)
from kubelearn.objects import Object

FINALIZER = "batch.kubernetes.io/job-tracking"


def is_tracked(pod: Object) -> bool:
    """Whether a pod is still to be counted."""
    return FINALIZER in (pod["metadata"].get("finalizers") or ())


def replaces_only_failed(job: Object) -> bool:
    """Whether a pod that is being deleted is waited for, as its end says more."""
    spec = job["spec"]
    return spec.get("podReplacementPolicy") == "Failed" or bool(spec.get("podFailurePolicy"))


def has_failed(job: Object, pod: Object) -> bool:
    """Whether a pod counts as a failure; most often one that is deleted before its end does."""
    phase = (pod.get("status") or {}).get("phase")
    if phase == "Failed" or replaces_only_failed(job):
        return bool(phase == "Failed")
    return bool(phase != "Succeeded" and pod["metadata"].get("deletionTimestamp"))


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
    kept_back: int = 0
    """Failures that are not counted yet, as their pods are still needed."""
    failed_indexes: set[int] | None = None
    """The indexes that are given up, if each has a limit of its own."""

    @property
    def successes(self) -> int:
        """All of them."""
        return (
            len(self.indexes) if is_indexed(self.job) else self.succeeded + len(self.new_succeeded)
        )

    @property
    def failures(self) -> int:
        """All of them."""
        return self.failed + len(self.new_failed) + self.kept_back

    def fail(self, pods: Iterable[Object]) -> None:
        """Count all pods as failed that are left of a Job which has failed itself."""
        for pod in pods:
            if is_tracked(pod) and not has_succeeded(pod):
                self.add_failure(pod)

    def add_failure(self, pod: Object) -> None:
        """Count a failed pod, if the Job's policy does not ignore it."""
        uid = pod["metadata"]["uid"]
        of_job = not is_indexed(self.job) or valid_index(self.job, pod) is not None
        if uid not in self.new_failed and of_job and judge(self.job, pod).counts:
            self.new_failed.append(uid)

    def status(self) -> Object:
        """The fields of the Job's status."""
        uncounted = {"succeeded": self.new_succeeded, "failed": self.new_failed}
        done = self.successes if is_indexed(self.job) else self.succeeded
        numbers: Object = {
            "succeeded": done,
            "failed": self.failed,
            "completedIndexes": format_indexes(self.indexes),
        }
        if self.failed_indexes is not None:
            numbers["failedIndexes"] = format_indexes(self.failed_indexes)
        return {
            **{name: value for name, value in numbers.items() if value or name == "failedIndexes"},
            "uncountedTerminatedPods": {name: uids for name, uids in uncounted.items() if uids},
        }


def succeeded_indexes(job: Object, pods: Iterable[Object]) -> set[int]:
    """The indexes that have succeeded, those of new pods included."""
    found = parse_indexes((job.get("status") or {}).get("completedIndexes", ""))
    new = (valid_index(job, pod) for pod in pods if is_tracked(pod) and has_succeeded(pod))
    return found | {index for index in new if index is not None}


def count(job: Object, pods: Sequence[Object], *, needed: Collection[str] = ()) -> Count:
    """Add what has finished since the status was written; pods with `needed` uids have to wait."""
    status = job.get("status") or {}
    uncounted = status.get("uncountedTerminatedPods") or {}
    found = Count(
        job,
        succeeded=status.get("succeeded", 0),
        failed=status.get("failed", 0),
        indexes=succeeded_indexes(job, pods) if is_indexed(job) else set(),
        new_succeeded=list(uncounted.get("succeeded", ())),
        new_failed=list(uncounted.get("failed", ())),
    )
    for pod in filter(is_tracked, pods):
        uid = pod["metadata"]["uid"]
        if has_succeeded(pod):
            if not is_indexed(job) and uid not in found.new_succeeded:
                found.new_succeeded.append(uid)
        elif has_failed(job, pod):
            if uid in needed and uid not in found.new_failed:
                found.kept_back += judge(job, pod).counts
            else:
                found.add_failure(pod)
    return settled(found, pods)


def settled(found: Count, pods: Iterable[Object]) -> Count:
    """Turn the uids of pods that have lost their finalizer into numbers."""
    tracked = {pod["metadata"]["uid"] for pod in pods if is_tracked(pod)}
    new_succeeded = [uid for uid in found.new_succeeded if uid in tracked]
    new_failed = [uid for uid in found.new_failed if uid in tracked]
    return replace(
        found,
        succeeded=found.succeeded + len(found.new_succeeded) - len(new_succeeded),
        failed=found.failed + len(found.new_failed) - len(new_failed),
        new_succeeded=new_succeeded,
        new_failed=new_failed,
    )

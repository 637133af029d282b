"""A Job's pods by what they do, and which of its indexes could have another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kubelearn.embedded.controllers.job import indexfailures, tracking
from kubelearn.embedded.controllers.job.backoff import finished_at, left
from kubelearn.embedded.controllers.job.indexes import index_of, parse_indexes
from kubelearn.objects import Object, is_active, is_terminal


@dataclass(frozen=True)
class Pods:
    """A Job's pods, by what they do."""

    everything: Sequence[Object]
    active: Sequence[Object]
    terminating: Sequence[Object]
    replaceable: Mapping[int, Object]
    """The last failed pods of indexes, which the next ones are made after."""

    @classmethod
    def of(cls, job: Object, pods: Sequence[Object]) -> Pods:
        """Sort the pods."""
        leaving = [
            pod for pod in pods if pod["metadata"].get("deletionTimestamp") and not is_terminal(pod)
        ]
        active = list(filter(is_active, pods))
        if not indexfailures.is_limited(job):
            return cls(pods, active, leaving, {})
        done = tracking.succeeded_indexes(job, pods) | _failed_indexes(job, pods)
        done |= {index for index in map(index_of, active) if index is not None}
        return cls(pods, active, leaving, indexfailures.to_be_replaced(job, pods, done))

    def count(self, job: Object) -> tracking.Count:
        """What has finished so far."""
        needed = {pod["metadata"]["uid"] for pod in self.replaceable.values()}
        found = tracking.count(job, self.everything, needed=needed)
        if indexfailures.is_limited(job):
            found.failed_indexes = _failed_indexes(job, self.everything)
        return found

    def countable(self, job: Object) -> Iterator[Object]:
        """The pods that are over and not needed any more."""
        needed = [pod["metadata"]["uid"] for pod in self.replaceable.values()]
        for pod in self.everything:
            over = tracking.has_failed(job, pod) or tracking.has_succeeded(pod)
            if over and pod["metadata"]["uid"] not in needed:
                yield pod

    def free_indexes(self, job: Object, count: tracking.Count) -> list[int]:
        """The numbers that no pod has, and that are neither done nor given up."""
        waited_for = self.terminating if tracking.replaces_only_failed(job) else ()
        taken = {index_of(pod) for pod in (*self.active, *waited_for)}
        taken |= count.indexes | (count.failed_indexes or set())
        return [index for index in range(job["spec"]["completions"]) if index not in taken]

    def retry_in(self, index: int, now: datetime) -> float:
        """Seconds until an index with a limit of its own may be tried again."""
        last = self.replaceable.get(index)
        if last is None:
            return 0.0
        return left(indexfailures.failures_of(last) + 1, finished_at(last), now)


def _failed_indexes(job: Object, pods: Sequence[Object]) -> set[int]:
    known = parse_indexes((job.get("status") or {}).get("failedIndexes", ""))
    return indexfailures.failed_indexes(job, pods, known)

"""Indexes that fail by themselves: `backoffLimitPerIndex`.

Upstream: pkg/controller/job/indexed_job_utils.go. How often an index has failed is written on its
pods, from one to the next. So the last failed pod of an index is kept until the next one is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from kubelearn.embedded.controllers.job.backoff import finished_at
from kubelearn.embedded.controllers.job.failurepolicy import judge
from kubelearn.embedded.controllers.job.indexes import index_of, valid_index
from kubelearn.embedded.controllers.job.tracking import has_failed, is_tracked
from kubelearn.objects import Object, annotations_of

_FAILURES = "batch.kubernetes.io/job-index-failure-count"
_IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"


def is_limited(job: Object) -> bool:
    """Whether each index has a limit of its own."""
    return job["spec"].get("backoffLimitPerIndex") is not None


def failed_indexes(job: Object, pods: Iterable[Object], known: AbstractSet[int]) -> set[int]:
    """The indexes that are given up: the known ones, and those of pods that have failed since."""
    found = set(known)
    for pod in pods:
        index = valid_index(job, pod)
        if index is not None and is_tracked(pod) and _is_the_end(job, pod):
            found.add(index)
    return found


def _is_the_end(job: Object, pod: Object) -> bool:
    if not has_failed(job, pod):
        return False
    verdict = judge(job, pod)
    limit: int = job["spec"]["backoffLimitPerIndex"]
    return verdict.action == "FailIndex" or (verdict.counts and _number(pod, _FAILURES) >= limit)


def to_be_replaced(
    job: Object, pods: Iterable[Object], done: AbstractSet[int]
) -> dict[int, Object]:
    """The last failed pod of each index that has no other; `done` are indexes with a better one."""
    found: dict[int, Object] = {}
    for pod in pods:
        index = valid_index(job, pod)
        if index is None or index in done or not is_tracked(pod) or not has_failed(job, pod):
            continue
        if index not in found or _order(found[index]) <= _order(pod):
            found[index] = pod
    return found


def _order(pod: Object) -> tuple[int, str]:
    return failures_of(pod), finished_at(pod).isoformat()


def failures_of(pod: Object) -> int:
    """How often the pod's index had failed before, whether that counted or not."""
    return _number(pod, _FAILURES) + _number(pod, _IGNORED)


def history(job: Object, replaced: Mapping[int, Object], pod: Object) -> dict[str, str]:
    """What to write on a new pod about its index's failures."""
    index = index_of(pod)
    last = replaced.get(index) if index is not None else None
    if last is None:
        return {_FAILURES: "0"}
    counts = judge(job, last).counts
    ignored = _number(last, _IGNORED) + (not counts)
    failures = {_FAILURES: str(_number(last, _FAILURES) + counts)}
    return failures | ({_IGNORED: str(ignored)} if ignored else {})


def _number(pod: Object, annotation: str) -> int:
    text = annotations_of(pod).get(annotation, "")
    return int(text) if text.isdigit() else 0

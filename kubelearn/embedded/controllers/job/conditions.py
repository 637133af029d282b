"""How a Job ends: first it is decided (`SuccessCriteriaMet`, `FailureTarget`), then it is so.

Upstream: pkg/controller/job `syncJob` and `enactJobFinished`. Between the two the pods that are
left are ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kubelearn.embedded.controllers.job.backoff import past_backoff_limit
from kubelearn.embedded.controllers.job.failurepolicy import message_of_end
from kubelearn.embedded.controllers.job.successpolicy import matched
from kubelearn.embedded.controllers.job.tracking import Count, has_failed
from kubelearn.objects import Object, condition, is_true, parse_time, timestamp

# What each decision turns into once no pod is left.
_OUTCOMES = {"SuccessCriteriaMet": "Complete", "FailureTarget": "Failed"}


def new_condition(
    kind: str, reason: str, message: str, *, now: datetime, status: bool = True
) -> Object:
    """A condition of a Job."""
    return {
        "type": kind,
        "status": str(status),
        "lastProbeTime": timestamp(now),
        "lastTransitionTime": timestamp(now),
        "reason": reason,
        "message": message,
    }


def is_finished(job: Object) -> bool:
    """Whether nothing will happen to a Job any more."""
    return is_true(job, "Complete") or is_true(job, "Failed")


def decided(job: Object) -> Object | None:
    """The decision about a Job's end that is in its status already."""
    for kind in _OUTCOMES:
        if is_true(job, kind):
            return condition(job, kind)
    return None


def decide(
    job: Object, count: Count, pods: Sequence[Object], active: Sequence[Object], *, now: datetime
) -> Object | None:
    """Whether a Job has reached its end, and which: failures are looked for first."""
    failed = (pod for pod in pods if has_failed(job, pod))
    if message := message_of_end(job, failed):
        return new_condition("FailureTarget", "PodFailurePolicy", message, now=now)
    if past_backoff_limit(job, pods, count.failures):
        message = "Job has reached the specified backoff limit"
        return new_condition("FailureTarget", "BackoffLimitExceeded", message, now=now)
    left = deadline_in(job, now)
    if left is not None and left <= 0:
        message = "Job was active longer than specified deadline"
        return new_condition("FailureTarget", "DeadlineExceeded", message, now=now)
    if by_indexes := _decide_by_indexes(job, count):
        kind, reason, message = by_indexes
        return new_condition(kind, reason, message, now=now)
    if _is_complete(job, count, active):
        message = "Reached expected number of succeeded pods"
        return new_condition("SuccessCriteriaMet", "CompletionsReached", message, now=now)
    return None


def _decide_by_indexes(job: Object, count: Count) -> tuple[str, str, str] | None:
    spec, failed = job["spec"], len(count.failed_indexes or ())
    most = spec.get("maxFailedIndexes")
    if failed and most is not None and failed > most:
        message = "Job has exceeded the specified maximal number of failed indexes"
        return "FailureTarget", "MaxFailedIndexesExceeded", message
    if failed and failed + count.successes >= spec["completions"]:
        return "FailureTarget", "FailedIndexes", "Job has failed indexes"
    if message := matched(job, count.indexes):
        return "SuccessCriteriaMet", "SuccessPolicy", message
    return None


def _is_complete(job: Object, count: Count, active: Sequence[Object]) -> bool:
    completions = job["spec"].get("completions")
    if completions is None:
        # A work queue is done when one worker says so and all others have ended.
        return count.successes > 0 and not active
    return bool(count.successes >= completions)


def deadline_in(job: Object, now: datetime) -> float | None:
    """Seconds until a running Job has to be over, if it has a deadline."""
    limit, started = job["spec"].get("activeDeadlineSeconds"), job["status"].get("startTime")
    if limit is None or started is None or job["spec"].get("suspend"):
        return None
    return float(limit - (now - parse_time(started)).total_seconds())


def outcome(decision: Object, *, now: datetime) -> Object:
    """The condition that a decision turns into."""
    kind = _OUTCOMES[decision["type"]]
    return new_condition(kind, decision["reason"], decision["message"], now=now)

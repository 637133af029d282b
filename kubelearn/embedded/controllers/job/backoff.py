"""How long a Job waits before it tries again, and when it gives up.

Upstream: pkg/controller/job/backoff_utils.go. Failures are remembered as there, for a pod that
somebody deletes leaves nothing else behind; a controller that starts anew reads what it can from
the pods that are left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kubelearn.objects import Object, condition, parse_time

_FIRST, _LONGEST = 10.0, 600.0


@dataclass
class _Record:
    failures: int = 0
    last: datetime | None = None
    seen: set[str] = field(default_factory=set)


class Backoff:
    """What is known of each Job's failures since its last success."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}

    def forget(self, job_uid: str) -> None:
        """The Job is over."""
        self._records.pop(job_uid, None)

    def note(self, job_uid: str, *, succeeded: Iterable[Object], failed: Iterable[Object]) -> None:
        """Take pods into account that have ended, each of them once."""
        record = self._records.setdefault(job_uid, _Record())
        successes, failures = _new(succeeded, record), _new(failed, record)
        if successes:
            record.failures, record.last = 0, None
            failures = [moment for moment in failures if moment > max(successes)]
        record.failures += len(failures)
        record.last = max(failures, default=record.last)

    def retry_in(self, job_uid: str, now: datetime) -> float:
        """Seconds until the next pod may be created."""
        record = self._records.get(job_uid, _Record())
        return left(record.failures, record.last, now) if record.last else 0.0


def _new(pods: Iterable[Object], record: _Record) -> list[datetime]:
    fresh = [pod for pod in pods if pod["metadata"]["uid"] not in record.seen]
    record.seen |= {pod["metadata"]["uid"] for pod in fresh}
    return [finished_at(pod) for pod in fresh]


def left(failures: int, last: datetime, now: datetime) -> float:
    """Seconds until another try after so many failures, the last of them then."""
    delay = min(_FIRST * 2 ** min(failures - 1, 10), _LONGEST) if failures else 0.0
    return max((last + timedelta(seconds=delay) - now).total_seconds(), 0.0)


def past_backoff_limit(job: Object, pods: Sequence[Object], failed: int) -> bool:
    """Whether a Job has failed too often: pods, or containers that its pods restart."""
    limit: int = job["spec"].get("backoffLimit", 6)
    if failed > limit:
        return True
    if job["spec"]["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    restarts = sum(map(_restarts, pods))
    return restarts > 0 if limit == 0 else restarts >= limit


def finished_at(pod: Object) -> datetime:
    """When a finished pod's last container ended, or what comes closest to that."""
    meta, ready = pod["metadata"], condition(pod, "Ready")
    ends: list[str] = [
        ((container.get("state") or {}).get("terminated") or {}).get("finishedAt") or ""
        for container in (pod.get("status") or {}).get("containerStatuses") or []
    ]
    if ends and all(ends):
        return parse_time(max(ends))
    if ready and ready["status"] == "False" and ready.get("lastTransitionTime"):
        return parse_time(ready["lastTransitionTime"])
    if meta.get("deletionTimestamp"):
        grace = timedelta(seconds=meta.get("deletionGracePeriodSeconds") or 0)
        return parse_time(meta["deletionTimestamp"]) - grace
    return parse_time(meta["creationTimestamp"])


def _restarts(pod: Object) -> int:
    status = pod.get("status") or {}
    if status.get("phase") not in ("Pending", "Running"):
        return 0
    return sum(
        container.get("restartCount", 0)
        for part in ("initContainerStatuses", "containerStatuses")
        for container in status.get(part) or []
    )

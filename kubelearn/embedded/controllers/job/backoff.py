"""How long a Job waits before it tries again, and when it gives up.

Upstream: pkg/controller/job/backoff_utils.go. There the failures are remembered; here they are
read from the finished pods each time, so that nothing is lost when the controller starts anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kubelearn.objects import Object, parse_time

_FIRST, _LONGEST = 10.0, 600.0


def retry_in(pods: Iterable[Object], now: datetime) -> float:
    """Seconds until the next pod may be created, given the Job's pods."""
    finished = sorted(filter(_is_finished, pods), key=finished_at)
    failures = 0
    for pod in reversed(finished):
        if pod["status"]["phase"] == "Succeeded":
            break
        failures += 1
    if not failures:
        return 0.0
    delay = min(_FIRST * 2 ** (failures - 1), _LONGEST)
    return (finished_at(finished[-1]) + timedelta(seconds=delay) - now).total_seconds()


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
    """When a finished pod's last container ended."""
    ends = [
        container["state"]["terminated"]["finishedAt"]
        for container in (pod.get("status") or {}).get("containerStatuses") or []
        if (container.get("state") or {}).get("terminated", {}).get("finishedAt")
    ]
    meta = pod["metadata"]
    return parse_time(max(ends, default=meta.get("deletionTimestamp") or meta["creationTimestamp"]))


def _is_finished(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _restarts(pod: Object) -> int:
    status = pod.get("status") or {}
    if status.get("phase") not in ("Pending", "Running"):
        return 0
    return sum(
        container.get("restartCount", 0)
        for part in ("initContainerStatuses", "containerStatuses")
        for container in status.get(part) or []
    )

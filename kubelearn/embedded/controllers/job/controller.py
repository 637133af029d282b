"""Runs pods until enough of them have succeeded.

Upstream: pkg/controller/job/job_controller.go. What has finished is counted in `tracking`, when to
try again is said by `backoff`, and how a Job ends by `conditions`. Left out: Jobs that another
controller manages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kubelearn.embedded.controller import ControllerContext
from kubelearn.embedded.controllers.job import conditions, tracking
from kubelearn.embedded.controllers.job.backoff import retry_in
from kubelearn.embedded.controllers.job.indexes import give_index, index_of, is_indexed
from kubelearn.embedded.controllers.podcontrol import all_of, pod_from_template, slow_start
from kubelearn.embedded.controllers.podranking import choose_to_delete
from kubelearn.embedded.controllers.workload import WorkloadController
from kubelearn.errors import NotFound
from kubelearn.objects import (
    JOBS,
    PODS,
    Object,
    Resource,
    is_active,
    is_ready,
    is_true,
    key,
    set_condition,
    timestamp,
)

# Upstream's MaxPodCreateDeletePerSync.
_BURST = 500
_NAME = "batch.kubernetes.io/job-name"


@dataclass(frozen=True)
class _Pods:
    """A Job's pods, by what they do."""

    everything: Sequence[Object]
    active: Sequence[Object]
    terminating: int

    @classmethod
    def of(cls, pods: Sequence[Object]) -> _Pods:
        leaving = sum(
            bool(pod["metadata"].get("deletionTimestamp"))
            and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
            for pod in pods
        )
        return cls(pods, list(filter(is_active, pods)), leaving)


class JobController(WorkloadController):
    """Creates a Job's pods, counts how they end, and says when it is over."""

    name: ClassVar[str] = "job-controller"
    resource: ClassVar[Resource] = JOBS

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._pods.add_index("tracked by job", _tracked_by)

    async def sync(self, object_key: str) -> None:
        """Take one Job's next step."""
        cached = self._owners.get(object_key)
        if cached is None:
            # Nobody will count these pods any more, so nothing must hold them back.
            await self._untrack(self._pods.by_index("tracked by job", object_key))
            return
        if conditions.is_finished(cached) or not self._expectations.satisfied(object_key):
            return
        pods = _Pods.of(await self._claim(cached))
        count = tracking.count(cached, pods.everything)
        job = self._begun(cached, count)
        decision = conditions.decided(job)
        if not decision:
            decision = conditions.decide(job, count, pods.active, now=self.clock.now())
        if decision:
            self._end(job, decision, count, pods)
        job["status"] |= _numbers(pods)
        job["status"] = {name: value for name, value in job["status"].items() if value is not None}
        await self._write_status(cached, job["status"])
        # Only what the API server has on record may lose its finalizer.
        await self._untrack(pod for pod in pods.everything if _is_over(pod))
        if decision:
            await all_of(self._control.delete(job, pod) for pod in pods.active)
        elif not job["metadata"].get("deletionTimestamp"):
            await self._manage(job, count, pods)

    def _begun(self, cached: Object, count: tracking.Count) -> Object:
        """A copy of the Job with its counts, and with the moment at which it began or went on."""
        old, now = cached.get("status") or {}, self.clock.now()
        kept = {
            name: value
            for name, value in old.items()
            if name not in ("succeeded", "failed", "completedIndexes", "active")
        }
        job = {**cached, "status": {**kept, **count.status()}}
        status, suspended = job["status"], bool(job["spec"].get("suspend"))
        if suspended != is_true(job, "Suspended"):
            word = "suspended" if suspended else "resumed"
            change = conditions.new_condition(
                "Suspended", f"Job{word.title()}", f"Job {word}", now=now, status=suspended
            )
            status["conditions"] = set_condition(status.get("conditions") or [], change)
            status["startTime"] = None if suspended else timestamp(now)
            self.events.event(cached, "Normal", word.title(), f"Job {word}")
        elif not suspended and not status.get("startTime"):
            status["startTime"] = timestamp(now)
        return job

    def _end(self, job: Object, decision: Object, count: tracking.Count, pods: _Pods) -> None:
        """Put the decision into the status and, when no pod is left, the outcome."""
        status, now = job["status"], self.clock.now()
        status["conditions"] = set_condition(status.get("conditions") or [], decision)
        if pods.active or pods.terminating or count.new_succeeded or count.new_failed:
            return
        outcome = conditions.outcome(decision, now=now)
        status["conditions"].append(outcome)
        if outcome["type"] == "Complete":
            status["completionTime"] = timestamp(now)
            self.events.event(job, "Normal", "Completed", "Job completed")
        else:
            self.events.event(job, "Warning", outcome["reason"], outcome["message"])

    # --- pods ---

    async def _manage(self, job: Object, count: tracking.Count, pods: _Pods) -> None:
        left = conditions.deadline_in(job, self.clock.now())
        if left is not None:
            self.queue.add_after(key(job), left)
        wanted = 0 if job["spec"].get("suspend") else _wanted(job, count, len(pods.active))
        if len(pods.active) > wanted:
            await self._remove(job, pods.active, len(pods.active) - wanted)
            return
        missing = wanted - len(pods.active)
        if job["spec"].get("podReplacementPolicy") == "Failed":
            missing -= pods.terminating
        wait = retry_in(pods.everything, self.clock.now()) if missing > 0 else 0.0
        if wait > 0:
            self.queue.add_after(key(job), wait)
        elif missing > 0:
            await self._create(job, count, pods.active, min(missing, _BURST))

    async def _create(
        self, job: Object, count: tracking.Count, active: Sequence[Object], missing: int
    ) -> None:
        pod = pod_from_template(job, job["spec"]["template"])
        pod["metadata"]["finalizers"] = [tracking.FINALIZER]
        if not is_indexed(job):
            await slow_start(missing, lambda: self._control.create(job, pod))
            return
        taken = count.indexes | {index_of(item) for item in active}
        free = (i for i in range(job["spec"]["completions"]) if i not in taken)
        await slow_start(
            missing, lambda: self._control.create(job, give_index(pod, job, next(free)))
        )

    async def _remove(self, job: Object, active: Sequence[Object], surplus: int) -> None:
        chosen = choose_to_delete(active, active, min(surplus, _BURST), now=self.clock.now())
        # These do not fail, they are not wanted: without the finalizer they are not counted.
        await self._untrack(chosen)
        await all_of(self._control.delete(job, pod) for pod in chosen)

    async def _untrack(self, pods: Iterable[Object]) -> None:
        await all_of(self._remove_finalizer(pod) for pod in pods if tracking.is_tracked(pod))

    async def _remove_finalizer(self, pod: Object) -> None:
        meta = pod["metadata"]
        patch = {
            "metadata": {
                "uid": meta["uid"],
                "$deleteFromPrimitiveList/finalizers": [tracking.FINALIZER],
            }
        }
        try:
            await self.client.patch(PODS, meta["name"], patch, meta["namespace"], kind="strategic")
        except NotFound:
            return


def _tracked_by(pod: Object) -> list[str]:
    meta = pod["metadata"]
    name = (meta.get("labels") or {}).get(_NAME)
    return [f"{meta['namespace']}/{name}"] if name and tracking.is_tracked(pod) else []


def _is_over(pod: Object) -> bool:
    return tracking.has_failed(pod) or tracking.has_succeeded(pod)


def _numbers(pods: _Pods) -> Object:
    return {
        "active": len(pods.active) or None,
        "terminating": pods.terminating,
        "ready": sum(map(is_ready, pods.active)),
    }


def _wanted(job: Object, count: tracking.Count, active: int) -> int:
    """How many pods shall run at the same time."""
    spec = job["spec"]
    if spec.get("completions") is None:
        return active if count.successes else int(spec["parallelism"])
    return int(min(spec["parallelism"], spec["completions"] - count.successes))

"""Runs pods until enough of them have succeeded.

Upstream: pkg/controller/job/job_controller.go. What has finished is counted in `tracking`, when to
try again is said by `backoff`, and how a Job ends by `conditions`. Left out: groups of pods that
are scheduled together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from kubelearn.embedded.controller import ControllerContext
from kubelearn.embedded.controllers.job import conditions, indexfailures, tracking
from kubelearn.embedded.controllers.job.backoff import Backoff
from kubelearn.embedded.controllers.job.indexes import give_index, is_indexed, superfluous
from kubelearn.embedded.controllers.job.pods import Pods
from kubelearn.embedded.controllers.podcontrol import all_of, pod_from_template, slow_start
from kubelearn.embedded.controllers.podranking import choose_to_delete
from kubelearn.embedded.controllers.workload import WorkloadController
from kubelearn.errors import NotFound
from kubelearn.objects import (
    JOBS,
    PODS,
    Object,
    Resource,
    is_ready,
    is_true,
    key,
    labels_of,
    set_condition,
    timestamp,
)

# Upstream's MaxPodCreateDeletePerSync.
_BURST = 500
_NAME = "batch.kubernetes.io/job-name"
_OURS = "kubernetes.io/job-controller"


class JobController(WorkloadController):
    """Creates a Job's pods, counts how they end, and says when it is over."""

    name: ClassVar[str] = "job-controller"
    resource: ClassVar[Resource] = JOBS

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._backoff = Backoff()
        self._pods.add_index("tracked by job", _tracked_by)

    async def sync(self, object_key: str) -> None:
        """Take one Job's next step."""
        cached = self._owners.get(object_key)
        if cached is None:
            # Nobody will count these pods any more, so nothing must hold them back.
            await self._untrack(self._pods.by_index("tracked by job", object_key))
            return
        if cached["spec"].get("managedBy", _OURS) != _OURS:
            return
        if conditions.is_finished(cached):
            self._backoff.forget(cached["metadata"]["uid"])
        elif self._expectations.satisfied(object_key):
            await self._step(cached, Pods.of(cached, await self._claim(cached)))

    async def _step(self, cached: Object, pods: Pods) -> None:
        count = pods.count(cached)
        self._note_failures(cached, pods)
        job = self._begun(cached, count)
        decision = conditions.decided(job)
        if not decision:
            now = self.clock.now()
            decision = conditions.decide(job, count, pods.everything, pods.active, now=now)
        if decision:
            if decision["type"] == "FailureTarget":
                count.fail(pods.everything)
                job["status"] |= count.status()
            self._end(job, decision, count, pods)
        job["status"] |= _numbers(pods)
        job["status"] = {name: value for name, value in job["status"].items() if value is not None}
        await self._write_status(cached, job["status"])
        # Only what the API server has on record may lose its finalizer.
        if decision:
            await all_of(self._control.delete(job, pod) for pod in pods.active)
            await self._untrack(pods.everything)
            return
        await self._untrack(pods.countable(job))
        if not job["metadata"].get("deletionTimestamp"):
            await self._manage(job, count, pods)

    def _note_failures(self, job: Object, pods: Pods) -> None:
        self._backoff.note(
            job["metadata"]["uid"],
            succeeded=filter(tracking.has_succeeded, pods.everything),
            failed=(pod for pod in pods.everything if tracking.has_failed(job, pod)),
        )

    def _begun(self, cached: Object, count: tracking.Count) -> Object:
        """A copy of the Job with its counts, and with the moment at which it began or went on."""
        old, now = cached.get("status") or {}, self.clock.now()
        kept = {
            name: value
            for name, value in old.items()
            if name not in ("succeeded", "failed", "completedIndexes", "failedIndexes", "active")
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

    def _end(self, job: Object, decision: Object, count: tracking.Count, pods: Pods) -> None:
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

    async def _manage(self, job: Object, count: tracking.Count, pods: Pods) -> None:
        deadline = conditions.deadline_in(job, self.clock.now())
        if deadline is not None:
            self.queue.add_after(key(job), deadline)
        wanted = 0 if job["spec"].get("suspend") else _wanted(job, count, len(pods.active))
        if chosen := self._surplus(job, pods.active, max(len(pods.active) - wanted, 0)):
            # These do not fail, they are not wanted: without the finalizer they are not counted.
            await self._untrack(chosen)
            await all_of(self._control.delete(job, pod) for pod in chosen)
            return
        missing = wanted - len(pods.active)
        if tracking.replaces_only_failed(job):
            missing -= len(pods.terminating)
        if missing > 0:
            await self._replace(job, count, pods, min(missing, _BURST))

    def _surplus(self, job: Object, active: Sequence[Object], number: int) -> list[Object]:
        """Pods to delete: at least so many, and all whose index is of no use."""
        first = superfluous(job, active) if is_indexed(job) else []
        others = [pod for pod in active if pod not in first]
        more = max(number - len(first), 0)
        chosen = choose_to_delete(others, active, more, now=self.clock.now()) if more else []
        return [*first, *chosen][:_BURST]

    async def _replace(self, job: Object, count: tracking.Count, pods: Pods, missing: int) -> None:
        """Create pods, now or when enough time has passed since the last failure."""
        now = self.clock.now()
        wait = 0.0
        if not indexfailures.is_limited(job):
            wait = self._backoff.retry_in(job["metadata"]["uid"], now)
        indexes = pods.free_indexes(job, count)[:missing] if is_indexed(job) else []
        waits = {index: pods.retry_in(index, now) for index in indexes}
        ready = [index for index in indexes if not waits[index]]
        if waits and not ready:
            wait = min(waits.values())
        if wait > 0:
            self.queue.add_after(key(job), wait)
        else:
            await self._create(job, pods, missing=missing, indexes=ready)

    async def _create(
        self, job: Object, pods: Pods, *, missing: int, indexes: Sequence[int]
    ) -> None:
        pod = pod_from_template(job, job["spec"]["template"])
        pod["metadata"]["finalizers"] = [tracking.FINALIZER]
        if not is_indexed(job):
            await slow_start(missing, lambda: self._control.create(job, pod))
            return
        made = iter([_indexed(job, pod, index, pods) for index in indexes])
        await slow_start(len(indexes), lambda: self._control.create(job, next(made)))

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
    name = labels_of(pod).get(_NAME)
    return [f"{meta['namespace']}/{name}"] if name and tracking.is_tracked(pod) else []


def _indexed(job: Object, pod: Object, index: int, pods: Pods) -> Object:
    made = give_index(pod, job, index)
    if indexfailures.is_limited(job):
        made["metadata"]["annotations"] |= indexfailures.history(job, pods.replaceable, made)
    return made


def _numbers(pods: Pods) -> Object:
    return {
        "active": len(pods.active) or None,
        "terminating": len(pods.terminating),
        "ready": sum(map(is_ready, pods.active)),
    }


def _wanted(job: Object, count: tracking.Count, active: int) -> int:
    """How many pods shall run at the same time."""
    spec = job["spec"]
    if spec.get("completions") is None:
        return active if count.successes else int(spec["parallelism"])
    return int(min(spec["parallelism"], spec["completions"] - count.successes))

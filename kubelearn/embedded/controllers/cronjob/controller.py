"""Makes a Job each time that a CronJob's schedule says so.

Upstream: pkg/controller/cronjob/cronjob_controllerv2.go. When a CronJob is due is worked out in
`schedule`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers import controllerref
from kubelearn.embedded.controllers.cronjob.schedule import TOO_MANY, Timetable
from kubelearn.errors import AlreadyExists, ApiError, NotFound
from kubelearn.objects import (
    CRON_JOBS,
    JOBS,
    Object,
    controller_of,
    is_true,
    key,
    object_reference,
    owner_reference,
    timestamp,
)

_SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
# A Job that is due at 12:00 is made a little later, so that the minute has begun for everybody.
_DELAY = 0.1


class CronJobController(Controller):
    """Creates Jobs on time, replaces or awaits those that still run, and deletes old ones."""

    name: ClassVar[str] = "cronjob-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._cron_jobs = self.informer(CRON_JOBS)
        self._jobs = self.informer(JOBS)
        controllerref.index_by_controller(self._jobs)
        self._cron_jobs.follow(self.enqueue)
        self._jobs.follow(self._job_changed, gone=self._job_changed)

    def _job_changed(self, job: Object) -> None:
        ref = controller_of(job)
        if ref and ref["kind"] == "CronJob":
            self.queue.add(f"{job['metadata']['namespace']}/{ref['name']}")

    async def sync(self, object_key: str) -> None:
        """Do what is due for one CronJob, and come back when it is due again."""
        cached = self._cron_jobs.get(object_key)
        if cached is None:
            return
        jobs = controllerref.owned(self._jobs, cached)
        cron_job = {**cached, "status": await self._seen(cached, jobs)}
        await self._clean_up(cron_job, jobs)
        if not cached["metadata"].get("deletionTimestamp") and not cached["spec"].get("suspend"):
            await self._run_what_is_due(cron_job, jobs)
        if cron_job["status"] != (cached.get("status") or {}):
            await self.client.update(CRON_JOBS, cron_job, sub="status")

    async def _seen(self, cron_job: Object, jobs: Sequence[Object]) -> Object:
        """The status, with the Jobs that run and the last success brought up to date."""
        status = dict(cron_job.get("status") or {})
        active = _active(cron_job)
        for job in jobs:
            uid, name, end = job["metadata"]["uid"], job["metadata"]["name"], _end(job)
            if not end and uid not in active:
                # What was noted when it was made may not be in the cache yet.
                if noted := (await self._latest(cron_job)).get(uid):
                    active[uid] = noted
                    continue
                message = f"Saw a job that the controller did not create or forgot: {name}"
                self.events.event(cron_job, "Warning", "UnexpectedJob", message)
            if end and active.pop(uid, None):
                message = f"Saw completed job: {name}, condition: {end}"
                self.events.event(cron_job, "Normal", "SawCompletedJob", message)
            done = (job.get("status") or {}).get("completionTime")
            if end == "Complete" and done:
                status["lastSuccessfulTime"] = max(done, status.get("lastSuccessfulTime") or done)
        status["active"] = await self._there(cron_job, jobs, active)
        return {name: value for name, value in status.items() if value}

    async def _latest(self, cron_job: Object) -> dict[str, Object]:
        meta = cron_job["metadata"]
        return _active(await self.client.get(CRON_JOBS, meta["name"], meta["namespace"]))

    async def _there(
        self, cron_job: Object, jobs: Sequence[Object], active: dict[str, Object]
    ) -> list[Object]:
        """Those that are not gone; one that was made a moment ago is not in the cache yet."""
        known, there = {job["metadata"]["uid"] for job in jobs}, []
        for uid, ref in active.items():
            try:
                if uid not in known:
                    await self.client.get(JOBS, ref["name"], ref["namespace"])
                there.append(ref)
            except NotFound:
                message = f"Active job went missing: {ref['name']}"
                self.events.event(cron_job, "Normal", "MissingJob", message)
        return there

    async def _run_what_is_due(self, cron_job: Object, jobs: Sequence[Object]) -> None:
        now = self.clock.now()
        try:
            timetable = Timetable(cron_job)
        except (KeyError, ValueError) as error:
            message = f"unparseable schedule: {cron_job['spec']['schedule']} : {error}"
            self.events.event(cron_job, "Warning", "UnparseableSchedule", message)
            return
        due, count = timetable.missed(cron_job, now)
        if count > TOO_MANY:
            message = (
                f"too many missed start times: {count}. "
                "Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            )
            self.events.event(cron_job, "Warning", "TooManyMissedTimes", message)
        if due:
            await self._start(cron_job, jobs, due)
        following = timetable.after(now)
        if following:
            self.queue.add_after(key(cron_job), (following - now).total_seconds() + _DELAY)

    async def _start(self, cron_job: Object, jobs: Sequence[Object], due: datetime) -> None:
        """Make the Job for that time, unless it is there or the CronJob's policy forbids it."""
        job = new_job(cron_job, due)
        if any(item["metadata"]["name"] == job["metadata"]["name"] for item in jobs):
            cron_job["status"]["lastScheduleTime"] = timestamp(due)
        elif await self._make_room(cron_job):
            await self._create(cron_job, job, due)

    async def _make_room(self, cron_job: Object) -> bool:
        """Whether another Job may run; the policy Replace ends those that do."""
        policy, active = cron_job["spec"].get("concurrencyPolicy", "Allow"), _active(cron_job)
        if policy == "Forbid" and active:
            message = (
                "Not starting job because prior execution is running "
                "and concurrency policy is Forbid"
            )
            self.events.event(cron_job, "Normal", "JobAlreadyActive", message)
            return False
        if policy == "Replace":
            for ref in active.values():
                old = await self.client.get(JOBS, ref["name"], ref["namespace"])
                await self._delete(cron_job, old)
            cron_job["status"].pop("active", None)
        return True

    async def _create(self, cron_job: Object, job: Object, due: datetime) -> None:
        status = cron_job["status"]
        try:
            created = await self.client.create(JOBS, job)
        except AlreadyExists:
            status["lastScheduleTime"] = timestamp(due)
            return
        except ApiError as error:
            if error.has_cause("NamespaceTerminating"):
                return  # soon there is nothing to do
            self.events.event(cron_job, "Warning", "FailedCreate", f"Error creating job: {error}")
            raise
        message = f"Created job {created['metadata']['name']}"
        self.events.event(cron_job, "Normal", "SuccessfulCreate", message)
        status["active"] = [*status.get("active", []), object_reference(JOBS, created)]
        status["lastScheduleTime"] = timestamp(due)

    async def _clean_up(self, cron_job: Object, jobs: Sequence[Object]) -> None:
        """Delete finished Jobs that the history has no room for, the oldest first."""
        for end, limit in (
            ("Complete", cron_job["spec"].get("successfulJobsHistoryLimit")),
            ("Failed", cron_job["spec"].get("failedJobsHistoryLimit")),
        ):
            ended = sorted((job for job in jobs if _end(job) == end), key=_begin)
            if limit is not None:
                for job in ended[: max(len(ended) - limit, 0)]:
                    await self._delete(cron_job, job)

    async def _delete(self, cron_job: Object, job: Object) -> None:
        meta = job["metadata"]
        if meta.get("deletionTimestamp"):
            return
        try:
            options = {"propagationPolicy": "Background"}
            await self.client.delete(JOBS, meta["name"], meta["namespace"], options=options)
        except NotFound:
            return
        message = f"Deleted job {meta['name']}"
        self.events.event(cron_job, "Normal", "SuccessfulDelete", message)


def new_job(cron_job: Object, due: datetime) -> Object:
    """The Job for a time; its name holds that time, so that there is never a second one."""
    template, meta = cron_job["spec"]["jobTemplate"], cron_job["metadata"]
    kept = template.get("metadata") or {}
    return {
        "metadata": {
            **({"labels": kept["labels"]} if kept.get("labels") else {}),
            "name": f"{meta['name']}-{int(due.timestamp()) // 60}",
            "namespace": meta["namespace"],
            "annotations": {**(kept.get("annotations") or {}), _SCHEDULED: timestamp(due)},
            "ownerReferences": [owner_reference(cron_job)],
        },
        "spec": template["spec"],
    }


def _active(cron_job: Object) -> dict[str, Object]:
    """The Jobs that its status lists, by uid."""
    return {ref["uid"]: ref for ref in (cron_job.get("status") or {}).get("active") or []}


def _end(job: Object) -> str | None:
    return next((kind for kind in ("Complete", "Failed") if is_true(job, kind)), None)


def _begin(job: Object) -> tuple[str, str]:
    started = (job.get("status") or {}).get("startTime") or job["metadata"]["creationTimestamp"]
    return started, job["metadata"]["name"]

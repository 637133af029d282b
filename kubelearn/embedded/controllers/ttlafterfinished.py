"""Deletes finished Jobs when their `ttlSecondsAfterFinished` is over.

Upstream: pkg/controller/ttlafterfinished.
"""

from __future__ import annotations

from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.errors import NotFound
from kubelearn.objects import JOBS, Object, condition, is_true, parse_time


class TTLAfterFinishedController(Controller):
    """Works on keys of finished Jobs that have a time to live."""

    name: ClassVar[str] = "ttl-after-finished-controller"
    workers: ClassVar[int] = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._jobs = self.informer(JOBS)
        self._jobs.follow(self._changed)

    def _changed(self, job: Object) -> None:
        if job["spec"].get("ttlSecondsAfterFinished") is not None and _outcome(job):
            self.enqueue(job)

    async def sync(self, object_key: str) -> None:
        """Delete one Job, or come back when its time is over."""
        job = self._jobs.get(object_key)
        if job is None or job["metadata"].get("deletionTimestamp"):
            return
        ttl, outcome = job["spec"].get("ttlSecondsAfterFinished"), _outcome(job)
        if ttl is None or outcome is None:
            return
        age = self.clock.now() - parse_time(outcome["lastTransitionTime"])
        if age.total_seconds() < ttl:
            self.queue.add_after(object_key, ttl - age.total_seconds())
            return
        meta = job["metadata"]
        # The version makes sure that the time to live was not changed meanwhile.
        known = {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}
        options = {"propagationPolicy": "Foreground", "preconditions": known}
        try:
            await self.client.delete(JOBS, meta["name"], meta["namespace"], options=options)
        except NotFound:
            return


def _outcome(job: Object) -> Object | None:
    kind = next((kind for kind in ("Complete", "Failed") if is_true(job, kind)), None)
    return condition(job, kind) if kind else None

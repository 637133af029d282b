"""Rules for the status of Jobs.

Follows `ValidateJobUpdateStatus` in upstream's `pkg/apis/batch/validation/validation.go`, and
`getStatusValidationOptions` in `pkg/registry/batch/job/strategy.go`: most rules are asked only when
what they are about has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kubelearn.embedded.apiserver.validation.field import (
    IMMUTABLE,
    Errors,
    duplicate,
    invalid,
    invalid_whole,
    required,
)
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.embedded.apiserver.validation.jobindexes import IndexesError, count_indexes, overlap
from kubelearn.embedded.apiserver.validation.metadata import metadata_update
from kubelearn.embedded.apiserver.validation.rules import on_status_update
from kubelearn.embedded.apiserver.validation.workload import counts
from kubelearn.objects import Object

_ENDS = frozenset({"Complete", "Failed"})
_TERMINAL = ("Failed", "Complete", "FailureTarget")


class _Change:
    """A change of a Job's status; `now` and `before` are the conditions that are true."""

    def __init__(self, new: Object, old: Object) -> None:
        self.spec: Object = new["spec"]
        self._new: Object = new["status"]
        self._old: Object = old["status"]
        self.now = frozenset(_conditions(self._new, "True"))
        self.before = frozenset(_conditions(self._old, "True"))
        self.finished = bool(self.now & _ENDS)
        self.finished_changed = self.finished != bool(self.before & _ENDS)

    def get(self, name: str) -> Any:
        """A field of the new status."""
        return self._new.get(name)

    def was(self, name: str) -> Any:
        """A field of the old status."""
        return self._old.get(name)

    @property
    def resuming(self) -> bool:
        """Whether the Job goes on after a pause."""
        return "Suspended" in self.before and "Suspended" in _conditions(self._new, "False")

    def changed(self, *names: str) -> bool:
        """Whether one of these fields changed."""
        return any(self.get(name) != self.was(name) for name in names)

    def turned(self, *conditions: str) -> bool:
        """Whether one of these conditions became true, or false again."""
        return bool((self.now ^ self.before) & set(conditions))


def _conditions(status: Object, value: str) -> Iterator[str]:
    for condition in status.get("conditions") or []:
        if condition["status"] == value:
            yield condition["type"]


@on_status_update("batch.v1.Job")
def job_status(new: Object, old: Object) -> Errors:
    """What the controller found out about a Job."""
    yield from metadata_update(new, old)
    change = _Change(new, old)
    status = new["status"]
    yield from counts(status, ("active", "succeeded", "failed", "ready", "terminating"))
    yield from _uncounted(status.get("uncountedTerminatedPods") or {})
    yield from _ends(change)
    yield from _end_time(change)
    yield from _reasons_of_ends(change)
    yield from _finished(change)
    yield from _indexes(change)
    yield from _running(change)
    yield from _success(change)
    yield from _irrevocable(change)


def _uncounted(uncounted: Object) -> Errors:
    seen = set()
    for name in ("succeeded", "failed"):
        for i, uid in enumerate(uncounted.get(name) or []):
            where = f"status.uncountedTerminatedPods.{name}[{i}]"
            if not uid:
                yield invalid(where, uid, "must not be empty")
            elif uid in seen:
                yield duplicate(where, uid)
            seen.add(uid)


def _wrong(detail: str) -> Errors:
    yield invalid_whole("status.conditions", detail)


def _ends(change: _Change) -> Errors:
    now = change.now
    if change.turned("Complete", "Failed") and now >= _ENDS:
        yield from _wrong("cannot set Complete=True and Failed=true conditions")
    if change.turned("Complete", "FailureTarget") and now >= {"Complete", "FailureTarget"}:
        yield from _wrong("cannot set Complete=True and FailureTarget=true conditions")


def _end_time(change: _Change) -> Errors:
    where = "status.completionTime"
    start, end = change.get("startTime"), change.get("completionTime")
    if change.turned("Complete") or change.changed("completionTime"):
        if end is not None and "Complete" not in change.now:
            detail = "cannot set completionTime when there is no Complete=True condition"
            yield invalid(where, end, detail)
        if end is None and "Complete" in change.now:
            yield required(where, "completionTime is required for Complete jobs")
    if change.changed("startTime", "completionTime") and start and end and end < start:
        yield invalid(where, end, "must be equal to or after `startTime`")


def _reasons_of_ends(change: _Change) -> Errors:
    now = change.now
    failed = change.turned("Failed") or change.changed("failedIndexes")
    if failed and "Failed" in now and "FailureTarget" not in now:
        detail = "cannot set Failed=True condition without the FailureTarget=true condition"
        yield from _wrong(detail)
    complete = change.turned("Complete", "SuccessCriteriaMet")
    if complete and "Complete" in now and "SuccessCriteriaMet" not in now:
        detail = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"
        yield from _wrong(detail)


def _finished(change: _Change) -> Errors:
    if not change.finished:
        return
    newly = change.finished_changed
    if (active := change.get("active") or 0) and (newly or change.changed("active")):
        yield invalid("status.active", active, "active>0 is invalid for finished job")
    empty = change.spec.get("suspend") and change.spec.get("completions") == 0
    if (newly or change.changed("startTime")) and not empty and change.get("startTime") is None:
        yield required("status.startTime", "startTime is required for finished job")
    uncounted = change.get("uncountedTerminatedPods") or {}
    if (newly or change.changed("uncountedTerminatedPods")) and any(uncounted.values()):
        shown = internal("batch.v1.UncountedTerminatedPods", uncounted)
        detail = "must be empty for finished job"
        yield invalid("status.uncountedTerminatedPods", shown, detail)


def _indexes(change: _Change) -> Errors:
    completed, failed = change.get("completedIndexes") or "", change.get("failedIndexes")
    completions = change.spec.get("completions")
    per_index = "backoffLimitPerIndex" in change.spec
    changed = {name: change.changed(name) for name in ("completedIndexes", "failedIndexes")}
    if changed["completedIndexes"]:
        yield from _readable("completedIndexes", completed, completions)
    if changed["failedIndexes"] and per_index and failed is not None:
        yield from _readable("failedIndexes", failed, completions)
    indexed = change.spec.get("completionMode") == "Indexed"
    if changed["completedIndexes"] and completed and not indexed:
        detail = "cannot set non-empty completedIndexes when non-indexed completion mode"
        yield invalid("status.completedIndexes", completed, detail)
    if changed["failedIndexes"] and failed is not None and not per_index:
        detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
        yield invalid("status.failedIndexes", failed, detail)
    if any(changed.values()) and completions is not None and failed is not None:
        index = overlap(completed, failed, completions)
        if index is not None:
            detail = f"failedIndexes and completedIndexes overlap at index: {index}"
            yield invalid("status.failedIndexes", failed, detail)


def _readable(name: str, indexes: str, completions: int | None) -> Errors:
    if completions is None:
        return
    try:
        count_indexes(indexes, completions)
    except IndexesError as e:
        yield invalid(f"status.{name}", indexes, f"error parsing {name}: {e}")


def _running(change: _Change) -> Errors:
    terminating, ready = change.get("terminating") or 0, change.get("ready")
    newly = change.finished_changed or change.changed("terminating")
    if newly and terminating and change.finished:
        detail = "terminating>0 is invalid for finished job"
        yield invalid("status.terminating", terminating, detail)
    too_many = ready is not None and ready > (change.get("active") or 0)
    if too_many and change.changed("ready", "active"):
        yield invalid("status.ready", ready, "cannot set more ready pods than active")


def _success(change: _Change) -> Errors:
    now = change.now
    if "SuccessCriteriaMet" not in now:
        if "successPolicy" in change.spec and "Complete" in now:
            detail = "Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
            yield from _wrong(f"cannot set {detail}")
        return
    if "Failed" in now:
        yield from _wrong("cannot set SuccessCriteriaMet=True and Failed=true conditions")
    if "FailureTarget" in now:
        yield from _wrong("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")


def _irrevocable(change: _Change) -> Errors:
    for condition in _TERMINAL:
        if condition in change.before - change.now:
            yield from _wrong(f"cannot disable the terminal {condition}=True condition")
    elastic = change.spec.get("completionMode") == "Indexed" and (
        change.spec.get("completions") == change.spec.get("parallelism")
    )
    for name in ("failed", "succeeded"):
        count = change.get(name) or 0
        if count < (change.was(name) or 0) and not (elastic and name == "succeeded"):
            yield invalid(f"status.{name}", count, f"cannot decrease the {name} counter")
    end = change.get("completionTime")
    if end and change.was("completionTime") and change.changed("completionTime"):
        yield invalid("status.completionTime", end, IMMUTABLE)
    yield from _start_time(change)
    if "SuccessCriteriaMet" in change.before - change.now:
        yield from _wrong("cannot disable the SuccessCriteriaMet=True condition")
    if "Complete" in change.before and "SuccessCriteriaMet" in change.now - change.before:
        detail = "SuccessCriteriaMet=True for Job already has Complete=true conditions"
        yield from _wrong(f"cannot set {detail}")


def _start_time(change: _Change) -> Errors:
    was_running = change.was("startTime") is not None and not change.spec.get("suspend")
    if was_running and change.changed("startTime") and not change.resuming:
        detail = "field is immutable for unsuspended job once set"
        yield invalid("status.startTime", change.get("startTime"), detail)

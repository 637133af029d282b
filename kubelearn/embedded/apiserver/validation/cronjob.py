"""Rules for CronJobs (upstream `pkg/apis/batch/validation/validation.go`)."""

from __future__ import annotations

import re

from kubelearn.embedded import cron
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    invalid,
    non_negative,
    not_supported,
    one_of,
    required,
)
from kubelearn.embedded.apiserver.validation.job import job_spec
from kubelearn.embedded.apiserver.validation.metadata import metadata, metadata_update, ordered
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.objects import Object

_CONCURRENCY = ("Allow", "Forbid", "Replace")
# The controller appends eleven characters to make the names of Jobs.
_LONGEST_NAME = 52
_ZONE_PART = r"(?!\.{1,2}$|-)[A-Za-z.\-_0-9+]{1,14}"


@on_create("batch.v1.CronJob")
def cron_job(obj: Object) -> Errors:
    """A CronJob."""
    yield from metadata(obj)
    yield from _spec(obj["spec"])
    yield from _time_zone(obj["spec"].get("timeZone"))
    name = obj["metadata"].get("name", "")
    if len(name) > _LONGEST_NAME:
        yield invalid("metadata.name", name, "must be no more than 52 characters")


@on_update("batch.v1.CronJob")
def cron_job_update(new: Object, old: Object) -> Errors:
    """A CronJob again."""
    yield from metadata_update(new, old)
    yield from _spec(new["spec"])
    if new["spec"].get("timeZone") != old["spec"].get("timeZone"):
        yield from _time_zone(new["spec"].get("timeZone"))


def _spec(spec: Object) -> Errors:
    yield from _schedule("spec.schedule", spec["schedule"])
    yield from non_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"))
    policy = spec.get("concurrencyPolicy")
    yield from one_of("spec.concurrencyPolicy", policy, _CONCURRENCY)
    yield from _job_template("spec.jobTemplate.spec", spec["jobTemplate"]["spec"])
    for name in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        yield from non_negative(f"spec.{name}", spec.get(name))


def _schedule(field: str, schedule: str) -> Errors:
    if not schedule:
        yield required(field)
        return
    try:
        cron.parse(schedule)
    except cron.ScheduleError as e:
        yield invalid(field, schedule, str(e))
    if "TZ" in schedule:
        detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        yield invalid(field, schedule, detail)


def _time_zone(zone: str | None) -> Errors:
    field = "spec.timeZone"
    if zone is None:
        return
    if not zone:
        yield invalid(field, zone, "timeZone must be nil or non-empty string")
        return
    if any(not re.fullmatch(_ZONE_PART, part) for part in zone.split("/")):
        yield invalid(field, zone, f"unknown time zone {zone}")
        return
    if zone.lower() == "local":
        where = "https://www.iana.org/time-zones"
        detail = f"timeZone must be an explicit time zone as defined in {where}"
        yield invalid(field, zone, detail)
    elif not _known(zone):
        yield invalid(field, zone, f"unknown time zone {zone}")


def _known(zone: str) -> bool:
    # Loaded when it is needed: it takes 0.7 MB, and few CronJobs name a zone.
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return True


def _job_template(field: str, spec: Object) -> Errors:
    yield from job_spec(field, spec)
    if (selector := spec.get("selector")) is not None:
        yield invalid(f"{field}.selector", ordered(selector), "`selector` will be auto-generated")
    if spec.get("manualSelector"):
        yield not_supported(f"{field}.manualSelector", True, ("nil", "false"))

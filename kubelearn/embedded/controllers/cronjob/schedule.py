"""When a CronJob is due: pure functions over its schedule and the time.

Upstream: pkg/controller/cronjob/utils.go and `Next` of github.com/robfig/cron v3.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from kubelearn.embedded.cron import Schedule, parse
from kubelearn.objects import Object, parse_time

# More missed runs than this are told as a warning: the clock may have been wrong.
TOO_MANY = 100
_LONGEST = timedelta(days=5 * 366)


def following(schedule: Schedule, moment: datetime) -> datetime | None:
    """The first moment after `moment` at which a schedule is due; None if it never is."""
    if schedule.every:
        seconds = max(int(schedule.every.total_seconds()), 1)
        return moment.replace(microsecond=0) + timedelta(seconds=seconds)
    found = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    end = moment + _LONGEST
    while found < end:
        if found.month not in schedule.months or not _is_due_on(schedule, found):
            found = found.replace(hour=0, minute=0) + timedelta(days=1)
        elif found.hour not in schedule.hours:
            found = found.replace(minute=0) + timedelta(hours=1)
        elif found.minute not in schedule.minutes:
            found += timedelta(minutes=1)
        else:
            return found
    return None


def _is_due_on(schedule: Schedule, day: datetime) -> bool:
    # Days of month and of week are alternatives once both say something.
    by_month = day.day in schedule.days
    by_week = (day.weekday() + 1) % 7 in schedule.weekdays
    if len(schedule.days) == 31 or len(schedule.weekdays) == 7:
        return by_month and by_week
    return by_month or by_week


def _zone(name: str) -> tzinfo:
    # Loaded when it is needed: it takes 0.7 MB, and few CronJobs name a zone.
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


class Timetable:
    """One CronJob's schedule in its time zone; ScheduleError or KeyError when it has none."""

    def __init__(self, cron_job: Object) -> None:
        spec = cron_job["spec"]
        self._schedule = parse(spec["schedule"])
        self._zone = _zone(spec["timeZone"]) if spec.get("timeZone") else UTC

    def after(self, moment: datetime) -> datetime | None:
        """The next time at which the CronJob is due."""
        found = following(self._schedule, moment.astimezone(self._zone))
        return found.astimezone(UTC) if found else None

    def missed(self, cron_job: Object, now: datetime) -> tuple[datetime | None, int]:
        """The last time at which the CronJob was due and did not run, and how many there are."""
        last, count = None, 0
        moment = self.after(_since(cron_job, now))
        while moment and moment <= now:
            last, count = moment, count + 1
            if count > TOO_MANY:
                # What lies between does not matter: only the last one would be run anyway.
                moment = max(moment, now - timedelta(days=1))
            moment = self.after(moment)
        return last, count


def _since(cron_job: Object, now: datetime) -> datetime:
    """The time from which runs may be missing."""
    status, spec = cron_job.get("status") or {}, cron_job["spec"]
    earliest = parse_time(
        status.get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"]
    )
    if spec.get("startingDeadlineSeconds") is not None:
        earliest = max(earliest, now - timedelta(seconds=spec["startingDeadlineSeconds"]))
    return earliest

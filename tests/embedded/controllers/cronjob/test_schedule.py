from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kubelearn.embedded.controllers.cronjob.schedule import Timetable, following
from kubelearn.embedded.cron import parse

# A Thursday.
NOON = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("* * * * *", "2026-01-01 12:01:00"),
        ("0 * * * *", "2026-01-01 13:00:00"),
        ("*/20 9-10 * * *", "2026-01-02 09:00:00"),
        ("30 6 1 3 *", "2026-03-01 06:30:00"),
        ("0 0 29 2 *", "2028-02-29 00:00:00"),
        ("0 0 * * 1", "2026-01-05 00:00:00"),
        ("0 0 * * sun", "2026-01-04 00:00:00"),
        ("0 0 13 * 5", "2026-01-02 00:00:00"),
        ("@every 90s", "2026-01-01 12:02:00"),
    ],
)
def test_the_next_time_follows_from_the_schedule(schedule, due):
    found = following(parse(schedule), NOON)
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_day_that_never_comes_is_never_due():
    assert following(parse("0 0 31 2 *"), NOON) is None


def table(schedule, **spec):
    created = "2026-01-01T12:00:30Z"
    job = {"metadata": {"creationTimestamp": created}, "spec": {"schedule": schedule, **spec}}
    return Timetable(job), job


def test_schedules_count_in_their_time_zone():
    berlin, _ = table("0 14 * * *", timeZone="Europe/Berlin")
    assert berlin.after(NOON) == datetime(2026, 1, 1, 13, 0, tzinfo=UTC)


def test_of_missed_times_only_the_last_counts():
    timetable, job = table("* * * * *")
    assert timetable.missed(job, NOON.replace(second=59)) == (None, 0)
    later = NOON.replace(minute=5)
    assert timetable.missed(job, later) == (later.replace(second=0), 5)
    job["status"] = {"lastScheduleTime": "2026-01-01T12:05:00Z"}
    assert timetable.missed(job, later) == (None, 0)


def test_times_before_the_starting_deadline_are_lost():
    timetable, job = table("* * * * *", startingDeadlineSeconds=20)
    assert timetable.missed(job, NOON.replace(minute=5)) == (None, 0)
    assert timetable.missed(job, NOON.replace(minute=5, second=10))[1] == 1

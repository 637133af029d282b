"""Schedules of CronJobs."""

from datetime import timedelta

import pytest

from kubelearn.embedded import cron


def test_a_star_stands_for_every_value():
    schedule = cron.parse("* * * * *")
    assert len(schedule.minutes) == 60
    assert len(schedule.hours) == 24
    assert schedule.days == frozenset(range(1, 32))
    assert schedule.months == frozenset(range(1, 13))
    assert schedule.weekdays == frozenset(range(7))


def test_lists_ranges_and_steps():
    schedule = cron.parse("1,5-7,*/20 3/10 1 jan,12 MON-wed")
    assert schedule.minutes == {0, 1, 5, 6, 7, 20, 40}
    assert schedule.hours == {3, 13, 23}
    assert schedule.days == {1}
    assert schedule.months == {1, 12}
    assert schedule.weekdays == {1, 2, 3}


def test_words_stand_for_schedules():
    assert cron.parse("@hourly") == cron.parse("0 * * * *")
    assert cron.parse("@weekly") == cron.parse("0 0 * * 0")
    assert cron.parse("@every 1h30m").every == timedelta(minutes=90)


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("* * *", "expected exactly 5 fields, found 3: [* * *]"),
        ("61 * * * *", "end of range (61) above maximum (59): 61"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        (
            "x * * * *",
            'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax',
        ),
        ("@never", "unrecognized descriptor: @never"),
    ],
)
def test_a_bad_schedule_is_explained(schedule, problem):
    with pytest.raises(cron.ScheduleError) as error:
        cron.parse(schedule)
    assert str(error.value) == problem

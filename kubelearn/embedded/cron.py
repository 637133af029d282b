"""Schedules of CronJobs: five fields, or a word such as `@daily`.

Follows github.com/robfig/cron v3, which Kubernetes uses, in what it takes and in its messages. Left
out: time zones inside the schedule, which Kubernetes refuses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


class ScheduleError(ValueError):
    """A schedule that cannot be read."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The values that one field can have."""

    low: int
    high: int
    names: tuple[str, ...] = ()


_BOUNDS = (
    Bounds(0, 59),
    Bounds(0, 23),
    Bounds(1, 31),
    Bounds(1, 12, ("", *_MONTHS)),
    Bounds(0, 6, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The moments at which something is due; with `every`, simply at that distance."""

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    every: timedelta | None = None


def parse(text: str) -> Schedule:
    """Read a schedule; ScheduleError in upstream's words when it is none."""
    if not text:
        raise ScheduleError("empty spec string")
    if text.startswith("@every "):
        return Schedule(every=_duration(text))
    if text.startswith("@") and text not in _WORDS:
        raise ScheduleError(f"unrecognized descriptor: {text}")
    fields = _WORDS.get(text, text).split()
    if len(fields) != len(_BOUNDS):
        shown = " ".join(fields)
        raise ScheduleError(f"expected exactly 5 fields, found {len(fields)}: [{shown}]")
    minutes, hours, days, months, weekdays = map(_field, fields, _BOUNDS)
    return Schedule(minutes, hours, days, months, weekdays)


def _duration(text: str) -> timedelta:
    given = text.removeprefix("@every ")
    parts = re.findall(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)", given)
    if not parts or "".join(number + unit for number, unit in parts) != given:
        problem = f'time: invalid duration "{given}"'
        raise ScheduleError(f"failed to parse duration {text}: {problem}")
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))


def _field(text: str, bounds: Bounds) -> frozenset[int]:
    found: set[int] = set()
    for expression in filter(None, text.split(",")):
        found.update(_range(expression, bounds))
    return frozenset(found)


def _range(expression: str, bounds: Bounds) -> range:
    ends, *steps = expression.split("/")
    start, end = _ends(expression, ends.split("-"), bounds)
    if len(steps) > 1:
        raise ScheduleError(f"too many slashes: {expression}")
    step = 1
    if steps:
        step = _number(steps[0])
        # A single value with a step stands for everything from there on.
        end = bounds.high if "-" not in ends else end
    return _checked(expression, bounds, start, end, step)


def _ends(expression: str, ends: list[str], bounds: Bounds) -> tuple[int, int]:
    if ends[0] in ("*", "?"):
        return bounds.low, bounds.high
    start = _value(ends[0], bounds)
    if len(ends) > 2:
        raise ScheduleError(f"too many hyphens: {expression}")
    return start, _value(ends[1], bounds) if len(ends) == 2 else start


def _checked(expression: str, bounds: Bounds, start: int, end: int, step: int) -> range:
    if start < bounds.low:
        problem = f"beginning of range ({start}) below minimum ({bounds.low})"
    elif end > bounds.high:
        problem = f"end of range ({end}) above maximum ({bounds.high})"
    elif start > end:
        problem = f"beginning of range ({start}) beyond end of range ({end})"
    elif step == 0:
        problem = "step of range should be a positive number"
    else:
        return range(start, end + 1, step)
    raise ScheduleError(f"{problem}: {expression}")


def _value(text: str, bounds: Bounds) -> int:
    name = text.lower()
    return bounds.names.index(name) if name and name in bounds.names else _number(text)


def _number(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d+", text):
        problem = f'strconv.Atoi: parsing "{text}": invalid syntax'
        raise ScheduleError(f"failed to parse int from {text}: {problem}")
    if int(text) < 0:
        raise ScheduleError(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)

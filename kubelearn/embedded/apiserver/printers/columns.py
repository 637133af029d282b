"""The register of printers, and the cells that many kinds share.

A printer turns an object into the cells of one row. Its columns are declared in one line: a `+`
before a name marks a column of `kubectl get -o wide`, a type after a colon one that is no text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from kubelearn.objects import Object, parse_time, timestamp

Cells = list[Any]
Print = Callable[[Object, datetime], Cells]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Column:
    """One column, as `TableColumnDefinition` describes it."""

    name: str
    type: str = "string"
    # Those above 0 are for `kubectl get -o wide`.
    priority: int = 0
    format: str = ""
    description: str = ""

    def definition(self) -> Object:
        """The column in a Table; of built-in kinds the prose that upstream adds is left out."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


class Printer(NamedTuple):
    """The columns of a kind and the function that fills a row."""

    columns: tuple[Column, ...]
    cells: Print


PRINTERS: dict[str, Printer] = {}


def printer(*type_names: str, columns: Iterable[str]) -> Callable[[Print], Print]:
    """Register a function as the printer of these types of the schema."""

    def register(function: Print) -> Print:
        made = Printer(tuple(_column(text) for text in columns), function)
        PRINTERS.update(dict.fromkeys(type_names, made))
        return function

    return register


def _column(text: str) -> Column:
    name, _, kind = text.removeprefix("+").partition(":")
    form = "name" if name in ("Name", "Attacher") else ""
    return Column(name, kind or "string", priority=int(text.startswith("+")), format=form)


def age(obj: Object, now: datetime) -> str:
    """How long ago the object was made."""
    return since(obj["metadata"].get("creationTimestamp"), now)


def since(moment: str | None, now: datetime) -> str:
    """How long ago something was, or `<unknown>`."""
    return human_duration(now - parse_time(moment)) if moment else "<unknown>"


def human_duration(span: timedelta) -> str:
    """A span as `kubectl get` prints it (k8s.io/apimachinery `pkg/util/duration`)."""
    seconds = int(span.total_seconds())
    # A little of the future is a clock that runs slow.
    if seconds < 0:
        return "<invalid>" if seconds < -1 else "0s"
    if seconds < 2 * _MINUTE:
        return f"{seconds}s"
    if seconds < 10 * _MINUTE:
        return _two(seconds // _MINUTE, "m", seconds % _MINUTE, "s")
    if seconds < 3 * _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 8 * _HOUR:
        return _two(seconds // _HOUR, "h", seconds // _MINUTE % 60, "m")
    return _days(seconds)


def _days(seconds: int) -> str:
    hours, days = seconds // _HOUR, seconds // _DAY
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 2 * 365:
        return f"{days}d"
    if days < 8 * 365:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large}{unit}{small}{smaller}" if small else f"{large}{unit}"


def some(items: Iterable[str], limit: int, *, separator: str = ",") -> str:
    """The first few items, and how many more there are."""
    listed = list(items)
    shown = separator.join(listed[:limit])
    return f"{shown} + {len(listed) - limit} more..." if len(listed) > limit else shown


def containers(template: Object) -> list[str]:
    """Names and images of a pod template's containers: two cells."""
    found = template["spec"].get("containers") or []
    return [",".join(each.get(name, "") for each in found) for name in ("name", "image")]


def labels(values: dict[str, str] | None) -> str:
    """Labels, or a selector of that form, as one text."""
    return ",".join(f"{k}={v}" for k, v in sorted((values or {}).items())) or "<none>"


def utc(moment: str) -> str:
    """A time as it stands in the object."""
    return timestamp(parse_time(moment))

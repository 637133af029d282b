"""Events joined to lines in a document, in bounded memory, however many come.

The API server joins an event that repeats itself by its count or series; what components tell
again in an Event object of its own is joined here. The cluster forgets events after an hour: here
a line stays until newer ones push it out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kubelearn.diagrams.events import Row, event_row
from kubelearn.objects import Object
from kubelearn.widgets.document import Document

MAX_LINES = 500
# So many more may be there before the oldest are looked for: that costs a walk through all.
_SLACK = 100


@dataclass
class _Line:
    """One line: what is shown, and how often each Event object in it has happened."""

    key: str
    row: Row
    counts: dict[str, int] = field(default_factory=dict)
    forgotten: int = 0
    """How often those happened that the cluster has forgotten."""


class EventLines:
    """Keeps the section `events` of a document, and in `stream` how many lines were left out."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._lines: dict[Any, _Line] = {}
        self._line_of: dict[str, _Line] = {}
        self._made = 0
        self._left_out = 0

    def take(self, name: str, event: Object | None) -> None:
        """The Event object of that key is new or changed; None: the cluster has forgotten it."""
        if event is None:
            self._forget(name)
            return
        row = event_row(event)
        line = self._line(row)
        former = self._line_of.get(name)
        if former and former is not line:
            # Upstream's correlator gives an event that came too often another message.
            former.counts.pop(name, None)
        self._line_of[name] = line
        line.counts[name] = row["count"]
        line.row = {
            **row,
            "at": max(row["at"], line.row["at"]),
            "first": min(row["first"], line.row["first"]),
            "count": sum(line.counts.values()) + line.forgotten,
        }
        self._document.put("events", line.key, line.row)
        if len(self._lines) > MAX_LINES + _SLACK:
            self._trim()

    def _line(self, row: Row) -> _Line:
        same = tuple(v for k, v in row.items() if k not in ("at", "first", "count"))
        if same not in self._lines:
            self._made += 1
            self._lines[same] = _Line(str(self._made), row)
        return self._lines[same]

    def _forget(self, name: str) -> None:
        line = self._line_of.pop(name, None)
        if line:
            line.forgotten += line.counts.pop(name, 0)

    def _trim(self) -> None:
        """Let the oldest lines go."""
        by_age = sorted(self._lines.items(), key=lambda item: item[1].row["at"])
        for same, line in by_age[:-MAX_LINES]:
            del self._lines[same]
            for name in line.counts:
                self._line_of.pop(name, None)
            self._document.drop("events", line.key)
            self._left_out += 1
        self._document.put("stream", "left_out", self._left_out)

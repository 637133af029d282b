"""Events: what is shown of one, and the latest of many as a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from kubelearn.diagrams import svg
from kubelearn.diagrams.looks import Look, badge
from kubelearn.objects import parse_time

Row = dict[str, Any]

TYPES: dict[str, Look] = {
    "Normal": Look("Normal", "all went as it should", "#56B4E9", "#1F78AD", "M8 7v5M8 4h.01"),
    "Warning": Look(
        "Warning", "something needs a look", "#E69F00", "#8F6200", "M8 3.5v6M8 12.5h.01"
    ),
}

_WIDTH = 760
_LINE = 26
_MOST = 12


def event_row(event: Mapping[str, Any]) -> Row:
    """What is shown of an Event object, of either API group's form; times in ms."""
    series = event.get("series") or {}
    created = event["metadata"].get("creationTimestamp")
    first = event.get("firstTimestamp") or event.get("eventTime") or created
    last = series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    source = event.get("source") or {}
    about = event.get("involvedObject") or event.get("regarding") or {}
    return {
        "at": milliseconds(last or created) or 0,
        "first": milliseconds(first) or 0,
        "type": event.get("type") or "",
        "reason": event.get("reason") or "",
        "message": event.get("message") or event.get("note") or "",
        "source": source.get("component") or event.get("reportingComponent") or "",
        "count": int(series.get("count") or event.get("count") or 1),
        "kind": about.get("kind") or "",
        "name": about.get("name") or "",
        "namespace": about.get("namespace") or "",
    }


def milliseconds(moment: str | None) -> int | None:
    """A time as the API writes it, in ms since 1970."""
    return round(parse_time(moment).timestamp() * 1000) if moment else None


def newest_first(rows: Iterable[Row]) -> list[Row]:
    """Rows in the order in which they are read."""
    return sorted(rows, key=lambda row: (-row["at"], row["kind"], row["name"], row["message"]))


def summary(rows: Iterable[Row]) -> str:
    """`events: 12 Normal, 1 Warning`."""
    counts = Counter(row["type"] for row in rows)
    told = [f"{counts[kind]} {kind}" for kind in sorted(counts)]
    return f"events: {', '.join(told) or 'none'}"


def draw(title: str, rows: Iterable[Row], *, notice: str = "") -> str:
    """The latest events as SVG, newest first."""
    listed = list(rows)
    words = notice or summary(listed)
    parts = svg.heading(title, words, width=_WIDTH, alarm=bool(notice))
    shown = newest_first(listed)[:_MOST]
    for i, row in enumerate(shown):
        parts += _line(row, y=78 + i * _LINE)
    height = 72 + len(shown) * _LINE
    return svg.document(*parts, width=_WIDTH, height=height, label=f"{title}; {words}")


def _line(row: Row, *, y: float) -> list[str]:
    look = TYPES.get(row["type"], TYPES["Normal"])
    moment = datetime.fromtimestamp(row["at"] / 1000, UTC).strftime("%H:%M:%S")
    times = f", {row['count']} times" if row["count"] > 1 else ""
    about = f"{row['kind']} {row['name']}"
    cells = [
        (moment, 44, 60, svg.MUTED),
        (f"{row['reason']}{times}", 104, 150, svg.INK),
        (about, 262, 180, svg.MUTED),
        (row["message"], 450, _WIDTH - 470, svg.INK),
    ]
    texts = [
        svg.text(svg.shorten(words, width=width), x=x, y=y, fill=fill)
        for words, x, width, fill in cells
    ]
    return [badge(look, x=20, y=y - 14), *texts]

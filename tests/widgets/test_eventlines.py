"""Events joined to lines, in bounded memory."""

from __future__ import annotations

import pytest

from kubelearn.widgets import eventlines
from kubelearn.widgets.document import Document
from kubelearn.widgets.eventlines import EventLines


@pytest.fixture
def document():
    return Document()


@pytest.fixture
def lines(document):
    return EventLines(document)


def event(second, *, about="web-0", message="Container started", count=1):
    return {
        "metadata": {},
        "involvedObject": {"kind": "Pod", "name": about, "namespace": "demo"},
        "type": "Normal",
        "reason": "Started",
        "message": message,
        "firstTimestamp": "2026-01-01T12:00:00Z",
        "lastTimestamp": f"2026-01-01T12:{second // 60:02}:{second % 60:02}Z",
        "count": count,
    }


def shown(document):
    return list(document.section("events").values())


def test_an_event_that_happens_again_stays_one_line(lines, document):
    lines.take("demo/a", event(1))
    lines.take("demo/a", event(5, count=2))
    (line,) = shown(document)
    assert (line["count"], line["at"] - line["first"]) == (2, 5_000)


def test_events_that_say_the_same_of_one_object_are_one_line(lines, document):
    lines.take("demo/a", event(1, count=3))
    lines.take("demo/b", event(9))
    lines.take("demo/c", event(9, about="web-1"))
    assert [line["count"] for line in shown(document)] == [4, 1]
    # An older one that is told later changes neither the time nor the sum twice.
    lines.take("demo/a", event(1, count=3))
    assert [line["count"] for line in shown(document)] == [4, 1]
    assert shown(document)[0]["at"] - shown(document)[0]["first"] == 9_000


def test_what_the_cluster_forgets_stays_and_is_not_counted_again(lines, document):
    lines.take("demo/a", event(1, count=3))
    lines.take("demo/a", None)
    lines.take("demo/unknown", None)
    lines.take("demo/b", event(9))
    assert [line["count"] for line in shown(document)] == [4]


def test_an_event_that_gets_another_message_is_another_line(lines, document):
    lines.take("demo/a", event(1, message="one", count=4))
    lines.take("demo/a", event(2, message="(combined from similar events): two", count=5))
    lines.take("demo/b", event(3, message="one"))
    assert [(line["message"], line["count"]) for line in shown(document)] == [
        ("one", 1),
        ("(combined from similar events): two", 5),
    ]


def test_only_the_latest_are_kept_however_many_come(lines, document, monkeypatch):
    monkeypatch.setattr(eventlines, "MAX_LINES", 5)
    monkeypatch.setattr(eventlines, "_SLACK", 2)
    for i in range(100):
        lines.take(f"demo/{i}", event(i, about=f"web-{i}"))
        assert len(document.section("events")) <= 7
    names = [line["name"] for line in shown(document)]
    assert names[-5:] == [f"web-{i}" for i in range(95, 100)]
    assert document.get("stream", "left_out") + len(names) == 100
    assert len(lines._line_of) == len(names)

"""Events: what is read of them, and their picture."""

from __future__ import annotations

from xml.etree import ElementTree

from kubelearn.diagrams.events import draw, event_row, newest_first, summary

NOON = 1767268800000  # 2026-01-01T12:00:00Z


def row(at, **more):
    about = {"kind": "Pod", "name": "web", "namespace": "demo"}
    told = {"type": "Normal", "reason": "Started", "message": "Container started"}
    return {"at": at, "first": at, "source": "kubelet", "count": 1, **about, **told, **more}


def test_events_of_both_forms_are_read():
    old = {"metadata": {}, "lastTimestamp": "2026-01-01T12:00:00Z", "count": 3, "message": "m"}
    new = {"metadata": {}, "eventTime": "2026-01-01T12:00:00.5Z", "note": "n", "type": "Warning"}
    assert (event_row(old)["at"], event_row(old)["count"]) == (NOON, 3)
    assert (event_row(new)["at"], event_row(new)["message"]) == (NOON + 500, "n")


def test_a_series_tells_since_when_it_lasts_and_how_often_it_happened():
    series = {"count": 5, "lastObservedTime": "2026-01-01T12:01:00Z"}
    found = event_row({"metadata": {}, "eventTime": "2026-01-01T12:00:00Z", "series": series})
    assert (found["first"], found["at"], found["count"]) == (NOON, NOON + 60_000, 5)


def test_the_object_of_an_event_is_read_in_both_forms():
    about = {"kind": "Pod", "name": "web", "namespace": "demo"}
    for field in ("involvedObject", "regarding"):
        found = event_row({"metadata": {}, field: about})
        assert {k: found[k] for k in about} == about


def test_the_newest_events_are_drawn_first_and_each_tells_its_type():
    rows = [row(NOON), row(NOON + 1000, type="Warning", reason="BackOff", count=3)]
    drawn = draw("Events", rows)
    ElementTree.fromstring(drawn)
    assert drawn == draw("Events", reversed(rows))
    assert drawn.index("BackOff, 3 times") < drawn.index("Started")
    assert "12:00:01" in drawn
    assert summary(rows) == "events: 1 Normal, 1 Warning"
    assert summary([]) == "events: none"


def test_events_of_one_moment_have_an_order_too():
    rows = [row(NOON, name="b"), row(NOON, name="a")]
    assert newest_first(rows) == newest_first(reversed(rows))

"""EventStream, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.errors import KubelearnError
from kubelearn.widgets.eventstream import EventStream


@pytest.fixture
def tell(cluster, watches):
    def put(name, about="web-0", kind="Pod", reason="Started", **more):
        meta = {"name": name, "namespace": "demo", "creationTimestamp": "2026-01-01T12:00:00Z"}
        involved = {"kind": kind, "name": about, "namespace": "demo"}
        event = {"kind": "Event", "metadata": meta, "involvedObject": involved, "type": "Normal"}
        cluster.put({**event, "reason": reason, "message": "", **more})
        if watches.subscribers:
            watches.tell()

    return put


def shown(widget):
    return [(row["name"], row["reason"]) for row in widget.document.section("events").values()]


def test_events_that_are_there_and_that_come_are_shown(cluster, watches, tell):
    tell("one")
    stream = EventStream(cluster)
    tell("two", reason="Killing")
    assert shown(stream) == [("web-0", "Started"), ("web-0", "Killing")]


def test_a_storm_is_told_in_few_messages(cluster, watches, courier, tell):
    stream = EventStream(cluster)
    for i in range(1_000):
        stream.show(None, f"demo/{i}", _event(i))
    courier.deliver()
    (diff,) = stream.comm.custom
    assert sum(row is not None for row in diff["sections"]["events"].values()) <= 600
    assert diff["sections"]["stream"]["left_out"] >= 400


def _event(number):
    involved = {"kind": "Pod", "name": f"web-{number}", "namespace": "demo"}
    meta = {"creationTimestamp": "2026-01-01T12:00:00Z"}
    return {"metadata": meta, "involvedObject": involved, "reason": "Started"}


def test_those_about_one_object_are_told_apart(cluster, watches, tell):
    stream = EventStream(cluster, "demo", about="pod/web-0")
    tell("one")
    tell("other", about="web-1")
    tell("set", kind="ReplicaSet")
    assert shown(stream) == [("web-0", "Started")]
    told = stream.document.get("facts", "command")
    assert told == "kubectl events -n demo --for pod/web-0 --watch"


def test_an_object_without_a_kind_is_refused_with_an_example(cluster, watches):
    with pytest.raises(KubelearnError, match='about="pod/web-0"'):
        EventStream(cluster, about="web-0")


def test_what_was_seen_stays_when_the_widget_is_shown_again(cluster, watches, tell):
    stream = EventStream(cluster, "demo")
    tell("one", count=2)
    stream.detach()
    stream.attach()
    assert [row["count"] for row in stream.document.section("events").values()] == [2]


def test_the_text_and_the_picture_are_of_now(cluster, watches, tell):
    stream = EventStream(cluster, "demo")
    assert stream.line() == "events: none"
    tell("one")
    data, _ = stream._repr_mimebundle_()
    assert data["text/plain"] == "events: 1 Normal"
    assert "Events in namespace demo" in data["image/svg+xml"]

from __future__ import annotations

import pytest

from kubelearn.embedded.events import EventRecorder
from kubelearn.errors import Unreachable
from kubelearn.objects import EVENTS


@pytest.fixture
def recorder(api, clock):
    return EventRecorder(api, "replicaset-controller", clock=clock)


async def test_an_event_says_who_tells_what_about_which_object(api, recorder, make_pod):
    recorder.event(make_pod("web-1"), "Normal", "Created", "Container created", path="spec.x")
    await recorder.flush()
    event = api.one(EVENTS)
    assert event["metadata"]["name"].startswith("web-1.")
    assert event["metadata"]["namespace"] == "default"
    assert event["involvedObject"] == {
        "kind": "Pod",
        "namespace": "default",
        "name": "web-1",
        "uid": "uid-of-web-1",
        "apiVersion": "v1",
        "fieldPath": "spec.x",
    }
    assert event["source"] == {"component": "replicaset-controller"}
    assert event["reportingComponent"] == "replicaset-controller"
    assert (event["type"], event["reason"], event["count"]) == ("Normal", "Created", 1)
    assert event["firstTimestamp"] == event["lastTimestamp"] == "2026-01-01T12:00:00Z"


async def test_a_repeated_event_raises_the_count_of_the_first(api, clock, recorder, make_pod):
    for _ in range(3):
        recorder.event(make_pod(), "Warning", "BackOff", "Back-off restarting")
        await recorder.flush()
        await clock.advance(60)
    event = api.one(EVENTS)
    assert (event["count"], event["firstTimestamp"], event["lastTimestamp"]) == (
        3,
        "2026-01-01T12:00:00Z",
        "2026-01-01T12:02:00Z",
    )


async def test_a_repeated_event_whose_first_expired_is_written_anew(api, recorder, make_pod):
    recorder.event(make_pod(), "Warning", "BackOff", "Back-off restarting")
    await recorder.flush()
    await api.remove(EVENTS, api.one(EVENTS))
    recorder.event(make_pod(), "Warning", "BackOff", "Back-off restarting")
    await recorder.flush()
    assert api.one(EVENTS)["count"] == 1


async def test_from_the_eleventh_similar_event_on_they_are_combined(api, recorder, make_pod):
    for i in range(13):
        recorder.event(make_pod(), "Normal", "SuccessfulCreate", f"Created pod: web-{i}")
    await recorder.flush()
    events = api.objects(EVENTS)
    assert len(events) == 11
    assert events[-1]["message"] == "(combined from similar events): Created pod: web-12"
    assert events[-1]["count"] == 3


async def test_an_object_that_causes_too_many_events_loses_some(api, clock, recorder, make_pod):
    for i in range(40):
        recorder.event(make_pod(), "Normal", f"Reason{i}", "message")
    await recorder.flush()
    assert len(api.objects(EVENTS)) == 25
    await clock.advance(300)
    recorder.event(make_pod(), "Normal", "Later", "message")
    await recorder.flush()
    assert len(api.objects(EVENTS)) == 26


async def test_events_wait_for_an_api_server_that_gives_no_answer(api, clock, recorder, make_pod):
    api.failure = Unreachable({"message": "no answer"})
    recorder.event(make_pod(), "Normal", "Created", "message")
    await clock.advance(5)
    api.failure = None
    assert api.objects(EVENTS) == []
    await clock.advance(10)
    assert len(api.objects(EVENTS)) == 1


async def test_what_is_about_a_node_is_in_the_default_namespace(api, recorder, make_node):
    recorder.event(make_node(), "Normal", "RegisteredNode", "message")
    await recorder.flush()
    assert api.one(EVENTS)["metadata"]["namespace"] == "default"

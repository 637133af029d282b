"""Events: notes about objects, which come in two forms of the API over the same store."""

from __future__ import annotations

import pytest


@pytest.fixture
def note(core, namespace):
    """An Event about a pod that need not exist."""
    body = {
        "metadata": {"name": "note"},
        "involvedObject": {"kind": "Pod", "name": "web", "namespace": namespace},
        "reason": "Told",
        "message": "hello",
        "type": "Normal",
        "source": {"component": "tester"},
        "count": 2,
    }
    return core.create_namespaced_event(namespace, body)


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("involvedObject.name=web", True),
        ("involvedObject.kind=Pod,reason=Told", True),
        ("type=Warning", False),
        ("involvedObject.name=other", False),
        ("source=tester", True),
    ],
)
def test_events_are_found_by_what_they_are_about(core, namespace, note, selector, found):
    events = core.list_namespaced_event(namespace, field_selector=selector).items
    assert [event.metadata.name for event in events] == (["note"] if found else [])


def test_an_event_lives_in_the_namespace_of_what_it_is_about(core, namespace, refused):
    body = {
        "metadata": {"name": "stray"},
        "involvedObject": {"kind": "Pod", "name": "web", "namespace": "elsewhere"},
    }
    status = refused(core.create_namespaced_event, namespace, body)
    assert status["message"] == (
        'Event "stray" is invalid: involvedObject.namespace: Invalid value: "elsewhere": '
        "does not match event.namespace"
    )


def test_the_newer_form_of_the_api_shows_the_same_event(send, namespace, note):
    path = f"/apis/events.k8s.io/v1/namespaces/{namespace}/events/note"
    found = send("GET", path).checked()
    assert found["metadata"]["uid"] == note.metadata.uid
    assert (found["regarding"]["name"], found["note"], found["reason"]) == ("web", "hello", "Told")
    assert found["deprecatedCount"] == 2

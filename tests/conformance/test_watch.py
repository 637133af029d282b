"""Watches: every change once, in order, from any version that is still remembered."""

from __future__ import annotations

import contextlib

import pytest

from kubelearn.errors import NotAvailable

INITIAL_EVENTS = {
    "sendInitialEvents": "true",
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": "true",
}


@pytest.fixture
def secrets(namespace):
    return f"/api/v1/namespaces/{namespace}/secrets"


def shown(events):
    """Each event as its type and its object's name."""
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


def is_deleted(event):
    return event["type"] == "DELETED"


def test_a_watch_from_a_version_tells_every_later_change_in_order(core, namespace, secrets, watch):
    made = core.create_namespaced_secret(namespace, {"metadata": {"name": "a"}})
    core.create_namespaced_secret(namespace, {"metadata": {"name": "b"}})
    core.patch_namespaced_secret("a", namespace, {"metadata": {"labels": {"x": "1"}}})
    core.delete_namespaced_secret("a", namespace)
    events = watch(secrets, until=is_deleted, resourceVersion=made.metadata.resource_version)
    assert shown(events) == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "a")]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(set(versions))


def test_events_carry_whole_objects_with_their_kind(core, namespace, secrets, watch):
    made = core.create_namespaced_secret(namespace, {"metadata": {"name": "a"}})
    core.delete_namespaced_secret("a", namespace)
    [event] = watch(secrets, until=is_deleted, resourceVersion=made.metadata.resource_version)
    assert (event["object"]["apiVersion"], event["object"]["kind"]) == ("v1", "Secret")
    # The last state, at the deletion's own version: a watcher can go on from there.
    assert event["object"]["metadata"]["uid"] == made.metadata.uid
    deleted_at = int(event["object"]["metadata"]["resourceVersion"])
    assert deleted_at > int(made.metadata.resource_version)


def test_a_watch_without_a_version_begins_with_what_is_there(core, namespace, secrets, watch):
    for name in ("a", "b"):
        core.create_namespaced_secret(namespace, {"metadata": {"name": name}})
    events = watch(secrets, until=lambda event: event["object"]["metadata"]["name"] == "b")
    assert sorted(shown(events)) == [("ADDED", "a"), ("ADDED", "b")]


def test_a_watch_of_the_list_tells_what_the_list_did_not_show(core, namespace, secrets, watch):
    core.create_namespaced_secret(namespace, {"metadata": {"name": "a"}})
    listed = core.list_namespaced_secret(namespace)
    core.create_namespaced_secret(namespace, {"metadata": {"name": "b"}})
    events = watch(
        secrets,
        until=lambda event: True,
        resourceVersion=listed.metadata.resource_version,
    )
    assert shown(events) == [("ADDED", "b")]


def test_labels_that_come_and_go_are_told_as_added_and_deleted(core, namespace, secrets, watch):
    made = core.create_namespaced_secret(namespace, {"metadata": {"name": "a"}})
    for metadata in (
        {"labels": {"lit": "1"}},
        {"annotations": {"n": "1"}},
        {"labels": {"lit": None}},
    ):
        core.patch_namespaced_secret("a", namespace, {"metadata": metadata})
    events = watch(
        secrets,
        until=is_deleted,
        labelSelector="lit=1",
        resourceVersion=made.metadata.resource_version,
    )
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    # A selector's DELETED shows the object as the selector last matched it.
    assert events[-1]["object"]["metadata"]["labels"] == {"lit": "1"}


def test_one_object_can_be_watched_by_its_name(core, namespace, secrets, watch):
    made = core.create_namespaced_secret(namespace, {"metadata": {"name": "a"}})
    core.create_namespaced_secret(namespace, {"metadata": {"name": "b"}})
    core.delete_namespaced_secret("b", namespace)
    core.delete_namespaced_secret("a", namespace)
    events = watch(
        secrets,
        until=is_deleted,
        fieldSelector="metadata.name=a",
        resourceVersion=made.metadata.resource_version,
    )
    assert shown(events) == [("DELETED", "a")]


def test_a_watch_ends_after_its_time(namespace, secrets, watch):
    assert watch(secrets, until=lambda event: True, timeoutSeconds=1) == []


def test_a_version_too_old_is_told_as_an_error_event(cluster, watch, lacking):
    with contextlib.suppress(NotAvailable):
        cluster.internals.compact(cluster.internals.etcd().revision)
    # The stream opens with 200, so the 410 has to come inside it; clients list again.
    [event] = watch("/api/v1/pods", until=lambda event: True, resourceVersion=1)
    if event["type"] != "ERROR":
        lacking("this cluster is so young that it still remembers its first version")
    assert (event["type"], event["object"]["kind"]) == ("ERROR", "Status")
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"].startswith("too old resource version: 1 (")


def test_initial_events_end_with_a_bookmark(core, namespace, secrets, watch):
    for name in ("a", "b"):
        core.create_namespaced_secret(namespace, {"metadata": {"name": name}})
    *added, bookmark = watch(
        secrets, until=lambda event: event["type"] == "BOOKMARK", **INITIAL_EVENTS
    )
    assert sorted(shown(added)) == [("ADDED", "a"), ("ADDED", "b")]
    metadata = bookmark["object"]["metadata"]
    assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(metadata["resourceVersion"]) >= max(
        int(event["object"]["metadata"]["resourceVersion"]) for event in added
    )


def test_initial_events_of_an_empty_list_are_a_bookmark_alone(secrets, watch):
    [bookmark] = watch(secrets, until=lambda event: True, **INITIAL_EVENTS)
    assert bookmark["type"] == "BOOKMARK"


def test_initial_events_need_their_version_match(send, secrets):
    query = {"watch": "true", "sendInitialEvents": "true", "timeoutSeconds": 1}
    answer = send("GET", secrets, query=query)
    assert (answer.code, answer.body["reason"]) == (422, "Invalid")
    assert answer.body["message"] == (
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
    )


def test_all_namespaces_can_be_watched_at_once(core, namespace, watch):
    made = core.create_namespaced_secret(namespace, {"metadata": {"name": "a"}})
    core.delete_namespaced_secret("a", namespace)
    events = watch(
        "/api/v1/secrets",
        until=is_deleted,
        resourceVersion=made.metadata.resource_version,
        fieldSelector=f"metadata.namespace={namespace}",
    )
    assert shown(events) == [("DELETED", "a")]


def test_two_watchers_see_the_same_events(core, namespace, secrets, watch):
    made = core.create_namespaced_secret(namespace, {"metadata": {"name": "a"}})
    core.patch_namespaced_secret("a", namespace, {"metadata": {"labels": {"x": "1"}}})
    core.delete_namespaced_secret("a", namespace)
    since = made.metadata.resource_version
    first = watch(secrets, until=is_deleted, resourceVersion=since)
    assert watch(secrets, until=is_deleted, resourceVersion=since) == first


def test_a_table_can_be_watched(core, namespace, send):
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "zz"}, "data": {"a": "b"}})
    answer = send(
        "GET",
        f"/api/v1/namespaces/{namespace}/configmaps",
        accept="application/json;as=Table;v=v1;g=meta.k8s.io",
        query={"watch": "true", "timeoutSeconds": 1, "fieldSelector": "metadata.name=zz"},
    )
    table = answer.body["object"]
    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert table["rows"][0]["cells"][:2] == ["zz", 1]

"""Deletion: at once, held by finalizers, on conditions, and many at a time."""

from __future__ import annotations

import pytest

HOLD = "example.com/hold"


@pytest.fixture
def held(core, namespace):
    """A ConfigMap that a finalizer holds; it is let go at the end."""
    made = core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "held", "finalizers": [HOLD]}}
    )
    yield made
    if core.list_namespaced_config_map(namespace, field_selector="metadata.name=held").items:
        core.patch_namespaced_config_map("held", namespace, {"metadata": {"finalizers": None}})


def test_deleting_answers_which_object_is_gone(core, send, namespace, gone):
    made = core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    body = send("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/c").checked()
    assert (body["kind"], body["status"]) == ("Status", "Success")
    assert body["details"] == {"name": "c", "kind": "configmaps", "uid": made.metadata.uid}
    assert gone(core.read_namespaced_config_map, "c", namespace)


def test_a_finalizer_keeps_a_deleted_object_until_it_is_removed(core, namespace, held, gone):
    core.delete_namespaced_config_map("held", namespace)
    waiting = core.read_namespaced_config_map("held", namespace)
    assert waiting.metadata.deletion_timestamp is not None
    assert waiting.metadata.finalizers == [HOLD]
    core.patch_namespaced_config_map("held", namespace, {"metadata": {"finalizers": None}})
    assert gone(core.read_namespaced_config_map, "held", namespace)


def test_deleting_twice_keeps_the_first_time(core, namespace, held):
    core.delete_namespaced_config_map("held", namespace)
    first = core.read_namespaced_config_map("held", namespace)
    core.delete_namespaced_config_map("held", namespace)
    second = core.read_namespaced_config_map("held", namespace)
    assert second.metadata.deletion_timestamp == first.metadata.deletion_timestamp
    assert second.metadata.resource_version == first.metadata.resource_version


def test_a_deletion_cannot_be_taken_back(core, namespace, held):
    core.delete_namespaced_config_map("held", namespace)
    undo = {"metadata": {"deletionTimestamp": None}}
    kept = core.patch_namespaced_config_map("held", namespace, undo)
    assert kept.metadata.deletion_timestamp is not None


def test_no_finalizer_can_be_added_to_a_deleted_object(core, namespace, held, refused):
    core.delete_namespaced_config_map("held", namespace)
    more = [{"op": "add", "path": "/metadata/finalizers/-", "value": "example.com/more"}]
    status = refused(core.patch_namespaced_config_map, "held", namespace, more)
    assert status["message"] == (
        'ConfigMap "held" is invalid: metadata.finalizers: Forbidden: no new finalizers can be '
        "added if the object is being deleted, found new finalizers "
        '[]string{"example.com/more"}'
    )


def test_a_finalizer_needs_a_qualified_name(core, shared_namespace, refused):
    body = {"metadata": {"name": "c", "finalizers": ["hold"]}}
    status = refused(core.create_namespaced_config_map, shared_namespace, body, dry_run="All")
    assert status["message"] == (
        'ConfigMap "c" is invalid: metadata.finalizers[0]: Invalid value: "hold": '
        "name is neither a standard finalizer name nor is it fully qualified"
    )


def test_a_precondition_on_the_uid_protects_a_namesake(core, namespace, refused):
    made = core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    wanted = "11111111-2222-3333-4444-555555555555"
    options = {"preconditions": {"uid": wanted}}
    status = refused(core.delete_namespaced_config_map, "c", namespace, body=options)
    assert (status["code"], status["reason"]) == (409, "Conflict")
    assert status["message"] == (
        'Operation cannot be fulfilled on ConfigMap "c": the UID in the precondition '
        f"({wanted}) does not match the UID in record ({made.metadata.uid}). "
        "The object might have been deleted and then recreated"
    )


def test_a_precondition_on_the_version_protects_a_change(core, namespace, refused, gone):
    old = core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    new = core.patch_namespaced_config_map("c", namespace, {"data": {"a": "1"}})
    options = {"preconditions": {"resourceVersion": old.metadata.resource_version}}
    assert refused(core.delete_namespaced_config_map, "c", namespace, body=options)["code"] == 409
    options = {"preconditions": {"resourceVersion": new.metadata.resource_version}}
    core.delete_namespaced_config_map("c", namespace, body=options)
    assert gone(core.read_namespaced_config_map, "c", namespace)


def test_an_object_is_no_options(core, send, namespace):
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    path = f"/api/v1/namespaces/{namespace}/configmaps/c"
    answer = send("DELETE", path, body={"apiVersion": "v1", "kind": "ConfigMap"})
    assert (answer.code, answer.body["reason"]) == (400, "BadRequest")
    assert core.read_namespaced_config_map("c", namespace)


def test_an_unknown_propagation_policy_is_invalid(core, namespace, refused):
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    options = {"propagationPolicy": "Sideways"}
    status = refused(core.delete_namespaced_config_map, "c", namespace, body=options)
    assert status["message"] == (
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: '
        '"Sideways": supported values: "Foreground", "Background", "Orphan", "nil"'
    )


@pytest.mark.parametrize(
    ("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")]
)
def test_a_propagation_policy_is_kept_as_a_finalizer(core, send, namespace, policy, finalizer):
    # The second finalizer keeps it in sight where a garbage collector works at once.
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "owner", "finalizers": [HOLD]}}
    )
    path = f"/api/v1/namespaces/{namespace}/configmaps/owner"
    body = send("DELETE", path, query={"propagationPolicy": policy}).checked()
    assert sorted(body["metadata"]["finalizers"]) == sorted([HOLD, finalizer])
    assert body["metadata"]["deletionGracePeriodSeconds"] == 0
    send("PATCH", path, patch="merge", body={"metadata": {"finalizers": None}}).checked()


def test_a_collection_is_deleted_by_selector(core, send, namespace):
    core.create_namespaced_secret(namespace, {"metadata": {"name": "a", "labels": {"go": "yes"}}})
    core.create_namespaced_secret(namespace, {"metadata": {"name": "b"}})
    path = f"/api/v1/namespaces/{namespace}/secrets"
    body = send("DELETE", path, query={"labelSelector": "go=yes"}).checked()
    assert body["kind"] == "SecretList"
    assert [item["metadata"]["name"] for item in body["items"]] == ["a"]
    left = core.list_namespaced_secret(namespace).items
    assert [one.metadata.name for one in left] == ["b"]


def test_an_empty_collection_can_be_deleted(send, namespace):
    body = send("DELETE", f"/api/v1/namespaces/{namespace}/secrets").checked()
    assert body["items"] == []

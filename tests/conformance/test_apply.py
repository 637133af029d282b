"""Server-side apply: each manager owns the fields that it applied, and conflicts are told."""

from __future__ import annotations

import pytest


@pytest.fixture
def apply(send, namespace):
    """Apply the data of ConfigMap `c` as a manager; gives the answer."""

    def call(manager, data, **query):
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data}
        return send(
            "PATCH",
            f"/api/v1/namespaces/{namespace}/configmaps/c",
            patch="apply",
            body=body,
            query={"fieldManager": manager, **query},
        )

    return call


def test_applying_an_absent_object_creates_it(apply):
    answer = apply("alice", {"a": "1"})
    assert (answer.code, answer.body["data"]) == (201, {"a": "1"})
    [entry] = answer.body["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("alice", "Apply")
    assert entry["fieldsV1"] == {"f:data": {"f:a": {}}}


def test_applying_the_same_again_changes_nothing(apply):
    made = apply("alice", {"a": "1"}).checked()["metadata"]["resourceVersion"]
    again = apply("alice", {"a": "1"})
    assert (again.code, again.body["metadata"]["resourceVersion"]) == (200, made)


def test_a_field_that_is_no_longer_applied_is_removed(apply):
    apply("alice", {"a": "1", "b": "2"}).checked()
    assert apply("alice", {"b": "2"}).body["data"] == {"b": "2"}


def test_managers_of_different_fields_do_not_meet(apply):
    apply("alice", {"a": "1"}).checked()
    assert apply("bob", {"b": "2"}).body["data"] == {"a": "1", "b": "2"}


def test_changing_another_managers_field_is_a_conflict(apply):
    apply("alice", {"a": "1", "b": "2"}).checked()
    answer = apply("bob", {"a": "7"})
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")
    assert answer.body["message"] == (
        'Apply failed with 1 conflict: conflict with "alice": .data.a'
    )
    assert answer.body["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "alice"',
            "field": ".data.a",
        }
    ]


def test_force_takes_the_field_over(apply):
    apply("alice", {"a": "1"}).checked()
    taken = apply("bob", {"a": "7"}, force="true").checked()
    assert taken["data"] == {"a": "7"}
    assert [entry["manager"] for entry in taken["metadata"]["managedFields"]] == ["bob"]


def test_the_same_value_is_shared_and_stays_until_the_last_owner_leaves(apply):
    apply("alice", {"a": "1", "b": "2"}).checked()
    apply("bob", {"a": "1"}).checked()
    assert apply("alice", {"b": "2"}).body["data"] == {"a": "1", "b": "2"}
    assert apply("bob", {}).body["data"] == {"b": "2"}


def test_a_plain_update_takes_ownership_so_that_apply_conflicts(apply, core, namespace):
    apply("alice", {"a": "1"}).checked()
    core.patch_namespaced_config_map("c", namespace, {"data": {"a": "9"}}, field_manager="human")
    assert apply("alice", {"a": "1"}).body["message"] == (
        'Apply failed with 1 conflict: conflict with "human" using v1: .data.a'
    )


def test_a_field_that_nobody_declared_cannot_be_applied(send, namespace):
    meta = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    path = f"/api/v1/namespaces/{namespace}/configmaps/c"
    query = {"fieldManager": "alice"}
    answer = send("PATCH", path, patch="apply", body={**meta, "dada": {}}, query=query)
    assert answer.code == 500
    assert answer.body["message"].endswith(".dada: field not declared in schema")


def test_whoever_applies_a_scale_meets_the_owners_of_the_replicas(
    apps, send, namespace, idle_deployment
):
    apps.create_namespaced_deployment(namespace, idle_deployment("d"), field_manager="maker")
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/d"
    body = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "d"}}

    def apply(**query):
        query["fieldManager"] = "me"
        return send("PATCH", f"{path}/scale", patch="apply", body=body, query=query)

    body["spec"] = {"replicas": 4}
    answer = apply()
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")
    assert answer.body["message"] == (
        'Apply failed with 1 conflict: conflict with "maker" using autoscaling/v1: .spec.replicas'
    )
    assert apply(force="true").checked()["spec"] == {"replicas": 4}
    fields = send("GET", path).checked()["metadata"]["managedFields"]
    owners = {
        (each["manager"], each["operation"], each.get("subresource")): each["fieldsV1"]
        for each in fields
    }
    assert owners["me", "Apply", "scale"] == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in owners["maker", "Update", None]["f:spec"]
    body["spec"] = {"copies": 4}
    answer = apply()
    assert (answer.code, answer.body["message"]) == (
        500,
        "failed to create typed patch object (/d; autoscaling/v1, Kind=Scale): "
        ".spec.copies: field not declared in schema",
    )


def test_applying_needs_a_field_manager(send, namespace):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    path = f"/api/v1/namespaces/{namespace}/configmaps/c"
    answer = send("PATCH", path, patch="apply", body=body)
    assert (answer.code, answer.body["message"]) == (
        422,
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: '
        "is required for apply patch",
    )

"""Objects of kinds of one's own, and what the API server does for them."""

from __future__ import annotations

import pytest
from kubernetes import client

from tests.conformance.crds.conftest import SPEC, VERSION, Frogs

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def test_objects_are_made_read_listed_changed_and_deleted(frogs, gone):
    made = frogs.create(legs=3)
    assert made["metadata"]["generation"] == 1
    assert frogs.get()["spec"] == {"color": "green", "legs": 3}
    frogs.create("robin")
    listed = frogs.api.list_namespaced_custom_object(*frogs.place)
    assert listed["kind"] == "FrogList"
    assert [each["metadata"]["name"] for each in listed["items"]] == ["kermit", "robin"]
    assert frogs.patch({"spec": {"legs": 5}})["metadata"]["generation"] == 2
    changed = frogs.get()
    changed["metadata"]["labels"] = {"a": "b"}
    changed = frogs.api.replace_namespaced_custom_object(*frogs.place, "kermit", changed)
    assert changed["metadata"]["generation"] == 2
    frogs.api.delete_namespaced_custom_object(*frogs.place, "kermit")
    assert gone(frogs.get)


def test_defaults_are_filled_in_and_unknown_fields_dropped(frogs, send):
    answer = send("POST", frogs.path, body=frogs.body(wings=2, extra={"any": [1]}))
    assert answer.body["spec"] == {"color": "green", "legs": 4, "extra": {"any": [1]}}
    assert 'unknown field \\"spec.wings\\"' in answer.headers["Warning"]


def test_unknown_fields_can_be_an_error(frogs, send):
    query = {"fieldValidation": "Strict"}
    answer = send("POST", frogs.path, body=frogs.body(wings=2), query=query)
    assert answer.code == 400
    assert answer.body["message"].endswith('strict decoding error: unknown field "spec.wings"')


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"color": "red"}, 'spec.color: Unsupported value: "red": supported values: "'),
        ({"legs": 9}, "spec.legs: Invalid value: 9: spec.legs in body should be less than or"),
        ({"legs": "x"}, 'spec.legs in body must be of type integer: "string"'),
        ({"nick": "X"}, "spec.nick in body should match '^[a-z]+$'"),
        ({"nick": "abcdef"}, "spec.nick: Too long: may not be more than 5 bytes"),
        ({"port": True}, "spec.port in body must be of type integer,string"),
        ({"tags": ["a", "a"]}, 'spec.tags[1]: Duplicate value: "a"'),
        ({"friends": [{"name": "a"}, {"name": "a"}]}, 'spec.friends[1]: Duplicate value: {"name"'),
        ({"friends": [{"age": 1}]}, "spec.friends[0].name: Required value"),
    ],
)
def test_what_does_not_fit_the_schema_is_refused(frogs, refused, spec, text):
    status = refused(frogs.create, **spec)
    assert status["reason"] == "Invalid"
    assert text in status["message"]


def test_a_null_counts_as_not_given(frogs):
    assert frogs.create(legs=None, nick=None)["spec"] == {"color": "green", "legs": 4}


def test_rules_are_checked_also_between_old_and_new(define, api, namespace, refused):
    rules = [
        {"rule": "self.color != 'blue' || self.legs <= 2", "message": "blue frogs have few legs"},
        {"rule": "self.legs >= oldSelf.legs", "message": "legs do not get lost"},
    ]
    spec = SPEC | {"x-kubernetes-validations": rules}
    schema = {"type": "object", "properties": {"spec": spec}}
    group = define(VERSION | {"schema": {"openAPIV3Schema": schema}})
    frogs = Frogs(client.CustomObjectsApi(api), group, namespace, {})
    assert "blue frogs have few legs" in refused(frogs.create, color="blue")["message"]
    frogs.create(legs=3)
    frogs.patch({"spec": {"legs": 4}})
    status = refused(frogs.patch, {"spec": {"legs": 2}})
    assert "spec: Invalid value: legs do not get lost" in status["message"]


def test_status_and_the_rest_change_through_doors_of_their_own(frogs):
    frogs.create()
    status = {"status": {"legs": 2}, "spec": {"color": "blue"}}
    changed = frogs.api.patch_namespaced_custom_object_status(*frogs.place, "kermit", status)
    assert (changed["spec"]["color"], changed["status"]) == ("green", {"legs": 2})
    assert changed["metadata"]["generation"] == 1
    changed = frogs.patch({"status": {"legs": 9}, "spec": {"color": "blue"}})
    assert (changed["spec"]["color"], changed["status"]) == ("blue", {"legs": 2})
    assert changed["metadata"]["generation"] == 2


def test_the_scale_reads_and_writes_the_fields_that_the_definition_names(frogs):
    frogs.create(legs=3)
    status = {"status": {"legs": 2, "selector": "a=b"}}
    frogs.api.patch_namespaced_custom_object_status(*frogs.place, "kermit", status)
    scale = frogs.api.get_namespaced_custom_object_scale(*frogs.place, "kermit")
    assert (scale["kind"], scale["spec"]) == ("Scale", {"replicas": 3})
    assert scale["status"] == {"replicas": 2, "selector": "a=b"}
    body = {"spec": {"replicas": 5}}
    frogs.api.patch_namespaced_custom_object_scale(*frogs.place, "kermit", body)
    assert frogs.get()["spec"]["legs"] == 5


def test_a_table_has_the_columns_of_the_definition(frogs, send):
    frogs.create()
    table = send("GET", frogs.path, accept=TABLE).body
    columns = [(each["name"], each["priority"]) for each in table["columnDefinitions"]]
    assert columns == [("Name", 0), ("Color", 0), ("Legs", 1), ("Age", 0)]
    assert table["rows"][0]["cells"][:3] == ["kermit", "green", 4]


def test_objects_are_found_by_the_fields_that_the_definition_lists(frogs, refused):
    frogs.create("a", color="green")
    frogs.create("b", color="blue")
    listed = frogs.api.list_namespaced_custom_object
    found = listed(*frogs.place, field_selector="spec.color=blue")["items"]
    assert [each["metadata"]["name"] for each in found] == ["b"]
    status = refused(listed, *frogs.place, field_selector="spec.legs=4")
    assert status["message"] == "field label not supported: spec.legs"


def test_apply_knows_the_keys_of_lists(frogs, send):
    for manager, friend in (("a", "piggy"), ("b", "fozzie")):
        body = frogs.body(friends=[{"name": friend, "age": 3}])
        query = {"fieldManager": manager}
        answer = send("PATCH", f"{frogs.path}/kermit", body=body, query=query, patch="apply")
        assert answer.code in (200, 201)
    assert [each["name"] for each in answer.body["spec"]["friends"]] == ["piggy", "fozzie"]
    body = frogs.body(friends=[{"name": "piggy", "age": 4}])
    answer = send(
        "PATCH", f"{frogs.path}/kermit", body=body, query={"fieldManager": "b"}, patch="apply"
    )
    assert answer.code == 409
    assert '.spec.friends[name="piggy"].age' in answer.body["message"]


def test_strategic_patches_are_not_for_custom_resources(frogs, send):
    frogs.create()
    answer = send("PATCH", f"{frogs.path}/kermit", body={"spec": {}}, patch="strategic")
    assert answer.code == 415
    assert answer.body["reason"] == "UnsupportedMediaType"


def test_changes_are_watched(frogs, watch):
    version = frogs.create()["metadata"]["resourceVersion"]
    frogs.patch({"spec": {"legs": 2}})
    frogs.api.delete_namespaced_custom_object(*frogs.place, "kermit")
    events = watch(
        frogs.path, until=lambda event: event["type"] == "DELETED", resourceVersion=version
    )
    assert [event["type"] for event in events] == ["MODIFIED", "DELETED"]


def test_a_finalizer_holds_an_object(frogs, gone):
    frogs.create()
    frogs.patch({"metadata": {"finalizers": ["example.com/hold"]}})
    frogs.api.delete_namespaced_custom_object(*frogs.place, "kermit")
    assert "deletionTimestamp" in frogs.get()["metadata"]
    frogs.patch({"metadata": {"finalizers": None}})
    assert gone(frogs.get)

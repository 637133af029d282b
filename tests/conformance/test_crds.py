"""CustomResourceDefinitions: kinds of one's own, and what the API server does for them."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any

import pytest
from kubernetes import client

from tests.frogs import FRIENDS

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NUMBERS = itertools.count(1)
SPEC = {
    "type": "object",
    "required": ["color"],
    "properties": {
        "color": {"type": "string", "enum": ["green", "blue"]},
        "legs": {"type": "integer", "minimum": 0, "maximum": 8, "default": 4},
        "nick": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
        "port": {"x-kubernetes-int-or-string": True},
        "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "friends": FRIENDS,
    },
}
STATUS = {
    "type": "object",
    "properties": {"legs": {"type": "integer"}, "selector": {"type": "string"}},
}
SCHEMA = {"type": "object", "properties": {"spec": SPEC, "status": STATUS}}
VERSION = {
    "name": "v1",
    "served": True,
    "storage": True,
    "schema": {"openAPIV3Schema": SCHEMA},
    "subresources": {
        "status": {},
        "scale": {
            "specReplicasPath": ".spec.legs",
            "statusReplicasPath": ".status.legs",
            "labelSelectorPath": ".status.selector",
        },
    },
    "additionalPrinterColumns": [
        {"name": "Color", "type": "string", "jsonPath": ".spec.color"},
        {"name": "Legs", "type": "integer", "jsonPath": ".spec.legs", "priority": 1},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ],
    "selectableFields": [{"jsonPath": ".spec.color"}],
}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@dataclass
class Frogs:
    """The frogs of one group: their definition and, in a namespace, themselves."""

    api: client.CustomObjectsApi
    group: str
    namespace: str
    definition: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/apis/{self.group}/v1/namespaces/{self.namespace}/frogs"

    @property
    def place(self) -> tuple[str, str, str, str]:
        return self.group, "v1", self.namespace, "frogs"

    def body(self, name="kermit", *, version="v1", **spec):
        return {
            "apiVersion": f"{self.group}/{version}",
            "kind": "Frog",
            "metadata": {"name": name},
            "spec": {"color": "green", **spec},
        }

    def create(self, name="kermit", **spec):
        return self.api.create_namespaced_custom_object(*self.place, self.body(name, **spec))

    def get(self, name="kermit"):
        return self.api.get_namespaced_custom_object(*self.place, name)

    def patch(self, changes, name="kermit"):
        return self.api.patch_namespaced_custom_object(*self.place, name, changes)


@pytest.fixture(scope="module")
def define(send, eventually):
    """Create definitions in groups of their own, and wait until they are served."""
    made = []

    def call(*versions, scope="Namespaced", **names):
        group = f"frogs-{next(NUMBERS)}.example.com"
        body = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"frogs.{group}"},
            "spec": {
                "group": group,
                "scope": scope,
                "names": {"plural": "frogs", "kind": "Frog", **names},
                "versions": list(versions) or [VERSION],
            },
        }
        send("DELETE", f"{DEFINITIONS}/frogs.{group}")
        eventually(lambda: send("GET", f"{DEFINITIONS}/frogs.{group}").code == 404)
        answer = send("POST", DEFINITIONS, body=body)
        assert answer.code == 201, answer.body
        made.append(group)
        eventually(lambda: is_true(send("GET", f"{DEFINITIONS}/frogs.{group}").body, "Established"))
        # A server may need a moment between the condition and the first answer.
        eventually(lambda: send("GET", f"/apis/{group}/v1/frogs").code == 200)
        return group

    yield call
    for group in made:
        send("DELETE", f"{DEFINITIONS}/frogs.{group}")


@pytest.fixture(scope="module")
def shared_group(define):
    return define(shortNames=["fr"], categories=["all"])


@pytest.fixture
def frogs(api, shared_group, namespace, send):
    definition = send("GET", f"{DEFINITIONS}/frogs.{shared_group}").body
    return Frogs(client.CustomObjectsApi(api), shared_group, namespace, definition)


def is_true(obj, kind):
    conditions = (obj.get("status") or {}).get("conditions") or []
    return any((each["type"], each["status"]) == (kind, "True") for each in conditions)


# --- definitions ----------------------------------------------------------------------------------


def test_a_definition_is_completed_accepted_and_established(frogs):
    spec, status = frogs.definition["spec"], frogs.definition["status"]
    assert spec["names"]["singular"] == "frog"
    assert spec["names"]["listKind"] == "FrogList"
    assert spec["conversion"] == {"strategy": "None"}
    assert status["acceptedNames"] == spec["names"]
    assert status["storedVersions"] == ["v1"]
    reasons = {each["type"]: each["reason"] for each in status["conditions"]}
    assert reasons == {"NamesAccepted": "NoConflicts", "Established": "InitialNamesAccepted"}


def test_the_new_kind_is_told_in_discovery(frogs, send):
    found = send("GET", f"/apis/{frogs.group}/v1").body["resources"]
    kinds = {each["name"]: each for each in found}
    assert kinds.keys() == {"frogs", "frogs/status", "frogs/scale"}
    assert kinds["frogs"]["shortNames"] == ["fr"]
    assert kinds["frogs"]["categories"] == ["all"]
    assert kinds["frogs/scale"]["group"] == "autoscaling"


def test_openapi_describes_the_new_kind(frogs, send, eventually):
    def schema():
        answer = send("GET", f"/openapi/v3/apis/{frogs.group}/v1")
        if answer.code != 200:
            return None
        # Not every server calls it JSON.
        document = answer.body if isinstance(answer.body, dict) else json.loads(answer.body)
        schemas = document["components"]["schemas"]
        return next((each for name, each in schemas.items() if name.endswith(".Frog")), None)

    found = eventually(schema)
    assert found["properties"]["spec"]["properties"]["legs"]["default"] == 4
    [kind] = found["x-kubernetes-group-version-kind"]
    assert kind == {"group": frogs.group, "version": "v1", "kind": "Frog"}


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ({"scope": "Somewhere"}, ['spec.scope: Unsupported value: "Somewhere"']),
        ({"group": "nodot"}, ["spec.group", "should be a domain with at least one dot"]),
        ({"versions": [VERSION, VERSION]}, ["must contain unique version names"]),
        ({"versions": [VERSION | {"storage": False}]}, ["exactly one version marked as storage"]),
        (
            {"versions": [VERSION | {"schema": {"openAPIV3Schema": {"type": "object",
             "properties": {"spec": {}}}}}]},
            ["must not be empty for specified object fields"],
        ),
        (
            {"versions": [VERSION | {"additionalPrinterColumns": [
                {"name": "A", "type": "text", "jsonPath": ".spec"}]}]},
            ["must be one of boolean,date,integer,number,string"],
        ),
    ],
)  # fmt: skip
def test_a_definition_that_makes_no_sense_is_refused(send, spec, texts):
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "frogs.wrong.example.com"},
        "spec": {
            "group": "wrong.example.com",
            "scope": "Cluster",
            "names": {"plural": "frogs", "kind": "Frog"},
            "versions": [VERSION],
            **spec,
        },
    }
    answer = send("POST", DEFINITIONS, body=body, query={"dryRun": "All"})
    assert answer.code == 422
    for text in texts:
        assert text in answer.body["message"]


def test_names_that_are_taken_are_not_accepted(define, send, eventually):
    group = define()
    name = f"toads.{group}"
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "toads", "kind": "Frog"},
            "versions": [VERSION],
        },
    }
    send("POST", DEFINITIONS, body=body)
    found = eventually(lambda: send("GET", f"{DEFINITIONS}/{name}").body["status"]["conditions"])
    accepted = next(each for each in found if each["type"] == "NamesAccepted")
    assert accepted["status"] == "False"
    assert '"Frog' in accepted["message"]
    assert "is already in use" in accepted["message"]
    assert send("GET", f"/apis/{group}/v1/toads").code == 404
    send("DELETE", f"{DEFINITIONS}/{name}")
    eventually(lambda: send("GET", f"{DEFINITIONS}/{name}").code == 404)


# --- objects --------------------------------------------------------------------------------------


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


# --- versions, scope, the end ---------------------------------------------------------------------


def test_an_object_is_seen_in_every_version(define, send, namespace):
    narrow = {"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "color": {"type": "string"}}}}}  # fmt: skip
    old = {
        "name": "v1beta1",
        "served": True,
        "storage": False,
        "deprecated": True,
        "schema": {"openAPIV3Schema": narrow},
    }
    group = define(VERSION, old)
    frogs = Frogs(None, group, namespace, {})
    assert send("POST", frogs.path, body=frogs.body(legs=3)).code == 201
    answer = send("GET", f"{frogs.path.replace('v1', 'v1beta1')}/kermit")
    assert answer.body["apiVersion"] == f"{group}/v1beta1"
    assert answer.body["spec"] == {"color": "green"}
    assert f"{group}/v1beta1 Frog is deprecated" in answer.headers["Warning"]
    assert send("GET", f"{frogs.path.replace('v1', 'v2')}/kermit").code == 404


def test_kinds_without_namespaces(define, api):
    group = define(scope="Cluster")
    custom = client.CustomObjectsApi(api)
    body = Frogs(custom, group, "", {}).body()
    made = custom.create_cluster_custom_object(group, "v1", "frogs", body)
    assert "namespace" not in made["metadata"]
    assert custom.list_cluster_custom_object(group, "v1", "frogs")["items"][0] == made


def test_scope_and_stored_versions_do_not_change(frogs, send):
    spec = frogs.definition["spec"]
    path = f"{DEFINITIONS}/frogs.{frogs.group}"
    changed = frogs.definition | {"spec": spec | {"scope": "Cluster"}}
    answer = send("PUT", path, body=changed)
    assert 'spec.scope: Invalid value: "Cluster": field is immutable' in answer.body["message"]
    renamed = [spec["versions"][0] | {"name": "v2"}]
    answer = send("PUT", path, body=frogs.definition | {"spec": spec | {"versions": renamed}})
    assert "v1 was previously a storage version" in answer.body["message"]


def test_with_its_definition_go_all_objects_of_a_kind(define, api, namespace, send, eventually):
    group = define()
    frogs = Frogs(client.CustomObjectsApi(api), group, namespace, {})
    frogs.create()
    answer = send("DELETE", f"{DEFINITIONS}/frogs.{group}")
    assert answer.body["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert is_true(answer.body, "Terminating")
    eventually(lambda: send("GET", f"{DEFINITIONS}/frogs.{group}").code == 404)
    eventually(lambda: send("GET", frogs.path).code == 404)
    eventually(lambda: send("GET", f"/apis/{group}").code == 404)


@pytest.mark.needs_nodes
def test_owners_of_any_kind_take_their_dependents_along(frogs, core, eventually, gone):
    owner = frogs.create()
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": "Frog",
        "name": "kermit",
        "uid": owner["metadata"]["uid"],
    }
    body = {"metadata": {"name": "pond", "ownerReferences": [reference]}}
    pond = core.create_namespaced_config_map(frogs.namespace, body)
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "pond", "uid": pond.metadata.uid}
    tadpole = frogs.body("tadpole")
    tadpole["metadata"]["ownerReferences"] = [reference]
    frogs.api.create_namespaced_custom_object(*frogs.place, tadpole)
    frogs.api.delete_namespaced_custom_object(*frogs.place, "kermit")
    # A new kind is noticed within half a minute.
    eventually(lambda: gone(core.read_namespaced_config_map, "pond", frogs.namespace), within=90)
    eventually(lambda: gone(frogs.get, "tadpole"), within=90)


@pytest.mark.needs_nodes
def test_a_namespace_takes_its_custom_objects_along(frogs, core, new_namespace, eventually, send):
    name = new_namespace()
    path = f"/apis/{frogs.group}/v1/namespaces/{name}/frogs"
    assert send("POST", path, body=frogs.body()).code == 201
    core.delete_namespace(name)
    eventually(lambda: send("GET", f"/api/v1/namespaces/{name}").code == 404)
    assert send("GET", path).body["items"] == []

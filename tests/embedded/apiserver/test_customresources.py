"""Custom resources, from the definition to the last object, over HTTP."""

from __future__ import annotations

import asyncio
import copy

import pytest

from kubelearn.objects import condition, is_true
from tests.frogs import FRIENDS

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
FROGS = "/apis/example.com/v1/namespaces/default/frogs"
SPEC = {
    "type": "object",
    "properties": {
        "color": {"type": "string", "enum": ["green", "blue"]},
        "legs": {"type": "integer", "default": 4},
        "replicas": {"type": "integer"},
        "friends": FRIENDS,
    },
}
STATUS = {
    "type": "object",
    "properties": {"replicas": {"type": "integer"}, "selector": {"type": "string"}},
}
SCHEMA = {"type": "object", "properties": {"spec": SPEC, "status": STATUS}}
SCALE = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.selector",
}


def frog(name="kermit", **spec):
    return {
        "apiVersion": "example.com/v1",
        "kind": "Frog",
        "metadata": {"name": name},
        "spec": spec,
    }


async def gone(api, path):
    async with asyncio.timeout(10):
        while (await api.get(path)).status != 404:
            await asyncio.sleep(0.01)


async def test_a_definition_is_established_and_its_kind_served(api, define) -> None:
    found = await define("Frog", SCHEMA, shortNames=["fr"], categories=["all"])
    assert found["status"]["acceptedNames"] == {
        "plural": "frogs",
        "singular": "frog",
        "kind": "Frog",
        "listKind": "FrogList",
        "shortNames": ["fr"],
        "categories": ["all"],
    }
    assert found["status"]["storedVersions"] == ["v1"]
    reasons = [each["reason"] for each in found["status"]["conditions"]]
    assert reasons == ["NoConflicts", "InitialNamesAccepted"]
    (resource,) = (await api.get("/apis/example.com/v1")).body["resources"]
    assert (resource["kind"], resource["shortNames"]) == ("Frog", ["fr"])
    empty = (await api.get(FROGS)).body
    assert (empty["kind"], empty["items"]) == ("FrogList", [])


async def test_names_that_another_kind_has_are_not_accepted_until_it_goes(
    api, define, definition
) -> None:
    await define("Frog", shortNames=["fr"])
    other = definition("Frigate", shortNames=["fr"])
    await api.post(DEFINITIONS, other)
    path = f"{DEFINITIONS}/frigates.example.com"
    async with asyncio.timeout(10):
        while not (conditions := (await api.get(path)).body["status"]["conditions"]):
            await asyncio.sleep(0)
    assert conditions[0]["reason"] == "ShortNamesConflict"
    assert conditions[0]["message"] == '"fr" is already in use'
    assert conditions[1]["reason"] == "NotAccepted"
    assert (await api.get("/apis/example.com/v1/frigates")).status == 404
    await api.delete(f"{DEFINITIONS}/frogs.example.com")
    async with asyncio.timeout(10):
        while (await api.get("/apis/example.com/v1/frigates")).status == 404:
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("note", "status", "reason", "message"),
    [
        (
            "https://a.b/1",
            "True",
            "ApprovedAnnotation",
            "approved in https://a.b/1",
        ),
        (
            "unapproved, why",
            "False",
            "UnapprovedAnnotation",
            'not approved: "unapproved, why"',
        ),
    ],
)
async def test_a_definition_in_a_group_of_the_project_says_whether_it_is_approved(
    api, definition, note, status, reason, message
) -> None:
    frogs = definition("Frog", group="frogs.k8s.io")
    frogs["metadata"]["annotations"] = {"api-approved.kubernetes.io": note}
    assert (await api.post(DEFINITIONS, frogs)).status == 201
    path = f"{DEFINITIONS}/frogs.frogs.k8s.io"
    async with asyncio.timeout(10):
        while not is_true(found := (await api.get(path)).body, "Established"):
            await asyncio.sleep(0)
    told = condition(found, "KubernetesAPIApprovalPolicyConformant")
    assert (told["status"], told["reason"], told["message"]) == (status, reason, message)


async def test_unknown_fields_are_dropped_named_or_refused(api, define) -> None:
    await define("Frog", SCHEMA)
    body = frog(color="green", wings=2)
    answer = await api.post(FROGS, body)
    assert answer.headers["Warning"] == '299 - "unknown field \\"spec.wings\\""'
    assert answer.body["spec"] == {"color": "green", "legs": 4}
    answer = await api.post(f"{FROGS}?fieldValidation=Strict", frog("b", wings=2))
    assert answer.status == 400
    assert answer.message.endswith('strict decoding error: unknown field "spec.wings"')
    answer = await api.post(f"{FROGS}?fieldValidation=Ignore", frog("b", wings=2))
    assert "Warning" not in answer.headers


async def test_a_wrong_kind_in_the_body_is_refused(api, define) -> None:
    await define("Frog", SCHEMA)
    answer = await api.post(FROGS, frog() | {"apiVersion": "example.com/v2"})
    assert answer.status == 400


async def test_an_update_needs_a_version_and_counts_generations(api, define) -> None:
    await define("Frog", SCHEMA, version={"subresources": {"status": {}}})
    made = (await api.post(FROGS, frog() | {"status": {"replicas": 1}})).body
    assert "status" not in made
    assert made["metadata"]["generation"] == 1
    unversioned = copy.deepcopy(made)
    del unversioned["metadata"]["resourceVersion"]
    assert (await api.put(f"{FROGS}/kermit", unversioned)).status == 422
    status = copy.deepcopy(made) | {"status": {"replicas": 2}, "spec": {"color": "blue"}}
    changed = (await api.put(f"{FROGS}/kermit/status", status)).body
    assert changed["status"] == {"replicas": 2}
    assert changed["spec"] == {"legs": 4}
    assert changed["metadata"]["generation"] == 1
    changed["spec"]["legs"] = 3
    changed["metadata"]["labels"] = {"a": "b"}
    again = (await api.put(f"{FROGS}/kermit", changed)).body
    assert again["metadata"]["generation"] == 2
    assert again["status"] == {"replicas": 2}


async def test_without_the_subresource_status_is_a_field_like_any_other(api, define) -> None:
    await define("Frog", SCHEMA)
    made = (await api.post(FROGS, frog() | {"status": {"replicas": 1}})).body
    assert made["status"] == {"replicas": 1}
    answer = await api.get(f"{FROGS}/kermit/status")
    assert (answer.status, answer.message) == (404, 'frogs.example.com "kermit" not found')
    changed = (await api.patch(f"{FROGS}/kermit", {"status": {"replicas": 2}})).body
    assert changed["metadata"]["generation"] == 2


async def test_the_scale_is_where_the_definition_says(api, define) -> None:
    await define("Frog", SCHEMA, version={"subresources": {"status": {}, "scale": SCALE}})
    await api.post(FROGS, frog())
    missing = await api.get(f"{FROGS}/kermit/scale")
    assert missing.status == 500
    assert '".spec.replicas" does not exist' in missing.message
    scaled = (await api.patch(f"{FROGS}/kermit/scale", {"spec": {"replicas": 3}})).body
    assert scaled["spec"] == {"replicas": 3}
    assert (await api.get(f"{FROGS}/kermit")).body["spec"]["replicas"] == 3
    status = {"status": {"replicas": 2, "selector": "a=b"}}
    await api.patch(f"{FROGS}/kermit/status", status)
    shown = (await api.get(f"{FROGS}/kermit/scale")).body
    assert shown["status"] == {"replicas": 2, "selector": "a=b"}
    assert (shown["kind"], shown["apiVersion"]) == ("Scale", "autoscaling/v1")
    answer = await api.patch(f"{FROGS}/kermit", {"spec": {"replicas": -1}})
    assert ".spec.replicas: Invalid value: -1: should be a non-negative integer" in answer.message


async def test_patches_of_three_kinds_but_no_strategic_one(api, define) -> None:
    await define("Frog", SCHEMA)
    await api.post(FROGS, frog(color="green"))
    changed = await api.patch(
        f"{FROGS}/kermit",
        [{"op": "replace", "path": "/spec/color", "value": "blue"}],
        kind="json",
    )
    assert changed.body["spec"]["color"] == "blue"
    assert (await api.patch(f"{FROGS}/kermit", {"spec": {"color": None}})).body["spec"] == {
        "legs": 4
    }
    refused = await api.patch(f"{FROGS}/kermit", {"spec": {}}, kind="strategic")
    assert refused.status == 415
    assert refused.message.endswith("application/merge-patch+json, application/apply-patch+yaml")


async def test_apply_merges_lists_by_the_keys_of_the_schema(api, define) -> None:
    await define("Frog", SCHEMA)
    for manager, friend in (("a", "piggy"), ("b", "fozzie")):
        wish = frog(friends=[{"name": friend, "age": 3}])
        answer = await api.patch(f"{FROGS}/kermit?fieldManager={manager}", wish, kind="apply")
        assert answer.status in (200, 201)
    assert [each["name"] for each in answer.body["spec"]["friends"]] == ["piggy", "fozzie"]
    wish = frog(friends=[{"name": "piggy", "age": 4}])
    answer = await api.patch(f"{FROGS}/kermit?fieldManager=b", wish, kind="apply")
    assert answer.status == 409
    assert 'conflict with "a": .spec.friends[name="piggy"].age' in answer.message
    answer = await api.patch(f"{FROGS}/kermit?fieldManager=c", frog(wings=2), kind="apply")
    assert answer.status == 500
    assert answer.message.endswith(".spec.wings: field not declared in schema")


async def test_field_selectors_know_the_fields_that_the_definition_lists(api, define) -> None:
    await define("Frog", SCHEMA, version={"selectableFields": [{"jsonPath": ".spec.color"}]})
    await api.post(FROGS, frog("a", color="green"))
    await api.post(FROGS, frog("b", color="blue"))
    found = (await api.get(f"{FROGS}?fieldSelector=spec.color%3Dblue")).body["items"]
    assert [each["metadata"]["name"] for each in found] == ["b"]
    answer = await api.get(f"{FROGS}?fieldSelector=spec.legs%3D4")
    assert (answer.status, answer.message) == (400, "field label not supported: spec.legs")


async def test_versions_differ_in_their_schema_only(api, define, definition) -> None:
    narrow = copy.deepcopy(SCHEMA)
    del narrow["properties"]["spec"]["properties"]["friends"]
    versions = [
        {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}},
        {
            "name": "v1beta1",
            "served": True,
            "storage": False,
            "deprecated": True,
            "schema": {"openAPIV3Schema": narrow},
        },
    ]
    await define("Frog", versions=versions)
    await api.post(FROGS, frog(friends=[{"name": "piggy"}]))
    old = await api.get(f"{FROGS.replace('v1', 'v1beta1')}/kermit")
    assert old.body["apiVersion"] == "example.com/v1beta1"
    assert old.body["spec"] == {"legs": 4}
    assert (
        "example.com/v1beta1 Frog is deprecated; use example.com/v1 Frog" in old.headers["Warning"]
    )


async def test_an_object_is_stored_anew_in_the_version_of_today_when_it_is_touched(
    api, define, store
) -> None:
    open_ = {"openAPIV3Schema": SCHEMA}
    one = {"name": "v1", "served": True, "storage": True, "schema": open_}
    two = {"name": "v2", "served": True, "storage": False, "schema": open_}
    made = await define("Frog", versions=[one, two])
    await api.post(FROGS, frog())
    made["spec"]["versions"] = [one | {"storage": False}, two | {"storage": True}]
    changed = (await api.put(f"{DEFINITIONS}/frogs.example.com", made)).body
    assert changed["status"]["storedVersions"] == ["v1", "v2"]
    found = (await api.get(f"{FROGS}/kermit")).body
    await api.put(f"{FROGS}/kermit", found)
    stored = store.get("/registry/example.com/frogs/default/kermit")
    assert b'"apiVersion":"example.com/v2"' in stored.value


async def test_a_new_default_shows_in_objects_that_are_older(api, define) -> None:
    made = await define("Frog", SCHEMA)
    await api.post(FROGS, frog(color="green"))
    schema = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["mood"] = {"type": "string", "default": "good"}
    assert (await api.put(f"{DEFINITIONS}/frogs.example.com", made)).status == 200
    async with asyncio.timeout(10):
        while "mood" not in (spec := (await api.get(f"{FROGS}/kermit")).body["spec"]):
            await asyncio.sleep(0)
    assert spec["mood"] == "good"
    (item,) = (await api.get(FROGS)).body["items"]
    assert item["spec"]["mood"] == "good"


async def test_deleting_a_definition_deletes_its_objects_and_ends_watches(api, define) -> None:
    await define("Frog", SCHEMA)
    await api.post(FROGS, frog())
    watching = asyncio.create_task(api.watch(f"{FROGS}?watch=true", 99))
    held = frog("held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    await api.post(FROGS, held)
    answer = await api.delete(f"{DEFINITIONS}/frogs.example.com")
    assert answer.body["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    await gone(api, f"{FROGS}/kermit")
    refused = await api.post(FROGS, frog("late"))
    assert refused.status == 403
    assert refused.message.endswith("custom resource definition is terminating")
    (resource,) = (await api.get("/apis/example.com/v1")).body["resources"]
    assert "create" not in resource["verbs"]
    await api.patch(f"{FROGS}/held", {"metadata": {"finalizers": None}})
    await gone(api, f"{DEFINITIONS}/frogs.example.com")
    answer = await api.get(FROGS)
    assert (answer.status, answer.raw) == (404, b"404 page not found\n")
    events = await asyncio.wait_for(watching, 10)
    assert events[-1]["type"] in ("DELETED", "MODIFIED", "ADDED")


async def test_a_server_that_starts_serves_what_was_defined_before(
    api, define, server, make_server
) -> None:
    await define("Frog", SCHEMA)
    await api.post(FROGS, frog())
    await server.stop()
    api.server = make_server()
    await api.server.start()
    try:
        assert (await api.get(f"{FROGS}/kermit")).body["metadata"]["name"] == "kermit"
    finally:
        await api.server.stop()


async def test_a_server_that_was_stopped_catches_up_with_what_is_defined(
    api, define, server, make_server
) -> None:
    await define("Frog", SCHEMA)
    await server.stop()
    api.server = make_server()
    await api.server.start()
    await api.delete(f"{DEFINITIONS}/frogs.example.com")
    await gone(api, f"{DEFINITIONS}/frogs.example.com")
    await api.server.stop()
    api.server = server
    await server.start()
    assert (await api.get(FROGS)).status == 404


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"scope": "Cluster"}, 'spec.scope: Invalid value: "Cluster": field is immutable'),
        ({"group": "example.org"}, "spec.group"),
    ],
)
async def test_what_decides_where_objects_are_stored_does_not_change(
    api, define, change, text
) -> None:
    made = await define("Frog", SCHEMA)
    made["spec"] |= change
    answer = await api.put(f"{DEFINITIONS}/frogs.example.com", made)
    assert answer.status == 422
    assert text in answer.message


async def test_a_version_in_which_objects_were_stored_stays(api, define) -> None:
    made = await define("Frog", SCHEMA)
    made["spec"]["versions"][0]["name"] = "v2"
    answer = await api.put(f"{DEFINITIONS}/frogs.example.com", made)
    text = 'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions'
    assert text in answer.message

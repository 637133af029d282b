"""CustomResourceDefinitions: what is accepted, and where the new kind is told."""

from __future__ import annotations

import json

import pytest

from tests.conformance.crds.conftest import DEFINITIONS, VERSION


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

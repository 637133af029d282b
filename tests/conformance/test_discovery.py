"""Discovery: what a server tells clients about itself before they ask for anything."""

from __future__ import annotations

import json
import re

import pytest

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
CHANGE = ["get", "patch", "update"]


def test_the_server_is_healthy(send):
    for path in ("/readyz", "/livez", "/healthz"):
        answer = send("GET", path)
        assert (answer.code, answer.body) == (200, "ok")


def test_the_version_is_told(send):
    version = send("GET", "/version").checked()
    assert version["major"] == "1"
    assert version["gitVersion"].startswith(f"v1.{version['minor']}.")


def test_a_resource_is_told_with_the_version_that_it_is_stored_in(send):
    [core, other] = [
        {one["name"]: one for one in send("GET", path).checked()["resources"]}
        for path in ("/api/v1", "/apis/events.k8s.io/v1")
    ]
    assert core["events"]["storageVersionHash"] == other["events"]["storageVersionHash"]
    assert core["pods"]["storageVersionHash"] == "xPOwRZ+Yhw8="
    assert "storageVersionHash" not in core["pods/status"]


def test_the_core_group_has_the_version_v1(send):
    assert "v1" in send("GET", "/api").checked()["versions"]


@pytest.mark.parametrize("group", ["apps", "coordination.k8s.io", "discovery.k8s.io"])
def test_each_group_tells_its_preferred_version(send, group):
    groups = {one["name"]: one for one in send("GET", "/apis").checked()["groups"]}
    assert groups[group]["preferredVersion"] == {"groupVersion": f"{group}/v1", "version": "v1"}
    assert send("GET", f"/apis/{group}").checked()["kind"] == "APIGroup"


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("/api/v1", "namespaces", ("Namespace", False, ["ns"])),
        ("/api/v1", "nodes", ("Node", False, ["no"])),
        ("/api/v1", "pods", ("Pod", True, ["po"])),
        ("/api/v1", "services", ("Service", True, ["svc"])),
        ("/api/v1", "configmaps", ("ConfigMap", True, ["cm"])),
        ("/api/v1", "secrets", ("Secret", True, None)),
        ("/api/v1", "serviceaccounts", ("ServiceAccount", True, ["sa"])),
        ("/api/v1", "events", ("Event", True, ["ev"])),
        ("/apis/apps/v1", "deployments", ("Deployment", True, ["deploy"])),
        ("/apis/apps/v1", "replicasets", ("ReplicaSet", True, ["rs"])),
        ("/apis/discovery.k8s.io/v1", "endpointslices", ("EndpointSlice", True, None)),
        ("/apis/coordination.k8s.io/v1", "leases", ("Lease", True, None)),
    ],
)
def test_each_resource_tells_its_kind_scope_and_short_names(send, path, name, expected):
    resources = {one["name"]: one for one in send("GET", path).checked()["resources"]}
    found = resources[name]
    assert (found["kind"], found["namespaced"], found.get("shortNames")) == expected


@pytest.mark.parametrize(
    "resource", ["pods", "configmaps", "secrets", "nodes", "events", "serviceaccounts"]
)
def test_a_resource_with_all_verbs_lists_them(send, resource):
    resources = {one["name"]: one for one in send("GET", "/api/v1").checked()["resources"]}
    assert resources[resource]["verbs"] == [
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("/api/v1", "pods/eviction", ("policy", "v1", "Eviction", ["create"])),
        ("/apis/apps/v1", "deployments/scale", ("autoscaling", "v1", "Scale", CHANGE)),
        ("/apis/apps/v1", "replicasets/scale", ("autoscaling", "v1", "Scale", CHANGE)),
        ("/api/v1", "pods/log", (None, None, "Pod", ["get"])),
        ("/api/v1", "pods/binding", (None, None, "Binding", ["create"])),
        ("/api/v1", "pods/status", (None, None, "Pod", CHANGE)),
        ("/api/v1", "pods/exec", (None, None, "PodExecOptions", ["create", "get"])),
        ("/api/v1", "namespaces/finalize", (None, None, "Namespace", ["update"])),
    ],
)  # fmt: skip
def test_a_subresource_tells_the_group_of_its_own_kind(send, path, name, expected):
    resources = {one["name"]: one for one in send("GET", path).checked()["resources"]}
    found = resources[name]
    told = (found.get("group"), found.get("version"), found["kind"], found["verbs"])
    assert told == expected


def test_the_category_all_names_what_kubectl_get_all_shows(send):
    members = {
        one["name"]
        for path in ("/api/v1", "/apis/apps/v1")
        for one in send("GET", path).checked()["resources"]
        if "all" in one.get("categories", [])
    }
    assert {"pods", "services", "deployments", "replicasets"} <= members
    assert not {"configmaps", "secrets", "events"} & members


def test_all_of_a_group_can_be_discovered_in_one_answer(send):
    answer = send("GET", "/apis", accept=AGGREGATED)
    assert answer.headers["Content-Type"] == AGGREGATED
    assert answer.body["kind"] == "APIGroupDiscoveryList"
    groups = {one["metadata"]["name"]: one for one in answer.body["items"]}
    [version] = groups["apps"]["versions"]
    deployments = next(one for one in version["resources"] if one["resource"] == "deployments")
    assert deployments["responseKind"]["kind"] == "Deployment"
    assert deployments["scope"] == "Namespaced"
    assert {sub["subresource"] for sub in deployments["subresources"]} == {"scale", "status"}


def test_the_core_group_can_be_discovered_in_one_answer_too(send):
    [group] = send("GET", "/api", accept=AGGREGATED).checked()["items"]
    assert "name" not in group["metadata"]
    names = {one["resource"] for one in group["versions"][0]["resources"]}
    assert {"pods", "services", "nodes"} <= names


@pytest.fixture
def open_api(send):
    """The addresses of the OpenAPI documents; Kubernetes calls this index plain text."""
    index = send("GET", "/openapi/v3").checked()
    return (json.loads(index) if isinstance(index, str) else index)["paths"]


def test_open_api_is_indexed_by_group_with_addresses_that_change_with_the_content(open_api):
    assert {"api/v1", "apis/apps/v1"} <= set(open_api)
    address = open_api["apis/apps/v1"]["serverRelativeURL"]
    assert re.fullmatch(r"/openapi/v3/apis/apps/v1\?hash=[0-9A-F]+", address)


def test_open_api_describes_each_kind_and_how_it_is_patched(send, open_api):
    document = send("GET", open_api["apis/apps/v1"]["serverRelativeURL"]).checked()
    schema = document["components"]["schemas"]["io.k8s.api.apps.v1.Deployment"]
    kind = {"group": "apps", "kind": "Deployment", "version": "v1"}
    assert kind in schema["x-kubernetes-group-version-kind"]
    item = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]
    assert item["patch"]["x-kubernetes-group-version-kind"] == kind
    content = item["patch"]["requestBody"]["content"]
    assert "application/strategic-merge-patch+json" in content
    names = {one["name"] for one in item["patch"]["parameters"]}
    assert "fieldValidation" in names


def test_open_api_may_be_kept_for_ever(send, open_api):
    answer = send("GET", open_api["apis/apps/v1"]["serverRelativeURL"])
    assert answer.headers["Cache-Control"] == "public, immutable"
    assert answer.headers["ETag"]
    assert answer.headers["Expires"]


def test_the_older_list_of_the_core_group_has_no_version(send):
    assert "apiVersion" not in send("GET", "/api/v1").checked()
    assert send("GET", "/apis/apps/v1").checked()["apiVersion"] == "v1"


def test_a_trailing_slash_does_no_harm(send):
    for path in ("/api/", "/apis/", "/api/v1/", "/apis/apps/v1/", "/version/"):
        assert send("GET", path).code == 200


def test_the_older_open_api_has_everything_in_one_document(send):
    answer = send("GET", "/openapi/v2")
    document = answer.checked()
    assert document["swagger"] == "2.0"
    spec = document["definitions"]["io.k8s.api.core.v1.Pod"]["properties"]["spec"]
    assert spec["$ref"] == "#/definitions/io.k8s.api.core.v1.PodSpec"
    assert answer.headers["ETag"] == send("GET", "/openapi/v2").headers["ETag"]

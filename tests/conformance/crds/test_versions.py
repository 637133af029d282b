"""Versions and scopes of kinds of one's own, and how they end."""

from __future__ import annotations

import pytest
from kubernetes import client

from tests.conformance.crds.conftest import DEFINITIONS, VERSION, Frogs, is_true


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

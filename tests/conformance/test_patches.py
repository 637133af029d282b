"""The patch types: JSON merge, JSON patch, strategic merge. Apply has a file of its own."""

from __future__ import annotations

import pytest


@pytest.fixture
def config_map(core, namespace):
    """A ConfigMap `c` with two labels and two keys; gives its path."""
    metadata = {"name": "c", "labels": {"x": "1", "y": "2"}}
    body = {"metadata": metadata, "data": {"a": "1", "b": "2"}}
    core.create_namespaced_config_map(namespace, body)
    return f"/api/v1/namespaces/{namespace}/configmaps/c"


@pytest.fixture
def deployment(apps, namespace, idle_deployment):
    """A Deployment `d` with the containers app and side; gives its path."""
    body = idle_deployment("d")
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    body["spec"]["template"]["spec"]["containers"][0]["env"] = env
    apps.create_namespaced_deployment(namespace, body)
    return f"/apis/apps/v1/namespaces/{namespace}/deployments/d"


@pytest.fixture
def containers(send, deployment):
    """Patch the containers of `deployment` strategically; gives them by name."""

    def patch(value):
        body = {"spec": {"template": {"spec": value}}}
        changed = send("PATCH", deployment, patch="strategic", body=body).checked()
        return {one["name"]: one for one in changed["spec"]["template"]["spec"]["containers"]}

    return patch


# --- JSON merge ------------------------------------------------------------------------------


def test_a_merge_patch_adds_replaces_and_removes_with_null(send, config_map):
    patch = {"metadata": {"labels": {"x": None}}, "data": {"b": "3", "c": "4"}}
    changed = send("PATCH", config_map, patch="merge", body=patch).checked()
    assert changed["metadata"]["labels"] == {"y": "2"}
    assert changed["data"] == {"a": "1", "b": "3", "c": "4"}


def test_a_merge_patch_with_null_removes_a_whole_map(send, config_map):
    assert "data" not in send("PATCH", config_map, patch="merge", body={"data": None}).checked()


def test_a_merge_patch_replaces_lists_whole(send, deployment):
    only = [{"name": "only", "image": "z:1"}]
    patch = {"spec": {"template": {"spec": {"containers": only}}}}
    changed = send("PATCH", deployment, patch="merge", body=patch).checked()
    assert [one["name"] for one in changed["spec"]["template"]["spec"]["containers"]] == ["only"]


def test_an_empty_patch_changes_nothing(send, config_map):
    before = send("GET", config_map).checked()
    assert send("PATCH", config_map, patch="merge", body={}).checked() == before


# --- JSON patch ------------------------------------------------------------------------------


def test_a_json_patch_runs_its_operations_in_order(send, config_map):
    changed = send(
        "PATCH",
        config_map,
        patch="json",
        body=[
            {"op": "test", "path": "/data/a", "value": "1"},
            {"op": "replace", "path": "/data/a", "value": "9"},
            {"op": "remove", "path": "/data/b"},
            {"op": "add", "path": "/data/z", "value": "26"},
            {"op": "copy", "from": "/data/a", "path": "/data/copy"},
            {"op": "move", "from": "/data/z", "path": "/data/y"},
        ],
    ).checked()
    assert changed["data"] == {"a": "9", "copy": "9", "y": "26"}


def test_a_json_pointer_escapes_a_slash_as_tilde_one(core, send, config_map, namespace):
    core.patch_namespaced_config_map("c", namespace, {"metadata": {"labels": {"a/b": "1"}}})
    operation = {"op": "replace", "path": "/metadata/labels/a~1b", "value": "2"}
    changed = send("PATCH", config_map, patch="json", body=[operation]).checked()
    assert changed["metadata"]["labels"]["a/b"] == "2"


def test_a_json_patch_may_replace_a_key_that_is_not_there(send, config_map):
    # RFC 6902 calls this an error; the library that Kubernetes uses does not.
    operation = {"op": "replace", "path": "/data/missing", "value": "x"}
    changed = send("PATCH", config_map, patch="json", body=[operation]).checked()
    assert changed["data"]["missing"] == "x"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/data/a", "value": "another"},
        {"op": "remove", "path": "/data/missing"},
        {"op": "replace", "path": "/missing/a", "value": "x"},
        {"op": "jump", "path": "/data/a"},
    ],
    ids=lambda operation: operation["op"],
)
def test_a_json_patch_that_fails_changes_nothing(send, config_map, operation):
    before = send("GET", config_map).checked()
    first = {"op": "add", "path": "/data/early", "value": "x"}
    answer = send("PATCH", config_map, patch="json", body=[first, operation])
    assert (answer.code, answer.body["reason"]) == (422, "Invalid")
    assert answer.body["message"] == (
        "the server rejected our request due to an error in our request"
    )
    assert send("GET", config_map).checked() == before


def test_a_json_patch_has_to_be_a_list(send, config_map):
    answer = send("PATCH", config_map, patch="json", body={"data": {}})
    assert (answer.code, answer.body["message"]) == (
        400,
        "error decoding patch: json: cannot unmarshal object into Go value of type "
        "[]handlers.jsonPatchOp",
    )


# --- strategic merge -------------------------------------------------------------------------


def test_a_strategic_patch_merges_containers_by_name_and_env_by_name(containers):
    merged = containers({"containers": [{"name": "app", "env": [{"name": "B", "value": "3"}]}]})
    assert set(merged) == {"app", "side"}
    assert merged["app"]["image"] == "x:1"
    assert {one["name"]: one["value"] for one in merged["app"]["env"]} == {"A": "1", "B": "3"}


def test_a_strategic_patch_adds_a_container_of_a_new_name(containers):
    assert set(containers({"containers": [{"name": "new", "image": "n"}]})) == {
        "app", "side", "new",
    }  # fmt: skip


def test_patch_delete_removes_one_element(containers):
    left = containers(
        {
            "containers": [
                {"name": "side", "$patch": "delete"},
                {"name": "app", "env": [{"name": "A", "$patch": "delete"}]},
            ]
        }
    )
    assert set(left) == {"app"}
    assert left["app"]["env"] == [{"name": "B", "value": "2"}]


def test_patch_replace_replaces_the_list(containers):
    replaced = containers({"containers": [{"$patch": "replace"}, {"name": "only", "image": "z"}]})
    assert set(replaced) == {"only"}


def test_set_element_order_orders_the_list(containers):
    order = [{"name": "side"}, {"name": "new"}, {"name": "app"}]
    ordered = containers(
        {"$setElementOrder/containers": order, "containers": [{"name": "new", "image": "n"}]}
    )
    assert list(ordered) == ["side", "new", "app"]


def test_a_strategic_patch_deletes_from_a_list_of_words(core, send, namespace):
    finalizers = ["example.com/a", "example.com/b"]
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "held", "finalizers": finalizers}}
    )
    path = f"/api/v1/namespaces/{namespace}/configmaps/held"
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/b"]}}
    changed = send("PATCH", path, patch="strategic", body=patch).checked()
    assert changed["metadata"]["finalizers"] == ["example.com/a"]
    patch = {"metadata": {"finalizers": ["example.com/c"]}}
    changed = send("PATCH", path, patch="strategic", body=patch).checked()
    assert sorted(changed["metadata"]["finalizers"]) == ["example.com/a", "example.com/c"]
    send("PATCH", path, patch="merge", body={"metadata": {"finalizers": None}}).checked()


def test_the_ports_of_a_service_merge_by_number(core, send, namespace):
    ports = [{"name": "a", "port": 80}, {"name": "b", "port": 81}]
    core.create_namespaced_service(namespace, {"metadata": {"name": "s"}, "spec": {"ports": ports}})
    patch = {
        "spec": {"ports": [{"port": 81, "targetPort": 8081}, {"port": 80, "$patch": "delete"}]}
    }
    path = f"/api/v1/namespaces/{namespace}/services/s"
    changed = send("PATCH", path, patch="strategic", body=patch).checked()
    assert changed["spec"]["ports"] == [
        {"name": "b", "protocol": "TCP", "port": 81, "targetPort": 8081}
    ]


def test_tolerations_are_replaced_whole(containers, send, deployment):
    for key in ("first", "second"):
        containers({"tolerations": [{"key": key, "operator": "Exists"}]})
    spec = send("GET", deployment).checked()["spec"]["template"]["spec"]
    assert spec["tolerations"] == [{"key": "second", "operator": "Exists"}]


def test_a_strategy_change_drops_what_the_new_type_does_not_have(send, deployment):
    # kubectl sends `$retainKeys` so that the rolling parameters of the old type go.
    strategy = {"$retainKeys": ["type"], "type": "Recreate"}
    body = {"spec": {"strategy": strategy}}
    changed = send("PATCH", deployment, patch="strategic", body=body).checked()
    assert changed["spec"]["strategy"] == {"type": "Recreate"}


def test_a_list_element_without_its_merge_key_is_an_error(send, deployment):
    body = {"spec": {"template": {"spec": {"containers": [{"image": "nameless"}]}}}}
    answer = send("PATCH", deployment, patch="strategic", body=body)
    assert (answer.code, answer.body["message"]) == (
        500,
        "map: map[image:nameless] does not contain declared merge key: name",
    )


def test_a_patch_that_makes_an_object_invalid_is_refused(send, deployment):
    body = {"spec": {"replicas": -1}}
    answer = send("PATCH", deployment, patch="merge", body=body)
    assert (answer.code, answer.body["message"]) == (
        422,
        'Deployment.apps "d" is invalid: spec.replicas: Invalid value: -1: '
        "must be greater than or equal to 0",
    )


def test_a_patch_of_the_main_resource_leaves_the_status_alone(send, deployment):
    body = {"status": {"replicas": 7}}
    changed = send("PATCH", deployment, patch="merge", body=body).checked()
    assert "replicas" not in changed["status"]


def test_a_patch_of_the_status_leaves_the_spec_alone(send, deployment):
    body = {"spec": {"minReadySeconds": 9}, "status": {"collisionCount": 3}}
    changed = send("PATCH", f"{deployment}/status", patch="merge", body=body).checked()
    assert "minReadySeconds" not in changed["spec"]
    assert changed["status"]["collisionCount"] == 3

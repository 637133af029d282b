"""Refusals: every failure is a `Status` whose code, reason and words clients rely on."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def config_maps(shared_namespace):
    return f"/api/v1/namespaces/{shared_namespace}/configmaps"


@pytest.fixture(scope="module")
def pods(shared_namespace):
    return f"/api/v1/namespaces/{shared_namespace}/pods"


def test_an_absent_object_is_not_found(core, apps, shared_namespace, refused):
    status = refused(core.read_namespaced_pod, "nobody", shared_namespace)
    assert (status["code"], status["reason"]) == (404, "NotFound")
    assert status["message"] == 'pods "nobody" not found'
    assert status["details"] == {"name": "nobody", "kind": "pods"}
    status = refused(apps.read_namespaced_deployment, "nobody", shared_namespace)
    assert status["message"] == 'deployments.apps "nobody" not found'
    assert status["details"] == {"name": "nobody", "group": "apps", "kind": "deployments"}


def test_an_absent_object_can_neither_be_changed_nor_deleted(core, shared_namespace, refused):
    body = {"metadata": {"name": "nobody"}}
    for request in (
        lambda: core.delete_namespaced_secret("nobody", shared_namespace),
        lambda: core.patch_namespaced_secret("nobody", shared_namespace, body),
        lambda: core.replace_namespaced_secret("nobody", shared_namespace, body),
    ):
        assert refused(request)["message"] == 'secrets "nobody" not found'


def test_a_second_object_of_the_same_name_already_exists(core, namespace, refused):
    body = {"metadata": {"name": "one"}}
    core.create_namespaced_config_map(namespace, body)
    status = refused(core.create_namespaced_config_map, namespace, body)
    assert (status["code"], status["reason"]) == (409, "AlreadyExists")
    assert status["message"] == 'configmaps "one" already exists'
    assert status["details"] == {"name": "one", "kind": "configmaps"}


def test_an_update_of_a_namesake_is_a_conflict(core, namespace, refused):
    body = {"metadata": {"name": "c"}}
    made = core.create_namespaced_config_map(namespace, body).metadata
    body["metadata"]["uid"] = "another"
    status = refused(core.replace_namespaced_config_map, "c", namespace, body)
    assert (status["code"], status["reason"]) == (409, "Conflict")
    assert status["message"].endswith(
        f"UID in precondition: another, UID in object meta: {made.uid}"
    )


def test_a_stale_update_is_a_conflict(core, namespace, refused):
    old = core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    core.patch_namespaced_config_map("c", namespace, {"data": {"a": "newer"}})
    status = refused(core.replace_namespaced_config_map, "c", namespace, old)
    assert (status["code"], status["reason"]) == (409, "Conflict")
    assert status["message"] == (
        'Operation cannot be fulfilled on configmaps "c": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    stale = {"metadata": {"resourceVersion": old.metadata.resource_version}, "data": {"a": "x"}}
    assert refused(core.patch_namespaced_config_map, "c", namespace, stale)["code"] == 409


@pytest.mark.parametrize("version", [None, "0"])
def test_an_update_without_a_version_overwrites(core, namespace, version):
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}, "data": {"a": "1"}})
    body = {"metadata": {"name": "c", "resourceVersion": version}, "data": {"b": "2"}}
    assert core.replace_namespaced_config_map("c", namespace, body).data == {"b": "2"}


def test_an_error_is_written_in_the_keys_order_that_clients_compare(send, pods):
    answer = send("GET", f"{pods}/nobody")
    assert list(answer.body) == [
        "kind", "apiVersion", "metadata", "status", "message", "reason", "details", "code",
    ]  # fmt: skip
    assert answer.body["status"] == "Failure"


@pytest.mark.parametrize("path", ["", "/nobody"])
def test_answers_say_that_they_are_json_and_nothing_else(send, pods, path):
    # Two Python clients compare the header as a whole.
    assert send("GET", f"{pods}{path}").headers["Content-Type"] == "application/json"


def test_an_empty_object_lacks_its_name_and_not_its_kind(send, config_maps):
    answer = send("POST", config_maps, body={})
    assert answer.code == 422
    assert answer.body["message"] == (
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
    )


def test_an_invalid_object_lists_every_cause(send, pods):
    containers = [{"image": "i", "ports": [{"containerPort": 70000}]}]
    body = {"metadata": {"name": "p"}, "spec": {"containers": containers}}
    status = send("POST", pods, body=body).body
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert status["message"] == (
        'Pod "p" is invalid: [spec.containers[0].name: Required value, '
        "spec.containers[0].ports[0].containerPort: Invalid value: 70000: "
        "must be between 1 and 65535, inclusive]"
    )
    assert status["details"]["kind"] == "Pod"
    assert status["details"]["causes"] == [
        {
            "reason": "FieldValueRequired",
            "message": "Required value",
            "field": "spec.containers[0].name",
        },
        {
            "reason": "FieldValueInvalid",
            "message": "Invalid value: 70000: must be between 1 and 65535, inclusive",
            "field": "spec.containers[0].ports[0].containerPort",
        },
    ]


def test_strict_field_validation_refuses_unknown_fields(send, pods):
    containers = [{"name": "a", "image": "i", "imagePolicy": "Never"}]
    body = {"metadata": {"name": "p"}, "spec": {"replicas": 2, "containers": containers}}
    status = send("POST", pods, body=body, query={"fieldValidation": "Strict"}).body
    assert (status["code"], status["reason"]) == (400, "BadRequest")
    assert status["message"] == (
        'Pod in version "v1" cannot be handled as a Pod: strict decoding error: '
        'unknown field "spec.replicas", unknown field "spec.containers[0].imagePolicy"'
    )


def test_unknown_fields_are_dropped_with_a_warning_header(send, config_maps):
    body = {"metadata": {"name": "c"}, "colour": "red"}
    answer = send("POST", config_maps, body=body, query={"dryRun": "All"})
    assert answer.code == 201
    assert answer.headers["Warning"] == '299 - "unknown field \\"colour\\""'
    assert "colour" not in answer.body


def test_field_validation_ignore_says_nothing(send, config_maps):
    body = {"metadata": {"name": "c"}, "colour": "red"}
    query = {"dryRun": "All", "fieldValidation": "Ignore"}
    answer = send("POST", config_maps, body=body, query=query)
    assert answer.code == 201
    assert "Warning" not in answer.headers


def test_a_dry_run_stores_nothing(core, shared_namespace, gone):
    body = {"metadata": {"name": "ghost"}}
    made = core.create_namespaced_config_map(shared_namespace, body, dry_run="All")
    assert made.metadata.uid
    assert made.metadata.resource_version is None
    assert gone(core.read_namespaced_config_map, "ghost", shared_namespace)


def test_a_dry_run_of_something_else_is_invalid(core, shared_namespace, refused):
    body = {"metadata": {"name": "ghost"}}
    status = refused(core.create_namespaced_config_map, shared_namespace, body, dry_run="Some")
    assert status["message"] == (
        'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: '
        'supported values: "All"'
    )


def test_dry_runs_of_updates_and_deletions_change_nothing(core, send, namespace):
    made = core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    patched = core.patch_namespaced_config_map("c", namespace, {"data": {"a": "1"}}, dry_run="All")
    assert patched.data == {"a": "1"}
    path = f"/api/v1/namespaces/{namespace}/configmaps/c"
    assert send("DELETE", path, query={"dryRun": "All"}).body["status"] == "Success"
    kept = core.read_namespaced_config_map("c", namespace)
    assert kept.metadata.resource_version == made.metadata.resource_version


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/namespaces/default/pods/x"),
        ("PUT", "/api/v1/namespaces/default/pods"),
        ("PATCH", "/api/v1/namespaces/default/configmaps"),
        ("GET", "/api/v1/namespaces/default/pods/x/binding"),
        ("DELETE", "/apis/apps/v1"),
    ],
)
def test_a_verb_that_a_path_lacks_is_not_allowed(send, method, path):
    answer = send(method, path, body={}, content_type="application/json")
    assert (answer.code, answer.body["reason"]) == (405, "MethodNotAllowed")
    assert answer.body["message"] == (
        "the server does not allow this method on the requested resource"
    )


@pytest.mark.parametrize(
    "path",
    ["/api/v1/namespaces/default/gadgets", "/apis/apps/v1/gadgets", "/apis/apps/v9/x", "/api/v9"],
)
def test_an_unknown_resource_of_a_known_group_answers_a_status(send, path):
    answer = send("GET", path)
    assert (answer.code, answer.body["reason"]) == (404, "NotFound")
    assert answer.body["message"] == "the server could not find the requested resource"


@pytest.mark.parametrize("path", ["/apis/gadgets.example.com/v1", "/nothing/here"])
def test_an_unknown_path_answers_plain_text(send, path):
    answer = send("GET", path)
    assert (answer.code, answer.body) == (404, "404 page not found\n")


def test_nothing_can_be_made_in_a_namespace_that_does_not_exist(core, refused):
    status = refused(core.create_namespaced_config_map, "nowhere", {"metadata": {"name": "c"}})
    assert status["message"] == 'namespaces "nowhere" not found'
    assert core.list_namespaced_config_map("nowhere").items == []


def test_an_object_of_another_namespace_is_a_bad_request(core, shared_namespace, refused):
    body = {"metadata": {"name": "c", "namespace": "elsewhere"}}
    status = refused(core.create_namespaced_config_map, shared_namespace, body, dry_run="All")
    assert (status["code"], status["message"]) == (
        400,
        "the namespace of the provided object does not match the namespace sent on the request",
    )


def test_an_object_of_another_kind_is_a_bad_request(core, shared_namespace, refused):
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}
    status = refused(core.create_namespaced_config_map, shared_namespace, body, dry_run="All")
    assert status["code"] == 400
    assert status["message"] == (
        'Pod in version "v1" cannot be handled as a ConfigMap: '
        "converting (v1.Pod) to (core.ConfigMap): unknown conversion"
    )


def test_a_value_of_the_wrong_type_is_a_bad_request(send, config_maps):
    body = {"metadata": {"name": "x"}, "data": {"port": 80}}
    answer = send("POST", config_maps, body=body)
    assert answer.code == 400
    assert answer.body["message"] == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal '
        "number into Go struct field ConfigMap.data of type string"
    )


def test_a_body_in_an_unknown_format_is_refused(send, config_maps):
    answer = send("POST", config_maps, body="hello", content_type="text/plain")
    assert (answer.code, answer.body["reason"]) == (415, "UnsupportedMediaType")
    answer = send("PATCH", f"{config_maps}/x", body={}, content_type="application/json")
    assert (answer.code, answer.body["message"]) == (415, "415: Unsupported Media Type")


def test_an_answer_can_be_yaml_in_the_order_of_the_alphabet(send, config_maps):
    answer = send("GET", f"{config_maps}/kube-root-ca.crt", accept="application/yaml")
    assert answer.body.startswith("apiVersion: v1\ndata:\n  ca.crt: |\n    -----BEGIN CERTIFICATE")
    keys = [line.partition(":")[0] for line in answer.body.splitlines() if line[:1].isalpha()]
    assert keys == ["apiVersion", "data", "kind", "metadata"]


def test_an_answer_in_an_unknown_format_is_not_acceptable(send, config_maps):
    answer = send("GET", config_maps, accept="text/html")
    assert (answer.code, answer.body["reason"]) == (406, "NotAcceptable")


def test_a_bad_name_is_explained(core, shared_namespace, refused):
    status = refused(
        core.create_namespaced_config_map,
        shared_namespace,
        {"metadata": {"name": "My_Map"}},
        dry_run="All",
    )
    assert status["message"] == (
        'ConfigMap "My_Map" is invalid: metadata.name: Invalid value: "My_Map": a lowercase RFC '
        "1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
        "start and end with an alphanumeric character (e.g. 'example.com', regex used for "
        r"validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    )


def test_a_review_is_no_row_of_a_table(send):
    answer = send(
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        body={"spec": {"nonResourceAttributes": {"path": "/version", "verb": "get"}}},
        accept="application/json;as=Table;v=v1;g=meta.k8s.io",
    )
    assert (answer.code, answer.body["reason"]) == (406, "NotAcceptable")

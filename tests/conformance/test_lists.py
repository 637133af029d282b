"""Lists: selectors, paging, versions, and the forms in which they are answered."""

from __future__ import annotations

import pytest

LIST_TYPES = "application/json;as={};v=v1;g=meta.k8s.io"


@pytest.fixture(scope="module")
def three(core, new_namespace):
    """A namespace with three Secrets: a and b of app web, a in front, and c of app db."""
    namespace = new_namespace()
    for name, kind, labels in (
        ("a", "Opaque", {"app": "web", "tier": "front"}),
        ("b", "example.com/t", {"app": "web"}),
        ("c", "Opaque", {"app": "db"}),
    ):
        body = {"metadata": {"name": name, "labels": labels}, "type": kind}
        core.create_namespaced_secret(namespace, body)
    yield namespace
    core.delete_namespace(namespace)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("app=web", "ab"),
        ("app==web,tier=front", "a"),
        ("app in (web, db),!tier", "bc"),
        ("app notin (web)", "c"),
        ("app!=web", "c"),
        ("tier!=front", "bc"),
        ("tier", "a"),
        ("!tier", "bc"),
        ("app==", ""),
        ("", "abc"),
    ],
)
def test_a_label_selector_selects(core, three, selector, expected):
    found = core.list_namespaced_secret(three, label_selector=selector).items
    assert [one.metadata.name for one in found] == list(expected)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("metadata.name=a", "a"),
        ("metadata.name!=a", "bc"),
        ("type=example.com/t", "b"),
        ("metadata.name!=a,type=Opaque", "c"),
    ],
)
def test_a_field_selector_selects(core, three, selector, expected):
    found = core.list_namespaced_secret(three, field_selector=selector).items
    assert [one.metadata.name for one in found] == list(expected)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"fieldSelector": "data.x=1"}, "field label not supported: data.x"),
        (
            {"fieldSelector": "nonsense"},
            "invalid selector: 'nonsense'; can't understand 'nonsense'",
        ),
        (
            {"labelSelector": "app in"},
            "unable to parse requirement: found '' expected: '('",
        ),
        (
            {"labelSelector": "a b"},
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
        ),
        (
            {"resourceVersion": "abc"},
            'invalid resource version: resourceVersion: Invalid value: "abc": '
            'strconv.ParseUint: parsing "abc": invalid syntax',
        ),
    ],
)
def test_a_question_that_cannot_be_understood_is_a_bad_request(send, three, query, message):
    answer = send("GET", f"/api/v1/namespaces/{three}/secrets", query=query)
    assert (answer.code, answer.body["reason"]) == (400, "BadRequest")
    assert answer.body["message"] == message


def test_pages_show_one_moment_of_the_list(core, namespace):
    for name in ("a", "b", "c"):
        core.create_namespaced_secret(namespace, {"metadata": {"name": name}})
    first = core.list_namespaced_secret(namespace, limit=2)
    assert [one.metadata.name for one in first.items] == ["a", "b"]
    assert first.metadata.remaining_item_count == 1
    core.create_namespaced_secret(namespace, {"metadata": {"name": "bb"}})
    core.delete_namespaced_secret("c", namespace)
    token = first.metadata._continue
    second = core.list_namespaced_secret(namespace, limit=2, _continue=token)
    assert [one.metadata.name for one in second.items] == ["c"]
    assert second.metadata.resource_version == first.metadata.resource_version
    assert second.metadata._continue is None


def test_a_broken_continue_token_is_a_bad_request(send, three):
    path = f"/api/v1/namespaces/{three}/secrets"
    answer = send("GET", path, query={"limit": 2, "continue": "rubbish"})
    assert answer.code == 400
    assert answer.body["message"].startswith("invalid continue token: continue key is not valid")


def test_a_page_cannot_be_asked_for_at_another_version(core, three, refused):
    first = core.list_namespaced_secret(three, limit=1)
    token = first.metadata._continue
    status = refused(
        core.list_namespaced_secret, three, limit=1, _continue=token, resource_version="1"
    )
    assert status["message"] == "specifying resource version is not allowed when using continue"


def test_a_list_can_be_read_at_an_exact_version(core, namespace):
    old = core.create_namespaced_secret(namespace, {"metadata": {"name": "a"}})
    core.create_namespaced_secret(namespace, {"metadata": {"name": "b"}})
    version = old.metadata.resource_version
    listed = core.list_namespaced_secret(
        namespace, resource_version=version, resource_version_match="Exact"
    )
    assert [one.metadata.name for one in listed.items] == ["a"]
    assert listed.metadata.resource_version == version


def test_a_list_may_be_asked_to_be_as_new_as_a_version(core, namespace):
    made = core.create_namespaced_secret(namespace, {"metadata": {"name": "a"}})
    listed = core.list_namespaced_secret(
        namespace,
        resource_version=made.metadata.resource_version,
        resource_version_match="NotOlderThan",
    )
    assert [one.metadata.name for one in listed.items] == ["a"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"resourceVersionMatch": "Exact"},
            "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        (
            {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
            'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
        (
            {"resourceVersionMatch": "Roughly", "resourceVersion": "5"},
            'Unsupported value: "Roughly": supported values: "Exact", "NotOlderThan", ""',
        ),
    ],
)
def test_a_version_match_that_makes_no_sense_is_invalid(send, three, query, message):
    answer = send("GET", f"/api/v1/namespaces/{three}/secrets", query=query)
    assert answer.code == 422
    assert answer.body["details"]["causes"][0] == {
        "reason": answer.body["details"]["causes"][0]["reason"],
        "message": message,
        "field": "resourceVersionMatch",
    }


def test_a_list_of_all_namespaces_holds_each_of_them(core, three):
    found = core.list_secret_for_all_namespaces(field_selector="metadata.name=a").items
    assert three in {one.metadata.namespace for one in found}


def test_items_of_a_list_do_not_repeat_their_kind(send, three):
    body = send("GET", f"/api/v1/namespaces/{three}/secrets").checked()
    assert (body["kind"], body["apiVersion"]) == ("SecretList", "v1")
    assert all("kind" not in item for item in body["items"])


def test_an_empty_list_has_an_empty_array_of_items(send, namespace):
    body = send("GET", f"/api/v1/namespaces/{namespace}/pods").checked()
    assert body["items"] == []


def test_metadata_alone_can_be_asked_for(send, three):
    path = f"/api/v1/namespaces/{three}/secrets"
    accept = LIST_TYPES.format("PartialObjectMetadataList")
    body = send("GET", path, accept=accept).checked()
    assert body["kind"] == "PartialObjectMetadataList"
    assert {tuple(item) for item in body["items"]} == {("kind", "apiVersion", "metadata")}


def test_a_table_can_be_asked_for(send, three):
    path = f"/api/v1/namespaces/{three}/secrets"
    body = send("GET", path, accept=LIST_TYPES.format("Table")).checked()
    assert body["kind"] == "Table"
    columns = [column["name"] for column in body["columnDefinitions"]]
    assert columns == ["Name", "Type", "Data", "Age"]
    assert [row["cells"][:3] for row in body["rows"]] == [
        ["a", "Opaque", 0], ["b", "example.com/t", 0], ["c", "Opaque", 0],
    ]  # fmt: skip
    assert body["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


@pytest.mark.parametrize(
    ("path", "columns", "wide"),
    [
        (
            "/api/v1/pods",
            ["Name", "Ready", "Status", "Restarts", "Age"],
            ["IP", "Node", "Nominated Node", "Readiness Gates"],
        ),
        ("/api/v1/namespaces", ["Name", "Status", "Age"], []),
        ("/api/v1/configmaps", ["Name", "Data", "Age"], []),
        (
            "/api/v1/services",
            ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age"],
            ["Selector"],
        ),
        (
            "/api/v1/nodes",
            ["Name", "Status", "Roles", "Age", "Version"],
            ["Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime"],
        ),
        (
            "/apis/apps/v1/deployments",
            ["Name", "Ready", "Up-to-date", "Available", "Age"],
            ["Containers", "Images", "Selector"],
        ),
        (
            "/apis/apps/v1/replicasets",
            ["Name", "Desired", "Current", "Ready", "Age"],
            ["Containers", "Images", "Selector"],
        ),
        (
            "/apis/discovery.k8s.io/v1/endpointslices",
            ["Name", "AddressType", "Ports", "Endpoints", "Age"],
            [],
        ),
        ("/apis/coordination.k8s.io/v1/leases", ["Name", "Holder", "Age"], []),
    ],
)
def test_each_kind_has_the_columns_that_kubectl_shows(send, path, columns, wide):
    table = send("GET", path, accept=LIST_TYPES.format("Table"), query={"limit": 1}).checked()
    definitions = table["columnDefinitions"]
    assert [one["name"] for one in definitions if one["priority"] == 0] == columns
    assert [one["name"] for one in definitions if one["priority"] > 0] == wide

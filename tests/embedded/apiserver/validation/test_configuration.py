import pytest


def test_keys_are_names_of_files(create):
    (problem,) = create("v1", "ConfigMap", data={"a b": ""})
    assert problem.startswith('data[a b]: Invalid value: "a b": a valid config key must consist of')


def test_a_key_is_text_or_binary(create):
    assert create("v1", "ConfigMap", data={"a": ""}, binaryData={"a": "AAE="}) == [
        'data[a]: Invalid value: "a": duplicate of key present in binaryData'
    ]


def test_a_megabyte_is_enough(create):
    (problem,) = create("v1", "Secret", data={"a": "AAAA" * 349526})
    assert problem == "data: Too long: may not be more than 1048576 bytes"


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_what_is_immutable_stays(update, kind):
    old = {"data": {"a": "YQ=="}, "immutable": True}
    assert update("v1", kind, old, {**old, "data": {"a": "Yg=="}}) == [
        "data: Forbidden: field is immutable when `immutable` is set"
    ]
    assert update("v1", kind, old, {"data": old["data"]}) == [
        "immutable: Forbidden: field is immutable when `immutable` is set"
    ]


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("kubernetes.io/tls", ["data[tls.crt]", "data[tls.key]"]),
        ("kubernetes.io/basic-auth", ["data[username]", "data[password]"]),
        ("kubernetes.io/ssh-auth", ["data[ssh-privatekey]"]),
        ("kubernetes.io/dockerconfigjson", ["data[.dockerconfigjson]"]),
        (
            "kubernetes.io/service-account-token",
            ["metadata.annotations[kubernetes.io/service-account.name]"],
        ),
        ("Opaque", []),
        ("example.com/mine", []),
    ],
)
def test_a_secrets_type_demands_keys(create, kind, missing):
    assert create("v1", "Secret", type=kind) == [f"{field}: Required value" for field in missing]


def test_the_type_of_a_secret_stays(update):
    assert update("v1", "Secret", {"type": "a"}, {"type": "b"}) == [
        'type: Invalid value: "b": field is immutable'
    ]


def test_the_phase_of_a_namespace_follows_its_deletion(update):
    dying = {"status": {"phase": "Terminating"}}
    assert update("v1", "Namespace", {}, dying, status=True) == [
        'status.Phase: Invalid value: "Terminating": '
        "may only be 'Active' if `deletionTimestamp` is empty"
    ]


def test_taints_are_unique_by_key_and_effect(create):
    taint = {"key": "k", "effect": "NoSchedule"}
    assert create("v1", "Node", spec={"taints": [taint, taint]}) == [
        'metadata.taints[1]: Duplicate value: {"Key":"k","Value":"","Effect":"NoSchedule",'
        '"TimeAdded":null}: taints must be unique by key and effect pair'
    ]


def test_the_range_of_a_node_stays(update):
    old, new = ({"spec": {"podCIDR": f"127.64.{i}.0/24"}} for i in (1, 2))
    assert update("v1", "Node", old, new) == [
        'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'
    ]


def test_a_lease_lasts_for_a_while(create):
    assert create("coordination.k8s.io/v1", "Lease", spec={"leaseDurationSeconds": 0}) == [
        "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"
    ]


def test_an_event_is_in_the_namespace_of_what_it_is_about(create):
    assert create("v1", "Event", involvedObject={"kind": "Pod", "namespace": "other"}) == [
        'involvedObject.namespace: Invalid value: "other": does not match event.namespace'
    ]
    assert create("v1", "Event", involvedObject={"kind": "Node"}) == []


def test_new_events_demand_more(create):
    about = {"kind": "Pod", "namespace": "default"}
    problems = create("events.k8s.io/v1", "Event", regarding=about)
    assert problems == ["eventTime: Required value", 'type: Invalid value: "": has invalid value: ']

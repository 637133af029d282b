"""ConfigMaps and Secrets as objects; what pods make of them is in test_config_in_pods.py."""

from __future__ import annotations

import base64

import pytest


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def test_a_config_map_keeps_text_and_binary_data_apart(core, namespace):
    body = {
        "metadata": {"name": "c"},
        "data": {"greeting": "grüß dich\n"},
        "binaryData": {"raw": encoded("\x00\x01")},
    }
    core.create_namespaced_config_map(namespace, body)
    found = core.read_namespaced_config_map("c", namespace)
    assert found.data == {"greeting": "grüß dich\n"}
    assert found.binary_data == {"raw": encoded("\x00\x01")}


def test_a_key_cannot_be_in_both_kinds_of_data(core, shared_namespace, refused):
    body = {"metadata": {"name": "c"}, "data": {"k": "x"}, "binaryData": {"k": "eA=="}}
    status = refused(core.create_namespaced_config_map, shared_namespace, body, dry_run="All")
    assert status["message"] == (
        'ConfigMap "c" is invalid: data[k]: Invalid value: "k": duplicate of key present in '
        "binaryData"
    )


def test_the_string_data_of_a_secret_is_stored_encoded_and_wins(core, namespace):
    body = {
        "metadata": {"name": "keys"},
        "stringData": {"user": "admin"},
        "data": {"user": encoded("x"), "z": encoded("y")},
    }
    made = core.create_namespaced_secret(namespace, body)
    assert made.data == {"user": encoded("admin"), "z": encoded("y")}
    assert made.string_data is None
    assert made.type == "Opaque"


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("kubernetes.io/tls", "[data[tls.crt]: Required value, data[tls.key]: Required value]"),
        ("kubernetes.io/dockerconfigjson", "data[.dockerconfigjson]: Required value"),
    ],
)
def test_a_typed_secret_has_required_keys(core, shared_namespace, refused, kind, missing):
    body = {"metadata": {"name": "s"}, "type": kind}
    status = refused(core.create_namespaced_secret, shared_namespace, body, dry_run="All")
    assert status["message"] == f'Secret "s" is invalid: {missing}'


def test_the_type_of_a_secret_cannot_be_changed(core, namespace, refused):
    core.create_namespaced_secret(namespace, {"metadata": {"name": "s"}})
    status = refused(core.patch_namespaced_secret, "s", namespace, {"type": "example.com/t"})
    assert status["message"] == (
        'Secret "s" is invalid: type: Invalid value: "example.com/t": field is immutable'
    )


def test_an_immutable_config_map_stays_as_it_is(core, namespace, refused):
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "c"}, "data": {"a": "x"}, "immutable": True}
    )
    status = refused(core.patch_namespaced_config_map, "c", namespace, {"data": {"a": "y"}})
    assert status["message"] == (
        'ConfigMap "c" is invalid: data: Forbidden: field is immutable when `immutable` is set'
    )
    status = refused(core.patch_namespaced_config_map, "c", namespace, {"immutable": False})
    assert status["message"] == (
        'ConfigMap "c" is invalid: immutable: Forbidden: field is immutable when `immutable` is set'
    )
    # Its metadata may still change, and it may be deleted.
    core.patch_namespaced_config_map("c", namespace, {"metadata": {"labels": {"x": "1"}}})
    core.delete_namespaced_config_map("c", namespace)


def test_a_config_map_holds_one_mebibyte_and_no_more(core, namespace, refused):
    body = {"metadata": {"name": "big"}, "data": {"a": "x" * (1 << 20)}}
    core.create_namespaced_config_map(namespace, body)
    body = {"metadata": {"name": "bigger"}, "data": {"a": "x" * ((1 << 20) + 1)}}
    status = refused(core.create_namespaced_config_map, namespace, body)
    assert status["message"] == (
        'ConfigMap "bigger" is invalid: []: Too long: may not be more than 1048576 bytes'
    )


def test_a_service_account_is_an_object_like_any_other(core, namespace):
    core.create_namespaced_service_account(namespace, {"metadata": {"name": "robot"}})
    changed = core.patch_namespaced_service_account(
        "robot", namespace, {"automountServiceAccountToken": False}
    )
    assert changed.automount_service_account_token is False

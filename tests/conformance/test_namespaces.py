"""Namespaces: what they are born with, and how they end with all that is in them."""

from __future__ import annotations

import re

import pytest


def test_a_namespace_is_born_active_labelled_with_its_own_name(core, namespace):
    found = core.read_namespace(namespace)
    assert found.status.phase == "Active"
    assert found.spec.finalizers == ["kubernetes"]
    assert found.metadata.labels == {"kubernetes.io/metadata.name": namespace}


def test_a_cluster_is_born_with_four_namespaces(core):
    names = {one.metadata.name for one in core.list_namespace().items}
    assert {"default", "kube-system", "kube-public", "kube-node-lease"} <= names


def test_a_namespaces_name_is_a_label(core, refused):
    status = refused(core.create_namespace, {"metadata": {"name": "my.space"}})
    assert status["message"].startswith(
        'Namespace "my.space" is invalid: metadata.name: Invalid value: "my.space": '
        "must not contain dots"
    )


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_the_first_namespaces_cannot_be_deleted(core, refused, name):
    status = refused(core.delete_namespace, name)
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["message"] == (
        f'namespaces "{name}" is forbidden: this namespace may not be deleted'
    )


def test_the_same_name_may_live_in_two_namespaces(core, namespace, shared_namespace):
    for home, value in ((namespace, "here"), (shared_namespace, "there")):
        core.create_namespaced_config_map(
            home, {"metadata": {"name": "twin"}, "data": {"where": value}}
        )
    assert core.read_namespaced_config_map("twin", namespace).data == {"where": "here"}
    assert core.read_namespaced_config_map("twin", shared_namespace).data == {"where": "there"}


@pytest.mark.needs_nodes
def test_a_namespace_gets_an_account_and_the_clusters_certificate(core, namespace, eventually):
    assert eventually(lambda: core.read_namespaced_service_account("default", namespace))
    published = eventually(lambda: core.read_namespaced_config_map("kube-root-ca.crt", namespace))
    assert published.data["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")


@pytest.mark.needs_nodes
def test_the_default_account_comes_back_when_it_is_deleted(core, namespace, eventually):
    old = core.read_namespaced_service_account("default", namespace).metadata.uid
    core.delete_namespaced_service_account("default", namespace)

    def is_new():
        return core.read_namespaced_service_account("default", namespace).metadata.uid != old

    assert eventually(is_new)


@pytest.mark.needs_nodes
def test_a_deleted_namespace_takes_its_contents_along(
    core, apps, new_namespace, eventually, gone, idle_deployment
):
    namespace = new_namespace()
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    apps.create_namespaced_deployment(namespace, idle_deployment("d"))
    core.delete_namespace(namespace)
    eventually(lambda: gone(core.read_namespace, namespace))
    assert core.list_namespaced_config_map(namespace).items == []
    assert apps.list_namespaced_deployment(namespace).items == []


@pytest.mark.needs_nodes
def test_a_terminating_namespace_takes_nothing_new_and_tells_what_it_waits_for(
    core, new_namespace, eventually, refused
):
    namespace = new_namespace()
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    )
    core.delete_namespace(namespace)
    status = refused(core.create_namespaced_config_map, namespace, {"metadata": {"name": "late"}})
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["message"] == (
        f'configmaps "late" is forbidden: unable to create new content in namespace {namespace} '
        "because it is being terminated"
    )
    assert status["details"]["causes"][0]["reason"] == "NamespaceTerminating"

    def conditions():
        found = core.read_namespace(namespace)
        assert found.status.phase == "Terminating"
        return {one.type: one for one in found.status.conditions or [] if one.status == "True"}

    waiting = eventually(lambda: "NamespaceFinalizersRemaining" in conditions() and conditions())
    assert waiting["NamespaceFinalizersRemaining"].message == (
        "Some content in the namespace has finalizers remaining: "
        "example.com/hold in 1 resource instances"
    )
    assert waiting["NamespaceContentRemaining"].message == (
        "Some resources are remaining: configmaps. has 1 resource instances"
    )
    core.patch_namespaced_config_map("held", namespace, {"metadata": {"finalizers": None}})


def test_a_generated_name_serves_for_namespaces_too(namespace):
    assert re.fullmatch(r"conformance-[a-z0-9]{5}", namespace)

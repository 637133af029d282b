"""The official client's dynamic half, and its watch: kinds are discovered, objects are anything."""

from __future__ import annotations

import threading
import time

import pytest
from kubernetes import client
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ResourceNotFoundError,
    UnprocessibleEntityError,
)
from kubernetes.watch import Watch

GROUP = "dynamic.example.com"
MERGE = "application/merge-patch+json"


@pytest.fixture(scope="module")
def dynamic(cluster, tmp_path_factory):
    # Its cache has a fixed name in the system's temporary folder unless it is told another.
    cache = tmp_path_factory.mktemp("discovery") / "cache.json"
    return DynamicClient(cluster.api_client, cache_file=str(cache))


@pytest.fixture(scope="module")
def config_maps(dynamic):
    return dynamic.resources.get(api_version="v1", kind="ConfigMap")


@pytest.fixture(scope="module")
def frog_kind(dynamic, frogs):
    definitions = dynamic.resources.get(
        api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition"
    )
    definitions.create(frogs(GROUP))
    deadline = time.monotonic() + 30
    while True:
        try:
            yield dynamic.resources.get(api_version=f"{GROUP}/v1", kind="Frog")
            break
        except ResourceNotFoundError:
            # The client looks again whenever it does not find a kind.
            assert time.monotonic() < deadline
    definitions.delete(f"frogs.{GROUP}")


@pytest.fixture
def settings(namespace):
    def make(name, **content):
        meta = {"name": name, "namespace": namespace}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, **content}

    return make


def test_kinds_are_discovered_with_their_parts(dynamic):
    deployments = dynamic.resources.get(api_version="apps/v1", kind="Deployment")
    assert (deployments.name, deployments.namespaced) == ("deployments", True)
    assert deployments.short_names == ["deploy"]
    assert sorted(deployments.subresources) == ["scale", "status"]
    assert dynamic.resources.get(kind="ResourceQuota").group_version == "v1"
    with pytest.raises(ResourceNotFoundError):
        dynamic.resources.get(api_version="v1", kind="Moon")


def test_objects_are_created_replaced_patched_applied_and_deleted(config_maps, settings, namespace):
    made = config_maps.create(settings("all", data={"a": "1"}))
    config_maps.replace({**made.to_dict(), "data": {"a": "1", "b": "2"}})
    patch = {"metadata": {"name": "all"}, "data": {"a": None}}
    config_maps.patch(patch, namespace=namespace, content_type=MERGE)
    applied = config_maps.server_side_apply(settings("all", data={"c": "3"}), field_manager="me")
    assert applied.data.to_dict() == {"b": "2", "c": "3"}
    assert config_maps.delete("all", namespace).status == "Success"
    with pytest.raises(NotFoundError) as caught:
        config_maps.get("all", namespace)
    assert 'configmaps "all" not found' in caught.value.summary()


def test_what_is_refused_is_an_error_of_its_own(config_maps, settings, namespace):
    config_maps.create(settings("twice"))
    with pytest.raises(ConflictError):
        config_maps.create(settings("twice"))
    with pytest.raises(UnprocessibleEntityError):
        config_maps.create(settings("Upper_case"))
    with pytest.raises(ForbiddenError):
        config_maps.get(namespace=namespace, header_params={"Impersonate-User": "nobody"})
    config_maps.delete("twice", namespace)


def test_a_custom_kind_is_used_like_any_other(frog_kind, namespace):
    meta = {"name": "kermit", "namespace": namespace}
    body = {"apiVersion": f"{GROUP}/v1", "kind": "Frog", "metadata": meta}
    frog_kind.create({**body, "spec": {"color": "green"}})
    frog_kind.status.patch(
        {**body, "status": {"replicas": 1}}, namespace=namespace, content_type=MERGE
    )
    assert frog_kind.scale.get("kermit", namespace).spec.replicas == 1
    frog_kind.scale.patch(
        {"metadata": meta, "spec": {"replicas": 4}}, namespace=namespace, content_type=MERGE
    )
    [found] = frog_kind.get(namespace=namespace).items
    assert (found.spec.to_dict(), found.status.replicas) == ({"color": "green", "replicas": 4}, 1)
    frog_kind.delete("kermit", namespace)


def test_a_watch_goes_on_where_a_list_ended(config_maps, settings, cluster, namespace):
    core = client.CoreV1Api(cluster.api_client)
    config_maps.create(settings("before"))
    seen = core.list_namespaced_config_map(namespace).metadata.resource_version
    events = []

    def follow():
        stream = Watch().stream(
            core.list_namespaced_config_map,
            namespace,
            resource_version=seen,
            label_selector="go=yes",
            timeout_seconds=60,
        )
        for event in stream:
            events.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                return

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    # An object that begins or ceases to match comes or goes for who watches, whatever happened.
    config_maps.create(settings("other"))
    for label in ("yes", "no"):
        patch = {"metadata": {"name": "before", "labels": {"go": label}}}
        config_maps.patch(patch, namespace=namespace, content_type=MERGE)
    follower.join(timeout=60)
    assert events == [("ADDED", "before"), ("DELETED", "before")]


def test_a_watch_without_a_version_begins_with_what_there_is(dynamic, config_maps, namespace):
    name = "kube-root-ca.crt"
    events = dynamic.watch(config_maps, namespace=namespace, name=name, timeout=30)
    event = next(iter(events))
    assert (event["type"], event["object"].metadata.name) == ("ADDED", name)
    events.close()

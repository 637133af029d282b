"""Garbage collection: what has lost its owner goes, in the order that was asked for."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs_nodes

HOLD = "example.com/hold"


@pytest.fixture
def create(core, namespace):
    """Create a ConfigMap, with owners and finalizers."""

    def call(name, *owners, finalizers=(), **reference):
        references = [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "name": owner.metadata.name,
                "uid": owner.metadata.uid,
                **reference,
            }
            for owner in owners
        ]
        metadata = {"name": name, "ownerReferences": references, "finalizers": list(finalizers)}
        return core.create_namespaced_config_map(namespace, {"metadata": metadata})

    return call


@pytest.fixture
def read(core, namespace):
    return lambda name: core.read_namespaced_config_map(name, namespace)


@pytest.fixture
def delete(core, namespace):
    def call(name, policy=None):
        core.delete_namespaced_config_map(name, namespace, propagation_policy=policy)

    return call


def test_dependents_go_after_their_owner(create, read, delete, eventually, gone):
    owner = create("owner")
    child = create("child", owner)
    create("grandchild", child)
    delete("owner")
    assert gone(read, "owner")
    eventually(lambda: gone(read, "child"))
    eventually(lambda: gone(read, "grandchild"))


def test_in_the_foreground_the_owner_goes_last(
    core, namespace, create, read, delete, eventually, gone
):
    owner = create("owner")
    create("child", owner, finalizers=[HOLD], blockOwnerDeletion=True)
    delete("owner", "Foreground")
    eventually(lambda: read("child").metadata.deletion_timestamp)
    waiting = read("owner")
    assert waiting.metadata.deletion_timestamp is not None
    assert waiting.metadata.finalizers == ["foregroundDeletion"]
    core.patch_namespaced_config_map("child", namespace, {"metadata": {"finalizers": None}})
    eventually(lambda: gone(read, "owner"))


def test_orphans_stay_and_forget_their_owner(create, read, delete, eventually, gone):
    owner = create("owner")
    create("child", owner)
    delete("owner", "Orphan")
    eventually(lambda: gone(read, "owner"))
    assert read("child").metadata.owner_references is None


def test_an_object_with_a_living_second_owner_stays(create, read, delete, eventually):
    first, second = create("first"), create("second")
    create("child", first, second)
    delete("first")
    eventually(lambda: len(read("child").metadata.owner_references) == 1)
    [left] = read("child").metadata.owner_references
    assert left.name == "second"


def test_an_owner_that_never_was_counts_as_gone(core, namespace, read, eventually, gone):
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "never",
        "uid": "11111111-2222-3333-4444-555555555555",
    }
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "child", "ownerReferences": [reference]}}
    )
    eventually(lambda: gone(read, "child"))


def test_a_namesake_of_the_owner_is_not_the_owner(create, read, delete, eventually, gone):
    owner = create("owner")
    delete("owner")
    create("owner")
    create("child", owner)
    eventually(lambda: gone(read, "child"))
    assert read("owner")


def test_deleting_a_deployment_takes_its_sets_and_pods(
    apps, core, namespace, eventually, idle_deployment
):
    body = idle_deployment("d", replicas=1, paused=False)
    body["spec"]["template"]["spec"]["nodeSelector"] = {"no-such": "node"}
    apps.create_namespaced_deployment(namespace, body)
    eventually(lambda: core.list_namespaced_pod(namespace).items)
    apps.delete_namespaced_deployment("d", namespace)
    eventually(lambda: not apps.list_namespaced_replica_set(namespace).items)
    eventually(lambda: not core.list_namespaced_pod(namespace).items)


def test_an_orphaned_set_keeps_its_pods(apps, core, namespace, eventually, gone, idle_deployment):
    body = idle_deployment("d", replicas=1, paused=False)
    body["spec"]["template"]["spec"]["nodeSelector"] = {"no-such": "node"}
    apps.create_namespaced_deployment(namespace, body)
    eventually(lambda: core.list_namespaced_pod(namespace).items)
    apps.delete_namespaced_deployment("d", namespace, propagation_policy="Orphan")
    eventually(lambda: gone(apps.read_namespaced_deployment, "d", namespace))
    [left] = apps.list_namespaced_replica_set(namespace).items
    assert left.metadata.owner_references is None
    assert len(core.list_namespaced_pod(namespace).items) == 1

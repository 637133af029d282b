"""ReplicaSets: as many pods as wanted, no more, no fewer, whatever happens to them."""

from __future__ import annotations

from functools import partial

import pytest

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def replica_set(apps, namespace):
    """A ReplicaSet `rs` of sleeping pods with the label app=rs."""
    container = {"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"]}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}

    def create(replicas):
        body = {
            "metadata": {"name": "rs"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "rs"}},
                "template": {"metadata": {"labels": {"app": "rs"}}, "spec": spec},
            },
        }
        return apps.create_namespaced_replica_set(namespace, body)

    return create


@pytest.fixture
def available(apps, namespace, await_replicas):
    """Wait until exactly so many replicas are there and available."""
    read = partial(apps.read_namespaced_replica_set, "rs", namespace)
    return partial(await_replicas, read)


@pytest.fixture
def names(core, namespace):
    """The names of the pods with a label."""

    def call(selector="app=rs"):
        found = core.list_namespaced_pod(namespace, label_selector=selector).items
        return {one.metadata.name for one in found if not one.metadata.deletion_timestamp}

    return call


def test_the_pods_of_a_set_are_named_after_it_and_owned_by_it(
    core, namespace, replica_set, available
):
    uid = replica_set(2).metadata.uid
    available(2)
    for pod in core.list_namespaced_pod(namespace).items:
        assert pod.metadata.generate_name == "rs-"
        [owner] = pod.metadata.owner_references
        assert (owner.kind, owner.name, owner.uid) == ("ReplicaSet", "rs", uid)
        assert (owner.controller, owner.block_owner_deletion) == (True, True)


def test_a_deleted_pod_is_replaced_before_it_is_gone(
    core, namespace, replica_set, available, names, eventually
):
    replica_set(2)
    available(2)
    victim, other = sorted(names())
    # A finalizer keeps the victim in sight; a set does not count what is being deleted.
    hold = {"metadata": {"finalizers": ["example.com/hold"]}}
    core.patch_namespaced_pod(victim, namespace, hold)
    core.delete_namespaced_pod(victim, namespace)
    eventually(lambda: len(names()) == 2)
    assert other in names()
    assert core.read_namespaced_pod(victim, namespace).metadata.deletion_timestamp
    core.patch_namespaced_pod(victim, namespace, {"metadata": {"finalizers": None}})


def test_a_set_is_scaled_down_to_the_number_wanted(
    apps, namespace, replica_set, available, names, eventually
):
    replica_set(3)
    available(3)
    before = names()
    apps.patch_namespaced_replica_set_scale("rs", namespace, {"spec": {"replicas": 1}})
    available(1)
    assert len(names()) == 1
    assert names() < before


def test_a_stray_pod_with_the_right_labels_is_adopted(
    core, pods, namespace, replica_set, available, names
):
    pods.run(name="stray", labels={"app": "rs"})
    pods.ready("stray")
    uid = replica_set(2).metadata.uid
    available(2)
    assert "stray" in names()
    [owner] = core.read_namespaced_pod("stray", namespace).metadata.owner_references
    assert owner.uid == uid


def test_a_pod_that_loses_the_label_is_let_go_and_replaced(
    core, namespace, replica_set, available, names, eventually
):
    replica_set(1)
    available(1)
    [freed] = names()
    core.patch_namespaced_pod(freed, namespace, {"metadata": {"labels": {"app": "free"}}})
    eventually(lambda: len(names()) == 1 and freed not in names())
    eventually(lambda: core.read_namespaced_pod(freed, namespace).metadata.owner_references is None)
    assert core.read_namespaced_pod(freed, namespace).status.phase == "Running"


def test_a_pod_too_many_is_deleted(core, pods, namespace, replica_set, available, eventually):
    replica_set(1)
    available(1)
    pods.run(name="extra", labels={"app": "rs"}, spec={"restartPolicy": "Always"})
    eventually(lambda: len(core.list_namespaced_pod(namespace).items) == 1)
    available(1)


def test_a_pod_that_ended_is_replaced(core, pods, namespace, replica_set, available, names):
    pods.run("exit 0", name="done", labels={"app": "rs"})
    pods.finished("done")
    replica_set(1)
    available(1)
    assert len(names() - {"done"}) == 1


def test_a_set_tells_what_it_made(core, namespace, replica_set, available, names, eventually):
    replica_set(1)
    available(1)
    selector = "involvedObject.name=rs,reason=SuccessfulCreate"
    [event] = eventually(
        lambda: core.list_namespaced_event(namespace, field_selector=selector).items
    )
    [name] = names()
    assert event.message == f"Created pod: {name}"
    assert event.source.component == "replicaset-controller"

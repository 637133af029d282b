"""ReplicationControllers: what there was before ReplicaSets, and still is."""

from __future__ import annotations

from functools import partial

import pytest

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def controller(core, namespace):
    """Create a ReplicationController `rc` of sleeping pods with the label app=rc."""
    container = {"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"]}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}

    def create(replicas):
        template = {"metadata": {"labels": {"app": "rc"}}, "spec": spec}
        body = {"metadata": {"name": "rc"}, "spec": {"replicas": replicas, "template": template}}
        return core.create_namespaced_replication_controller(namespace, body)

    return create


@pytest.fixture
def available(core, namespace, await_replicas):
    """Wait until exactly so many replicas are there and available."""
    return partial(
        await_replicas, lambda: core.read_namespaced_replication_controller("rc", namespace)
    )


@pytest.fixture
def pods(core, namespace):
    """The names of the living pods with the label."""

    def call():
        found = core.list_namespaced_pod(namespace, label_selector="app=rc").items
        return {pod.metadata.name for pod in found if not pod.metadata.deletion_timestamp}

    return call


def test_selector_and_labels_are_the_templates(controller):
    made = controller(0)
    assert made.spec.selector == made.metadata.labels == {"app": "rc"}


def test_a_deleted_pod_is_replaced(core, namespace, controller, available, pods, eventually):
    controller(2)
    available(2)
    victim = sorted(pods())[0]
    core.delete_namespaced_pod(victim, namespace)
    eventually(lambda: len(pods()) == 2 and victim not in pods())
    [owner] = core.read_namespaced_pod(pods().pop(), namespace).metadata.owner_references
    assert (owner.kind, owner.name) == ("ReplicationController", "rc")


def test_it_can_be_scaled(core, namespace, controller, available, pods):
    controller(1)
    available(1)
    patch = core.patch_namespaced_replication_controller_scale
    patch("rc", namespace, {"spec": {"replicas": 3}})
    available(3)
    patch("rc", namespace, {"spec": {"replicas": 1}})
    available(1)
    assert len(pods()) == 1


def test_its_pods_go_with_it_when_asked_to(
    core, namespace, controller, available, pods, eventually
):
    controller(1)
    available(1)
    core.delete_namespaced_replication_controller("rc", namespace, propagation_policy="Background")
    eventually(lambda: pods() == set())

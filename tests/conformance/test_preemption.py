"""Preemption: pods of lower priority leave when one of a higher priority finds no room."""

from __future__ import annotations

import pytest
from kubernetes import client

pytestmark = pytest.mark.needs_nodes

# Nodes have none of it but for these tests, so nobody else's pods are in the way, or in danger.
SEAT = "example.com/seat"


@pytest.fixture(scope="module")
def only_node(core, machines, eventually):
    """A node that has room for one pod that asks for a seat."""
    name = next(name for name in machines if not core.read_node(name).spec.taints)
    room = {SEAT: "1"}
    core.patch_node_status(name, {"status": {"capacity": room, "allocatable": room}})
    eventually(lambda: core.read_node(name).status.allocatable.get(SEAT) == "1")
    yield name
    gone = {SEAT: None}
    core.patch_node_status(name, {"status": {"capacity": gone, "allocatable": gone}})


@pytest.fixture(scope="module")
def priorities(api):
    """The names of three PriorityClasses: low, high, and high but patient."""
    scheduling = client.SchedulingV1Api(api)
    names = {}
    for name, value, policy in (
        ("low", 10, "PreemptLowerPriority"),
        ("high", 1000, "PreemptLowerPriority"),
        ("patient", 1000, "Never"),
    ):
        body = {
            "metadata": {"generateName": f"conformance-{name}-"},
            "value": value,
            "preemptionPolicy": policy,
        }
        names[name] = scheduling.create_priority_class(body).metadata.name
    yield names
    for name in names.values():
        scheduling.delete_priority_class(name)


@pytest.fixture
def sit(pods, priorities, only_node):
    """Run a pod that takes the only seat."""

    def call(name, priority, **meta):
        seat = {SEAT: "1"}
        pods.run(
            name=name,
            spec={"priorityClassName": priorities[priority]},
            resources={"requests": seat, "limits": seat},
            **meta,
        )

    return call


def told(pod, kind):
    return next((one for one in pod.status.conditions or [] if one.type == kind), None)


def test_a_pod_of_a_higher_priority_takes_the_place_of_a_lower_one(
    core, pods, namespace, sit, only_node, eventually
):
    sit("low", "low")
    pods.ready("low")
    # It stays to be looked at when it has ended.
    hold = {"metadata": {"finalizers": ["conformance.example.com/hold"]}}
    core.patch_namespaced_pod("low", namespace, hold)
    try:
        sit("high", "high")
        disrupted = told(
            pods.until(lambda pod: told(pod, "DisruptionTarget"), "low"), "DisruptionTarget"
        )
        assert (disrupted.status, disrupted.reason) == ("True", "PreemptionByScheduler")
        assert disrupted.message == (
            "default-scheduler: preempting to accommodate a higher priority pod"
        )
        assert pods.until(lambda pod: pod.spec.node_name, "high").spec.node_name == only_node
        high = pods.ready("high")
        assert high.status.nominated_node_name is None
        assert pods.get("low").metadata.deletion_timestamp is not None
        message = f"Preempted by pod {high.metadata.uid} on node {only_node}"
        assert pods.event("Preempted", "low").message == message
    finally:
        hold["metadata"]["finalizers"] = None
        core.patch_namespaced_pod("low", namespace, hold)


def test_equals_do_not_make_each_other_leave(core, pods, sit):
    sit("first", "low")
    pods.ready("first")
    sit("second", "low")
    message = pods.event("FailedScheduling", "second").message
    count = len(core.list_node().items)
    assert message.endswith(
        f"no new claims to deallocate, preemption: 0/{count} nodes are available: "
        f"1 No preemption victims found for incoming pod, {count - 1} Preemption is not helpful "
        "for scheduling."
    )
    assert pods.get("first").metadata.deletion_timestamp is None


def test_a_pod_whose_class_never_preempts_waits(pods, sit):
    sit("low", "low")
    pods.ready("low")
    sit("patient", "patient")
    message = pods.event("FailedScheduling", "patient").message
    assert message.endswith("preemption: not eligible due to preemptionPolicy=Never.")
    assert pods.get("low").metadata.deletion_timestamp is None
    pods.delete("low")
    pods.ready("patient")

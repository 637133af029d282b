"""Nodes: as objects, as machines, and silent ones. Cordons are in test_scheduling.py."""

from __future__ import annotations

from contextlib import suppress

import pytest
from kubernetes.client import ApiException


@pytest.fixture
def paper_node(core):
    """A Node that is only an object: no machine stands behind it, and no pod can land there."""
    taint = {"key": "example.com/paper", "effect": "NoSchedule"}
    body = {"metadata": {"generateName": "paper-"}, "spec": {"taints": [taint]}}
    name = core.create_node(body).metadata.name
    yield name
    core.delete_node(name)


# --- as objects ------------------------------------------------------------------------------


def test_cordoning_is_a_field_of_the_spec(core, paper_node):
    cordoned = core.patch_node(paper_node, {"spec": {"unschedulable": True}})
    assert cordoned.spec.unschedulable is True
    opened = core.patch_node(paper_node, {"spec": {"unschedulable": None}})
    assert opened.spec.unschedulable is None


def test_taints_are_replaced_whole(core, paper_node):
    taints = [{"key": "example.com/other", "value": "x", "effect": "NoExecute"}]
    core.patch_node(paper_node, {"spec": {"taints": taints}})
    found = core.read_node(paper_node).spec.taints
    assert [one.key for one in found if one.key.startswith("example.com/")] == ["example.com/other"]


def test_a_taint_needs_an_effect_that_is_known(core, refused, paper_node):
    taints = [{"key": "example.com/odd", "effect": "Sometimes"}]
    status = refused(core.patch_node, paper_node, {"spec": {"taints": taints}})
    # Kubernetes really says "metadata" here.
    assert status["message"] == (
        f'Node "{paper_node}" is invalid: metadata.taints[0].effect: Unsupported value: '
        '"Sometimes": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'
    )


def test_the_address_range_of_a_node_cannot_be_changed(core, refused, paper_node):
    # Where a controller gives each node its range, that may have been first.
    with suppress(ApiException):
        core.patch_node(paper_node, {"spec": {"podCIDR": "192.0.2.0/24"}})
    status = refused(core.patch_node, paper_node, {"spec": {"podCIDR": "198.51.100.0/24"}})
    assert status["code"] == 422
    assert "node updates may not change podCIDR except from" in status["message"]


def test_conditions_are_written_through_the_status(core, paper_node):
    pressure = {"type": "DiskPressure", "status": "False", "reason": "Told", "message": "by a test"}
    core.patch_node_status(paper_node, {"status": {"conditions": [pressure]}})
    found = {one.type: one for one in core.read_node(paper_node).status.conditions}
    assert found["DiskPressure"].reason == "Told"
    again = {"type": "DiskPressure", "status": "True"}
    core.patch_node_status(paper_node, {"status": {"conditions": [again]}})
    found = {one.type: one for one in core.read_node(paper_node).status.conditions}
    # Conditions merge by their type, so what the patch left out is still there.
    assert (found["DiskPressure"].status, found["DiskPressure"].reason) == ("True", "Told")


# --- as machines -----------------------------------------------------------------------------

needs_nodes = pytest.mark.needs_nodes


@needs_nodes
def test_every_node_is_ready_and_tells_what_it_has(core, machines):
    for node in map(core.read_node, machines):
        found = {one.type: one for one in node.status.conditions}
        assert (found["Ready"].status, found["Ready"].reason) == ("True", "KubeletReady")
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure"):
            assert found[kind].status == "False"
        assert {"cpu", "memory", "pods"} <= set(node.status.allocatable)
        assert node.metadata.labels["kubernetes.io/hostname"] == node.metadata.name
        assert {"InternalIP", "Hostname"} == {one.type for one in node.status.addresses}
        assert node.status.node_info.kubelet_version.startswith("v1.")


@needs_nodes
def test_the_control_plane_is_labelled_and_tainted(core, lacking):
    label = "node-role.kubernetes.io/control-plane"
    found = core.list_node(label_selector=label).items
    if not found:
        lacking("this cluster does not show its control plane")
    taints = {(one.key, one.effect) for node in found for one in node.spec.taints or []}
    assert (label, "NoSchedule") in taints


@needs_nodes
def test_a_pod_that_is_assigned_by_name_needs_no_scheduler(pods, machines):
    node = machines[0]
    pods.run(spec={"nodeName": node, "tolerations": [{"operator": "Exists"}]})
    assert pods.ready().spec.node_name == node


@needs_nodes
def test_a_kubelet_refuses_a_pod_that_does_not_fit(pods, machines):
    spec = {"nodeName": machines[0], "tolerations": [{"operator": "Exists"}]}
    pods.run(spec=spec, resources={"requests": {"cpu": "1000"}})
    pod = pods.finished()
    assert (pod.status.phase, pod.status.reason) == ("Failed", "OutOfcpu")
    assert pod.status.message.startswith(
        "Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: "
    )


# --- silent nodes ----------------------------------------------------------------------------


@needs_nodes
def test_a_node_that_falls_silent_is_unknown_and_tainted(core, silent_node, eventually):
    def ready():
        found = core.read_node(silent_node).status.conditions
        return next(one for one in found if one.type == "Ready")

    eventually(lambda: ready().status == "Unknown", within=100)
    assert (ready().reason, ready().message) == (
        "NodeStatusUnknown",
        "Kubelet stopped posting node status.",
    )

    def taints():
        return {(one.key, one.effect) for one in core.read_node(silent_node).spec.taints}

    wanted = {("node.kubernetes.io/unreachable", effect) for effect in ("NoSchedule", "NoExecute")}
    eventually(lambda: wanted <= taints())


@needs_nodes
def test_pods_of_a_silent_node_are_deleted_when_their_patience_ends(
    core, shared_namespace, silent_node, eventually
):
    def pod(name):
        return core.read_namespaced_pod(name, shared_namespace)

    eventually(lambda: pod("impatient").metadata.deletion_timestamp, within=100)
    assert pod("patient").metadata.deletion_timestamp is None
    # Nobody on that node can tell that the containers ended, so the pod stays in sight.
    told = {one.type: one for one in pod("impatient").status.conditions}
    assert told["DisruptionTarget"].reason == "DeletionByTaintManager"

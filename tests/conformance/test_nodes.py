"""Nodes: as objects, cordoned, tainted, and silent."""

from __future__ import annotations

import pytest


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

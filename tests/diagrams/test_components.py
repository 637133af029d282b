"""What is said of a cluster's components."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubelearn.clusters.internals import ComponentState
from kubelearn.diagrams.components import PURPOSES, STATES, component_row, draw, summary


@pytest.mark.parametrize("state", ["running", "stopped", "failed"])
def test_every_state_has_a_look(state):
    row = component_row(ComponentState("etcd", "n", state, 0))
    assert row["look"] in STATES
    assert (row["look"] == "other") == (state == "failed")


def test_a_kubelets_purpose_is_known_whatever_its_node():
    row = component_row(ComponentState("kubelet@worker", "worker", "running", 2))
    assert (row["purpose"], row["restarts"]) == (PURPOSES["kubelet"][0], 2)


def test_the_picture_has_the_control_plane_first_and_says_what_is_missing():
    states = [("kubelet@a", "running"), ("kube-scheduler", "stopped"), ("etcd", "running")]
    rows = [component_row(ComponentState(name, "n", state, 0)) for name, state in states]
    drawn = draw(rows, title="Components")
    ElementTree.fromstring(drawn)
    assert drawn.index(">etcd<") < drawn.index(">kube-scheduler<") < drawn.index(">kubelet@a<")
    assert "without it: new pods stay Pending" in drawn
    assert summary(rows) == "2 components run, stopped: kube-scheduler"

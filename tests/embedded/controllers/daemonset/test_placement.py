from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.daemonset import placement


def taint(effect):
    return {"key": "dedicated", "value": "x", "effect": effect}


@pytest.mark.parametrize(
    ("effect", "starts", "stays"),
    [("NoSchedule", False, True), ("NoExecute", False, False), ("PreferNoSchedule", True, True)],
)
def test_taints_keep_pods_from_starting_or_from_staying(make_node, make_pod, effect, starts, stays):
    node = make_node(taints=[taint(effect)])
    assert placement.should_run(make_pod(), node) == (starts, stays)
    assert placement.should_run(make_pod(tolerations=[{"operator": "Exists"}]), node) == (
        True,
        True,
    )


def test_a_daemon_also_runs_where_nobody_else_may_for_a_while(make_node, make_pod):
    cordoned = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    silent = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}
    assert placement.should_run(make_pod(), make_node(taints=[cordoned, silent])) == (True, True)


def test_node_selector_and_name_choose_nodes(make_node, make_pod):
    node = make_node("a", labels={"disk": "ssd"})
    assert placement.should_run(make_pod(nodeSelector={"disk": "ssd"}), node)[0]
    assert not placement.should_run(make_pod(nodeSelector={"disk": "hdd"}), node)[0]
    assert not placement.should_run(make_pod(nodeName="b"), node)[0]


def test_a_pod_is_tied_to_its_node_and_keeps_its_other_affinity(make_pod):
    other = {"podAffinity": {"x": 1}}
    tied = placement.tied_to(make_pod(affinity=other, hostNetwork=True), "a")
    assert placement.node_of(tied) == "a"
    assert tied["spec"]["affinity"]["podAffinity"] == {"x": 1}
    assert "node.kubernetes.io/network-unavailable" in {
        toleration["key"] for toleration in tied["spec"]["tolerations"]
    }
    assert placement.node_of(make_pod()) is None
    assert placement.node_of(make_pod(nodeName="b")) == "b"

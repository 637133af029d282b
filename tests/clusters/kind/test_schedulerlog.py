"""What the log of a real scheduler tells of a decision."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kubelearn.clusters.internals import Refusal
from kubelearn.clusters.kind.schedulerlog import decision, verbosity

NOW = datetime(2026, 11, 26, 20, tzinfo=UTC)

# Written by kube-scheduler v1.36.3 with `--v=10`.
PLACED = """\
I1126 19:33:51.201074   12041 eventhandlers.go:214] "Add event for unscheduled pod" pod="default/l1"
I1126 19:33:51.213692   12041 schedule_one.go:123] "Attempting to schedule pod" pod="default/l1"
I1126 19:33:51.214840   12041 taint_toleration.go:130] "node had untolerated taints" logger="FilterWithNominatedPods.Filter.TaintToleration" pod="default/l1" node="kubelearn-control-plane" untoleratedTaint={"key":"node-role.kubernetes.io/control-plane","effect":"NoSchedule"}
I1126 19:33:51.215632   12041 schedule_one.go:982] "Plugin scored node for pod" pod="default/l1" plugin="TaintToleration" node="kubelearn-worker" score=300
I1126 19:33:51.215665   12041 schedule_one.go:982] "Plugin scored node for pod" pod="default/l1" plugin="NodeResourcesFit" node="kubelearn-worker" score=97
I1126 19:33:51.215677   12041 schedule_one.go:982] "Plugin scored node for pod" pod="default/l1" plugin="TaintToleration" node="kubelearn-worker2" score=300
I1126 19:33:51.215680   12041 schedule_one.go:982] "Plugin scored node for pod" pod="default/l1" plugin="NodeResourcesFit" node="kubelearn-worker2" score=96
I1126 19:33:51.215691   12041 schedule_one.go:1050] "Calculated node's final score for pod" pod="default/l1" node="kubelearn-worker" score=397
I1126 19:33:51.215837   12041 default_binder.go:69] "Attempting to bind pod to node" logger="Bind.DefaultBinder" pod="default/l1" node="kubelearn-worker"
"""  # noqa: E501
NOWHERE = """\
I1126 19:33:51.224488   12041 schedule_one.go:123] "Attempting to schedule pod" pod="default/l2"
I1126 19:33:51.224608   12041 taint_toleration.go:130] "node had untolerated taints" logger="FilterWithNominatedPods.Filter.TaintToleration" pod="default/l2" node="kubelearn-control-plane" untoleratedTaint={"key":"node-role.kubernetes.io/control-plane","effect":"NoSchedule"}
I1126 19:33:51.224702   12041 schedule_one.go:1239] "Unable to schedule pod; no fit; waiting" pod="default/l2" err="0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
"""  # noqa: E501


def read(text, pod):
    return decision(text.splitlines(), pod, now=NOW)


def test_the_points_of_each_plugin_and_the_node_are_read():
    found = read(PLACED, "default/l1")
    assert found.scores == {
        "kubelearn-worker": {"TaintToleration": 300, "NodeResourcesFit": 97},
        "kubelearn-worker2": {"TaintToleration": 300, "NodeResourcesFit": 96},
    }
    assert (found.node, found.message) == ("kubelearn-worker", "")
    assert found.time == datetime(2026, 11, 26, 19, 33, 51, 213692, tzinfo=UTC)
    tainted = Refusal("TaintToleration", ("node had untolerated taints",))
    assert found.rejections == {"kubelearn-control-plane": tainted}


def test_of_a_pod_that_fits_nowhere_the_message_is_read():
    found = read(NOWHERE, "default/l2")
    assert (found.node, found.scores) == ("", {})
    assert found.message.startswith("0/3 nodes are available: 1 node(s) had untolerated taint(s)")


def test_only_the_latest_attempt_counts():
    again = PLACED.replace("l1", "l2").replace("19:33", "19:34")
    found = read(NOWHERE + again, "default/l2")
    assert (found.node, found.message) == ("kubelearn-worker", "")
    assert found.time.minute == 34


def test_of_another_pod_it_tells_nothing():
    assert read(PLACED, "default/l") is None
    assert read("", "default/l1") is None


def test_a_line_from_before_new_year_is_of_the_old_year():
    text = NOWHERE.replace("I1126", "I1231")
    assert read(text, "default/l2").time.year == 2025


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("kube-scheduler --kubeconfig=/etc/kubernetes/scheduler.conf", 0),
        ("kube-scheduler --leader-elect=true --v=10", 10),
        ("kube-scheduler -v 5", 5),
    ],
)
def test_the_verbosity_is_told_by_the_command_line(command, expected):
    assert verbosity(command) == expected

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from kubelearn.embedded.scheduler.cache import PodInfo
from kubelearn.embedded.scheduler.framework import Framework
from kubelearn.embedded.scheduler.nodefilter import NodeFilter
from kubelearn.embedded.scheduler.nominator import Nominator
from kubelearn.embedded.scheduler.plugins.interpodaffinity import InterPodAffinity
from kubelearn.embedded.scheduler.plugins.nodename import NodeName
from kubelearn.embedded.scheduler.plugins.noderesources import NodeResourcesFit
from kubelearn.embedded.scheduler.plugins.tainttoleration import TaintToleration
from kubelearn.embedded.scheduler.preemption import Preemption
from kubelearn.objects import timestamp
from tests.embedded.fakeclock import START

NOBODY = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
KEEP_OFF = [{"key": "team", "value": "shop", "effect": "NoSchedule"}]


@pytest.fixture
def running(make_pod):
    """A pod that takes CPU on a node; `minutes` says how long after the start it began."""

    def make(name, priority=0, cpu="2", *, minutes=0, **options):
        status = {"startTime": timestamp(START + timedelta(minutes=minutes))}
        return make_pod(name, priority=priority, requests={"cpu": cpu}, status=status, **options)

    return make


@pytest.fixture
def important(make_pod):
    """The pod that needs room: four cores, a whole node, if not told otherwise."""

    def make(cpu="4", **spec):
        return make_pod("important", requests={"cpu": cpu}, **{"priority": 1000, **spec})

    return make


class Looking:
    """Preemption over some nodes, by a few filters."""

    def __init__(self, namespaces) -> None:
        self.budgets = []
        self.nominator = Nominator()
        self.framework = Framework(
            [
                NodeName(),
                TaintToleration(),
                NodeResourcesFit(),
                InterPodAffinity(namespaces=namespaces),
            ]
        )

    def __call__(self, pod, *nodes, nominated=None):
        pod = PodInfo(pod)
        node_filter = NodeFilter(pod, nodes, framework=self.framework, nominator=self.nominator)
        preemption = Preemption(
            budgets=lambda: self.budgets, latest=lambda key: None, random=random.Random(1)
        )
        return preemption.attempt(
            pod,
            nodes,
            rejections={info.name: node_filter.reject(info) for info in nodes},
            nominated=nominated,
            node_filter=node_filter,
        )


@pytest.fixture
def look(namespaces):
    return Looking(namespaces)


def victims(attempt):
    return attempt.candidate.node, [
        each.key.partition("/")[2] for each in attempt.candidate.victims
    ]


def budget(allowed, disrupted=(), **selector):
    return {
        "metadata": {"name": "b", "namespace": "default"},
        "spec": {"selector": selector or {"matchLabels": {"app": "web"}}},
        "status": {
            "disruptionsAllowed": allowed,
            "disruptedPods": dict.fromkeys(disrupted, timestamp(START)),
        },
    }


def test_the_least_important_pods_leave(look, running, important, make_info):
    node = make_info("a", running("low", 1, "2"), running("mid", 5, "2"))
    assert victims(look(important("2"), node)) == ("a", ["low"])
    assert victims(look(important("4"), node)) == ("a", ["mid", "low"])


def test_of_equals_the_one_that_has_run_longer_stays(look, running, important, make_info):
    node = make_info("a", running("young", minutes=9), running("old", minutes=1))
    assert victims(look(important("2"), node)) == ("a", ["young"])


def test_pods_of_the_same_priority_never_leave(look, running, important, make_info):
    node = make_info("a", running("peer", 1000, "4"))
    attempt = look(important(), node)
    assert attempt.candidate is None
    assert attempt.message == f"0/1 nodes are available: 1 {NOBODY}."


def test_nodes_are_told_apart_by_why_nobody_can_leave(look, running, important, make_info):
    attempt = look(
        important(),
        make_info("tainted", running("x"), taints=KEEP_OFF),
        make_info("empty", allocatable={"cpu": "1"}),
        make_info("peers", running("peer", 1000)),
        make_info("mixed", running("other", 1000, "3"), running("low", 1, "1")),
    )
    assert attempt.message == (
        f"0/4 nodes are available: 1 Insufficient cpu, 1 {NOBODY}, 2 {NOT_HELPFUL}."
    )
    assert not attempt.undecided


def test_a_pod_with_the_policy_never_waits(look, running, important, make_info):
    attempt = look(important(preemptionPolicy="Never"), make_info("a", running("low")))
    assert attempt.message == "not eligible due to preemptionPolicy=Never."
    assert attempt.undecided


@pytest.mark.parametrize(
    ("reason", "eligible"), [("PreemptionByScheduler", False), ("EvictionByEvictionAPI", True)]
)
def test_a_pod_waits_for_its_victims_but_not_for_others_who_leave(
    look, running, important, make_info, reason, eligible
):
    leaving = running("low", meta={"deletionTimestamp": timestamp(START)})
    leaving["status"]["conditions"] = [
        {"type": "DisruptionTarget", "status": "True", "reason": reason}
    ]
    attempt = look(important(), make_info("a", leaving), nominated="a")
    if eligible:
        assert victims(attempt) == ("a", ["low"])
    else:
        assert attempt.message == "not eligible due to a terminating pod on the nominated node."


# --- which node ---


def test_a_node_where_no_budget_is_violated_comes_first(look, running, important, make_info):
    look.budgets = [budget(0)]
    attempt = look(
        important(),
        make_info("guarded", running("web", 0, "4", labels={"app": "web"})),
        make_info("other", running("db", 500, "4", labels={"app": "db"})),
    )
    assert victims(attempt) == ("other", ["db"])


def test_a_budget_is_no_guarantee(look, running, important, make_info):
    look.budgets = [budget(0)]
    attempt = look(important(), make_info("a", running("web", 0, "4", labels={"app": "web"})))
    assert victims(attempt) == ("a", ["web"])
    assert attempt.candidate.violations == 1


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (budget(0), "free"),
        (budget(1), "guarded"),
        (budget(0, ["guarded"]), "guarded"),
        (budget(0, matchLabels={}), "guarded"),
    ],
)
def test_whom_a_budget_guards_stays_before_more_important_ones(
    look, running, important, make_info, item, expected
):
    look.budgets = [item]
    node = make_info(
        "a", running("guarded", 1, labels={"app": "web"}), running("free", 5, labels={"app": "x"})
    )
    assert victims(look(important("2"), node)) == ("a", [expected])


def test_then_the_node_with_the_least_important_victim(look, running, important, make_info):
    attempt = look(
        important(), make_info("a", running("x", 9, "4")), make_info("b", running("y", 8, "4"))
    )
    assert victims(attempt) == ("b", ["y"])


def test_then_the_least_sum_of_priorities_which_counts_heads_too(
    look, running, important, make_info
):
    attempt = look(
        important(),
        make_info("many", running("w", -10), running("x", -10)),
        make_info("one", running("y", -10, "4")),
    )
    assert victims(attempt) == ("one", ["y"])


def test_then_the_node_whose_victims_began_last(look, running, important, make_info):
    attempt = look(
        important(),
        make_info("old", running("x", 0, "4", minutes=1)),
        make_info("new", running("y", 0, "4", minutes=7)),
    )
    assert victims(attempt) == ("new", ["y"])


def test_whom_the_pod_cannot_stand_may_leave_too(look, running, important, make_info):
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"a": "b"}}}
    rule = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    node = make_info("a", running("calm", cpu="1"), running("loud", cpu="1", labels={"a": "b"}))
    assert victims(look(important("1", affinity=rule), node)) == ("a", ["loud"])


def test_room_that_is_kept_for_another_is_not_given_away(look, running, important, make_info):
    look.nominator.add(PodInfo(running("waiting", 2000, "3")), "a")
    attempt = look(important("2"), make_info("a", running("low", 1, "3")))
    assert attempt.message == "0/1 nodes are available: 1 Insufficient cpu."

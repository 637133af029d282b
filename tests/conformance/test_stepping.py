"""Control loops from inside: their queues, a pause, one step at a time, why a node was chosen.

Only a cluster whose loops can be watched shows this; a real one skips it with the reason.
"""

from __future__ import annotations

import pytest

from kubelearn.errors import ClusterError, NotAvailable

pytestmark = pytest.mark.needs_nodes

DEPLOYMENTS, SCHEDULER = "deployment-controller", "kube-scheduler"


@pytest.fixture
def waits(loops):
    """Whether a key waits for a controller that is paused."""

    def ask(name, key):
        state = next(each for each in loops.controllers() if each.name == name)
        assert state.paused
        return key in state.waiting

    return ask


def test_every_controller_and_the_scheduler_show_their_queues(loops):
    states = {each.name: each for each in loops.controllers()}
    assert {DEPLOYMENTS, "replicaset-controller", SCHEDULER} <= set(states)
    assert not any(each.paused for each in states.values())


def test_a_paused_controller_reconciles_one_key_at_a_time(
    loops, paused, waits, apps, namespace, idle_deployment, eventually
):
    first, second = f"{namespace}/first", f"{namespace}/second"
    with paused(DEPLOYMENTS):
        for name in ("first", "second"):
            apps.create_namespaced_deployment(namespace, idle_deployment(name, paused=False))
        eventually(lambda: waits(DEPLOYMENTS, first) and waits(DEPLOYMENTS, second))
        assert apps.list_namespaced_replica_set(namespace).items == []
        done = loops.step(DEPLOYMENTS, second)
        assert (done.key, done.problem) == (second, "")
        (made,) = apps.list_namespaced_replica_set(namespace).items
        assert made.metadata.owner_references[0].name == "second"
        assert waits(DEPLOYMENTS, first)
    eventually(lambda: len(apps.list_namespaced_replica_set(namespace).items) == 2)


def test_a_step_says_what_went_wrong_and_the_key_comes_later(
    loops, paused, waits, core, apps, namespace, idle_deployment, eventually
):
    quota = {"metadata": {"name": "q"}, "spec": {"hard": {"count/replicasets.apps": "0"}}}
    core.create_namespaced_resource_quota(namespace, quota)
    eventually(lambda: core.read_namespaced_resource_quota("q", namespace).status.hard)
    key = f"{namespace}/d"
    with paused(DEPLOYMENTS):
        apps.create_namespaced_deployment(namespace, idle_deployment("d", paused=False))
        eventually(lambda: waits(DEPLOYMENTS, key))
        done = loops.step(DEPLOYMENTS, key)
        assert (done.key, "exceeded quota" in done.problem) == (key, True)
        eventually(lambda: waits(DEPLOYMENTS, key))


def test_the_scheduler_goes_step_by_step_too(loops, paused, waits, pods, namespace, eventually):
    one, two = f"{namespace}/one", f"{namespace}/two"
    with paused(SCHEDULER):
        for name in ("one", "two"):
            pods.run(name=name)
        eventually(lambda: waits(SCHEDULER, one) and waits(SCHEDULER, two))
        done = loops.step(SCHEDULER, two)
        assert (done.key, done.problem) == (two, "")
        pods.until(lambda pod: pod.spec.node_name, "two")
        assert pods.get("one").spec.node_name is None
    pods.until(lambda pod: pod.spec.node_name, "one")


def test_a_step_needs_a_pause_and_something_to_do(loops, paused):
    with pytest.raises(ClusterError, match="not paused"):
        loops.step("replication-controller")
    with paused("replication-controller"):
        with pytest.raises(ClusterError, match="nothing waits"):
            loops.step("replication-controller")
        with pytest.raises(ClusterError, match="a/b does not wait"):
            loops.step("replication-controller", "a/b")
    with pytest.raises(NotAvailable, match="no controller 'nobody'"):
        loops.pause("nobody")


def test_why_a_node_was_chosen_can_be_read(loops, pods, namespace, core):
    pods.run()
    node = pods.until(lambda pod: pod.spec.node_name).spec.node_name
    decision = loops.decision("p", namespace)
    assert (decision.pod, decision.node) == (f"{namespace}/p", node)
    totals = {name: sum(points.values()) for name, points in decision.scores.items()}
    assert totals[node] == max(totals.values())
    assert "NodeResourcesFit" in decision.scores[node]
    tainted = {each.metadata.name for each in core.list_node().items if each.spec.taints}
    assert tainted <= set(decision.rejections)


def test_why_no_node_was_chosen_can_be_read(loops, pods, namespace, eventually):
    pods.run(spec={"nodeSelector": {"no": "such"}})
    eventually(lambda: pods.event("FailedScheduling"))
    decision = loops.decision("p", namespace)
    assert (decision.node, decision.scores) == ("", {})
    assert "didn't match Pod's node affinity/selector" in decision.message
    assert {each.plugin for each in decision.rejections.values()} >= {"NodeAffinity"}
    with pytest.raises(NotAvailable, match="has not decided"):
        loops.decision("never-seen", namespace)

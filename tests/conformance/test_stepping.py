"""Control loops from inside: their queues, a pause, one step at a time, why a node was chosen.

Only a cluster whose loops can be watched shows this; a real one skips it with the reason.
"""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from kubelearn.errors import ClusterError, NotAvailable

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def internals(cluster):
    try:
        cluster.internals.controllers()
    except NotAvailable as reason:
        pytest.skip(str(reason))
    return cluster.internals


@pytest.fixture
def paused(internals):
    """Pause a controller for the time of a block; gives a function that tells what waits for it."""

    @contextmanager
    def pause(name):
        def waiting(key):
            state = next(each for each in internals.controllers() if each.name == name)
            assert state.paused
            return key in state.waiting

        internals.pause(name)
        try:
            yield waiting
        finally:
            internals.resume(name)

    return pause


def test_every_controller_and_the_scheduler_show_their_queues(internals):
    states = {each.name: each for each in internals.controllers()}
    assert {"deployment-controller", "replicaset-controller", "kube-scheduler"} <= set(states)
    assert not any(each.paused for each in states.values())


def test_a_paused_controller_reconciles_one_key_at_a_time(
    internals, paused, apps, namespace, idle_deployment, eventually
):
    first, second = f"{namespace}/first", f"{namespace}/second"
    with paused("deployment-controller") as waiting:
        for name in ("first", "second"):
            apps.create_namespaced_deployment(namespace, idle_deployment(name, paused=False))
        eventually(lambda: waiting(first) and waiting(second))
        assert apps.list_namespaced_replica_set(namespace).items == []
        done = internals.step("deployment-controller", second)
        assert (done.key, done.problem) == (second, "")
        (made,) = apps.list_namespaced_replica_set(namespace).items
        assert made.metadata.owner_references[0].name == "second"
        assert waiting(first)
    eventually(lambda: len(apps.list_namespaced_replica_set(namespace).items) == 2)


def test_a_step_says_what_went_wrong_and_the_key_comes_later(
    internals, paused, core, apps, namespace, idle_deployment, eventually
):
    quota = {"metadata": {"name": "q"}, "spec": {"hard": {"count/replicasets.apps": "0"}}}
    core.create_namespaced_resource_quota(namespace, quota)
    eventually(lambda: core.read_namespaced_resource_quota("q", namespace).status.hard)
    key = f"{namespace}/d"
    with paused("deployment-controller") as waiting:
        apps.create_namespaced_deployment(namespace, idle_deployment("d", paused=False))
        eventually(lambda: waiting(key))
        done = internals.step("deployment-controller", key)
        assert (done.key, "exceeded quota" in done.problem) == (key, True)
        eventually(lambda: waiting(key))


def test_the_scheduler_goes_step_by_step_too(internals, paused, pods, namespace, eventually):
    with paused("kube-scheduler") as waiting:
        for name in ("one", "two"):
            pods.run(name=name)
        eventually(lambda: waiting(f"{namespace}/one") and waiting(f"{namespace}/two"))
        done = internals.step("kube-scheduler", f"{namespace}/two")
        assert (done.key, done.problem) == (f"{namespace}/two", "")
        pods.until(lambda pod: pod.spec.node_name, "two")
        assert pods.get("one").spec.node_name is None
    pods.until(lambda pod: pod.spec.node_name, "one")


def test_a_step_needs_a_pause_and_something_to_do(internals, paused):
    with pytest.raises(ClusterError, match="not paused"):
        internals.step("replication-controller")
    with paused("replication-controller"):
        with pytest.raises(ClusterError, match="nothing waits"):
            internals.step("replication-controller")
        with pytest.raises(ClusterError, match="a/b does not wait"):
            internals.step("replication-controller", "a/b")
    with pytest.raises(NotAvailable, match="no controller 'nobody'"):
        internals.pause("nobody")


def test_why_a_node_was_chosen_can_be_read(internals, pods, namespace, core):
    pods.run()
    node = pods.until(lambda pod: pod.spec.node_name).spec.node_name
    decision = internals.decision("p", namespace)
    assert (decision.pod, decision.node) == (f"{namespace}/p", node)
    totals = {name: sum(points.values()) for name, points in decision.scores.items()}
    assert totals[node] == max(totals.values())
    assert "NodeResourcesFit" in decision.scores[node]
    tainted = {each.metadata.name for each in core.list_node().items if each.spec.taints}
    assert tainted <= set(decision.rejections)


def test_why_no_node_was_chosen_can_be_read(internals, pods, namespace, eventually):
    pods.run(spec={"nodeSelector": {"no": "such"}})
    eventually(lambda: pods.event("FailedScheduling"))
    decision = internals.decision("p", namespace)
    assert (decision.node, decision.scores) == ("", {})
    assert "didn't match Pod's node affinity/selector" in decision.message
    assert {each.plugin for each in decision.rejections.values()} >= {"NodeAffinity"}
    with pytest.raises(NotAvailable, match="has not decided"):
        internals.decision("never-seen", namespace)

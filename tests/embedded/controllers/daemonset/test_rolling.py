from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.daemonset import rolling
from kubelearn.embedded.controllers.daemonset.rolling import Rollout


@pytest.fixture
def pod_of(make_pod):
    def make(name, digest="old", *, ready=True, **meta):
        labels = {"controller-revision-hash": digest}
        return make_pod(name, labels=labels, ready=ready, meta={"labels": labels, **meta})

    return make


def names(pods):
    return [pod["metadata"]["name"] for pod in pods]


@pytest.mark.parametrize(
    ("update", "limits"),
    [
        ({}, (0, 1)),
        ({"maxUnavailable": "25%"}, (0, 3)),
        ({"maxUnavailable": 0, "maxSurge": 2}, (2, 0)),
        ({"maxSurge": "10%"}, (1, 0)),
    ],
)
def test_nodes_may_lack_a_pod_or_have_two_as_the_set_says(update, limits):
    daemon_set = {"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": update}}}
    assert rolling.limits(daemon_set, 10) == limits
    assert rolling.allows_surge(daemon_set) is bool(limits[0])


def test_serving_pods_go_only_as_far_as_the_allowance_reaches(pod_of):
    pods = {node: [pod_of(node)] for node in "abc"}
    rollout = Rollout("new", {"a", "b", "c"})
    assert names(rollout.replace(pods, unavailable=2).delete) == ["a", "b"]
    pods["c"] = []
    assert names(rollout.replace(pods, unavailable=2).delete) == ["a"]


def test_an_old_pod_that_serves_nobody_goes_at_once(pod_of):
    pods = {"a": [pod_of("a")], "b": [pod_of("b")]}
    assert names(Rollout("new", {"a"}).replace(pods, unavailable=1).delete) == ["b"]


def test_a_node_whose_pod_is_leaving_counts_as_lacking_one(pod_of):
    leaving = pod_of("b", deletionTimestamp="2026-01-01T12:00:00Z")
    pods = {"a": [pod_of("a")], "b": [leaving]}
    assert Rollout("new", {"a", "b"}).replace(pods, unavailable=1).delete == []


def test_a_surge_begins_on_as_many_nodes_as_it_may(pod_of):
    pods = {node: [pod_of(node)] for node in "abc"}
    rollout = Rollout("new", {"a", "b", "c"})
    steps = rollout.surge(pods, "abc", surge=2)
    assert (steps.create, steps.delete) == (["a", "b"], [])
    pods["a"].append(pod_of("a2", "new"))
    assert rollout.surge(pods, "abc", surge=2).create == ["b"]


def test_the_old_pod_goes_when_the_new_one_serves(pod_of):
    pods = {"a": [pod_of("a"), pod_of("a2", "new")], "b": [pod_of("b")]}
    steps = Rollout("new", {"a", "a2", "b"}).surge(pods, "ab", surge=1)
    assert (names(steps.delete), steps.create) == (["a"], ["b"])


def test_a_node_without_a_good_pod_gets_a_new_one_at_once(pod_of):
    pods = {node: [pod_of(node)] for node in "abc"}
    steps = Rollout("new", {"a"}).surge(pods, "abc", surge=1)
    assert steps.create == ["b", "c", "a"]


def test_a_pod_on_a_node_that_is_no_longer_meant_stays_until_others_serve(pod_of):
    pods = {"a": [pod_of("a")], "b": [pod_of("b", "new")]}
    assert Rollout("new", {"a"}).surge(pods, "b", surge=1).delete == []
    assert names(Rollout("new", {"a", "b"}).surge(pods, "b", surge=1).delete) == ["a"]


def test_without_a_surge_the_oldest_pod_of_a_node_stays(pod_of):
    running = [pod_of("first"), pod_of("second", "new")]
    assert names(Rollout("new", ()).excess(running, surging=False)) == ["second"]


def test_with_a_surge_an_old_and_a_new_pod_stay_together_for_a_while(pod_of):
    new, old = pod_of("new", "new", ready=False), pod_of("old")
    assert Rollout("new", {"old"}).excess([old, new], surging=True) == []
    assert names(Rollout("new", {"old", "new"}).excess([old, new], surging=True)) == ["old"]
    ill = pod_of("old", ready=False)
    assert names(Rollout("new", ()).excess([ill, new], surging=True)) == ["old"]
    spare = pod_of("spare", "new")
    assert names(Rollout("new", {"old"}).excess([old, new, spare], surging=True)) == ["spare"]

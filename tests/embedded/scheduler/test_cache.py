from __future__ import annotations

import pytest

from kubelearn.embedded.scheduler.cache import Cache, PodInfo


@pytest.fixture
def cache(make_node):
    cache = Cache()
    cache.put_node(make_node("a"))
    cache.put_node(make_node("b"))
    return cache


def node(cache, name):
    return next(info for info in cache.nodes() if info.name == name)


def test_pods_count_on_their_node_until_they_leave(cache, make_pod):
    pod = PodInfo(make_pod(requests={"cpu": "1"}))
    cache.put_pod(pod, "a")
    assert node(cache, "a").requested["cpu"] == 1000
    cache.remove_pod(pod.key)
    assert node(cache, "a").requested["cpu"] == 0
    assert cache.node_of(pod.key) is None


def test_an_assumed_pod_that_is_confirmed_counts_once(cache, make_pod):
    cache.put_pod(PodInfo(make_pod(requests={"cpu": "1"})), "a")
    cache.put_pod(PodInfo(make_pod(requests={"cpu": "1"}, nodeName="a")), "a")
    assert node(cache, "a").requested["cpu"] == 1000


def test_an_assumption_that_was_wrong_moves_the_pod(cache, make_pod):
    cache.put_pod(PodInfo(make_pod(requests={"cpu": "1"})), "a")
    cache.put_pod(PodInfo(make_pod(requests={"cpu": "1"}, nodeName="b")), "b")
    assert node(cache, "a").requested["cpu"] == 0
    assert node(cache, "b").requested["cpu"] == 1000


def test_a_node_may_appear_after_its_pods(cache, make_pod, make_node):
    cache.put_pod(PodInfo(make_pod(requests={"cpu": "1"})), "late")
    assert {info.name for info in cache.nodes()} == {"a", "b"}
    cache.put_node(make_node("late"))
    assert node(cache, "late").requested["cpu"] == 1000


def test_a_removed_node_is_no_choice_but_keeps_its_pods_in_mind(cache, make_pod, make_node):
    cache.put_pod(PodInfo(make_pod(requests={"cpu": "1"})), "a")
    cache.remove_node("a")
    assert {info.name for info in cache.nodes()} == {"b"}
    cache.put_node(make_node("a"))
    assert node(cache, "a").requested["cpu"] == 1000


def test_pods_are_counted_by_what_selects_them(cache, make_pod):
    for name, app in (("1", "web"), ("2", "web"), ("3", "db")):
        cache.put_pod(PodInfo(make_pod(name, labels={"app": app})), "a")
    leaving = {"deletionTimestamp": "2026-01-01T12:00:00Z"}
    cache.put_pod(PodInfo(make_pod("4", labels={"app": "web"}, meta=leaving)), "a")
    count = node(cache, "a").count_pods
    assert count(lambda known: known == ("default", frozenset({("app", "web")}))) == 2
    assert count(lambda known: known[0] == "other") == 0


def test_what_is_tried_on_a_copy_leaves_no_trace(cache, make_pod):
    pod = PodInfo(make_pod(requests={"cpu": "1"}, labels={"app": "web"}))
    cache.put_pod(pod, "a")
    trial = node(cache, "a").clone()
    trial.remove(pod.key)
    assert (trial.requested["cpu"], trial.label_sets) == (0, {})
    assert node(cache, "a").requested["cpu"] == 1000
    assert node(cache, "a").label_sets == {pod.label_set: 1}

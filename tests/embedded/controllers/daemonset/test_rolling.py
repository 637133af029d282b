from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.daemonset import rolling


@pytest.fixture
def pod_of(make_pod):
    return lambda name, digest: make_pod(name, labels={"controller-revision-hash": digest})


def test_one_pod_may_be_missing_unless_the_set_says_more():
    def allowed(**update):
        return rolling.allowance({"spec": {"updateStrategy": {"rollingUpdate": update}}}, 10)

    assert allowed() == 1
    assert allowed(maxUnavailable="25%") == 3
    assert allowed(maxUnavailable=0, maxSurge=2) == 2


def test_serving_pods_go_only_as_far_as_the_allowance_reaches(pod_of):
    pods = {node: [pod_of(node, "old")] for node in "abc"}
    available = set("abc")
    chosen = rolling.to_replace(pods, digest="new", available=available, allowed=2)
    assert [pod["metadata"]["name"] for pod in chosen] == ["a", "b"]
    pods["c"] = []
    assert len(rolling.to_replace(pods, digest="new", available=available, allowed=2)) == 1


def test_an_old_pod_that_serves_nobody_goes_at_once(pod_of):
    pods = {"a": [pod_of("a", "old")], "b": [pod_of("b", "old")]}
    chosen = rolling.to_replace(pods, digest="new", available={"a"}, allowed=1)
    assert [pod["metadata"]["name"] for pod in chosen] == ["b"]

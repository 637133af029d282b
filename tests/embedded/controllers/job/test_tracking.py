from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.job import tracking


@pytest.fixture
def tracked(make_pod):
    def make(name, phase):
        return make_pod(name, phase=phase, meta={"finalizers": [tracking.FINALIZER]})

    return make


def test_a_finished_pod_is_noted_first_and_counted_when_its_finalizer_is_gone(tracked, make_pod):
    job = {"spec": {"completions": 2}, "status": {"succeeded": 1}}
    noted = tracking.count(job, [tracked("a", "Succeeded"), tracked("b", "Running")])
    assert noted.successes == 2
    assert noted.status() == {
        "succeeded": 1,
        "uncountedTerminatedPods": {"succeeded": ["uid-of-a"]},
    }
    job["status"] = noted.status()
    after = tracking.count(job, [make_pod("a", phase="Succeeded")])
    assert after.status() == {"succeeded": 2, "uncountedTerminatedPods": {}}


def test_a_pod_that_vanished_after_it_was_noted_counts_all_the_same():
    job = {"spec": {}, "status": {"uncountedTerminatedPods": {"failed": ["uid-of-a"]}}}
    assert tracking.count(job, []).status() == {"failed": 1, "uncountedTerminatedPods": {}}


def test_nothing_is_counted_twice_while_the_cache_still_shows_the_finalizer(tracked):
    job = {"spec": {}, "status": {"uncountedTerminatedPods": {"succeeded": ["uid-of-a"]}}}
    assert tracking.count(job, [tracked("a", "Succeeded")]).successes == 1


def test_a_running_pod_that_is_deleted_has_failed(tracked):
    pod = tracked("a", "Running")
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:00Z"
    assert tracking.count({"spec": {}}, [pod]).failures == 1

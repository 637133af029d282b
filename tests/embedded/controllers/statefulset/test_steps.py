from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.statefulset.steps import Pods, Step, needs_current, next_steps


@pytest.fixture
def set_of():
    def make(replicas, *, policy="OrderedReady", partition=0, update="RollingUpdate", start=0):
        return {
            "metadata": {"name": "db"},
            "spec": {
                "replicas": replicas,
                "podManagementPolicy": policy,
                "ordinals": {"start": start},
                "updateStrategy": {"type": update, "rollingUpdate": {"partition": partition}},
            },
        }

    return make


@pytest.fixture
def pods_of(make_pod):
    """Pods by number: `ok` and `old` serve, `new` does not yet, `leaving` goes, `failed` ended."""

    def make(**states):
        pods, available = {}, set()
        for label, state in states.items():
            ordinal = int(label[1:])
            revision = "r1" if state == "old" else "r2"
            meta = {"deletionTimestamp": "2026-01-01T12:00:00Z"} if state == "leaving" else {}
            pods[ordinal] = make_pod(
                f"db-{ordinal}",
                labels={"controller-revision-hash": revision},
                phase="Failed" if state == "failed" else "Running",
                meta=meta,
            )
            if state in ("ok", "old"):
                available.add(f"db-{ordinal}")
        return Pods(pods, frozenset(available), current="r1", update="r2")

    return make


def test_pods_are_created_in_order_each_after_the_one_before_serves(set_of, pods_of):
    assert next_steps(set_of(3), pods_of()) == [Step("create", 0)]
    assert next_steps(set_of(3), pods_of(p0="new")) == []
    assert next_steps(set_of(3), pods_of(p0="ok")) == [Step("create", 1)]
    assert next_steps(set_of(3), pods_of(p0="leaving")) == []
    assert next_steps(set_of(2, start=5), pods_of()) == [Step("create", 5)]


def test_parallel_creates_and_deletes_all_at_once(set_of, pods_of):
    assert next_steps(set_of(2, policy="Parallel"), pods_of()) == [
        Step("create", 0),
        Step("create", 1),
    ]
    pods = pods_of(p0="ok", p1="ok", p2="new")
    assert next_steps(set_of(0, policy="Parallel"), pods) == [
        Step("delete", 2),
        Step("delete", 1),
        Step("delete", 0),
    ]


def test_a_pod_that_has_ended_makes_room_for_its_successor(set_of, pods_of):
    assert next_steps(set_of(2), pods_of(p0="failed", p1="ok")) == [Step("delete", 0)]


def test_scaling_down_deletes_the_last_pod_and_waits_until_it_is_gone(set_of, pods_of):
    assert next_steps(set_of(1), pods_of(p0="ok", p1="ok", p2="ok")) == [Step("delete", 2)]
    assert next_steps(set_of(1), pods_of(p0="ok", p1="ok", p2="leaving")) == []
    assert next_steps(set_of(1), pods_of(p0="new", p1="ok")) == []
    assert next_steps(set_of(1), pods_of(p0="ok", p1="ok", p2="new")) == [Step("delete", 2)]
    assert next_steps(set_of(1), pods_of(p0="ok", p1="new", p2="new")) == []


def test_an_update_goes_from_the_last_pod_to_the_first(set_of, pods_of):
    assert next_steps(set_of(2), pods_of(p0="old", p1="old")) == [Step("delete", 1)]
    assert next_steps(set_of(2), pods_of(p0="old", p1="leaving")) == []
    assert next_steps(set_of(2), pods_of(p0="old", p1="new")) == []
    assert next_steps(set_of(2), pods_of(p0="old", p1="ok")) == [Step("delete", 0)]
    assert next_steps(set_of(2), pods_of(p0="ok", p1="ok")) == []


def test_an_update_leaves_pods_below_the_partition_alone(set_of, pods_of):
    pods = pods_of(p0="old", p1="ok")
    assert next_steps(set_of(2, partition=1), pods) == []
    assert needs_current(set_of(2, partition=1), 0)
    assert not needs_current(set_of(2, partition=1), 1)


def test_on_delete_replaces_nothing_by_itself(set_of, pods_of):
    assert next_steps(set_of(1, update="OnDelete"), pods_of(p0="old")) == []
    assert not needs_current(set_of(1, update="OnDelete"), 0)

from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.deployment import rolling
from kubelearn.objects import scaled_value


@pytest.mark.parametrize(
    ("value", "total", "up", "result"),
    [
        (2, 10, True, 2),
        ("25%", 10, True, 3),
        ("25%", 10, False, 2),
        ("0%", 10, True, 0),
        ("100%", 3, False, 3),
        ("1%", 1, True, 1),
        ("1%", 1, False, 0),
        (None, 10, True, 0),
    ],
)
def test_a_percentage_is_rounded_as_asked(value, total, up, result):
    assert scaled_value(value, total, round_up=up) == result


@pytest.mark.parametrize(
    ("replicas", "most", "least"),
    [(10, 13, 8), (3, 4, 3), (1, 2, 1), (4, 5, 3), (0, 0, 0)],
)
def test_a_quarter_more_and_a_quarter_fewer_pods_by_default(make_deployment, replicas, most, least):
    deployment = make_deployment(replicas)
    assert replicas + rolling.max_surge(deployment) == most
    assert replicas - rolling.max_unavailable(deployment) == least


def test_if_both_limits_round_to_nothing_one_pod_may_be_missing(make_deployment):
    deployment = make_deployment(2, surge=0, unavailable="1%")
    assert rolling.fenceposts(deployment) == (0, 1)


def test_no_more_pods_may_be_missing_than_are_wanted(make_deployment):
    assert rolling.max_unavailable(make_deployment(2, unavailable=5)) == 2
    assert rolling.max_unavailable(make_deployment(0, unavailable=5)) == 0


def test_recreate_has_neither_surge_nor_a_minimum(make_deployment):
    deployment = make_deployment(strategy="Recreate")
    assert (rolling.max_surge(deployment), rolling.max_unavailable(deployment)) == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "surge", "result"),
    [
        (10, 0, 3, 3),  # the surge
        (8, 3, 3, 5),  # what the old ones left free
        (13, 0, 3, 0),  # no room
        (0, 4, 3, 10),  # never past what is wanted
        (0, 12, 3, 10),  # scaled down
    ],
)
def test_the_new_replica_set_grows_into_the_room(
    make_deployment, make_replica_set, old, new, surge, result
):
    deployment = make_deployment(10, surge=surge)
    newest = make_replica_set("new", new)
    everything = [make_replica_set("old", old), newest]
    assert rolling.new_size(deployment, everything, newest) == result


def test_old_pods_go_as_far_as_available_ones_allow(make_deployment, make_replica_set):
    deployment = make_deployment(10, surge=3, unavailable=2)
    old, new = make_replica_set("old", 10, available=10), make_replica_set("new", 3)
    assert rolling.may_scale_down(deployment, [old], new)
    assert rolling.unhealthy_sizes(deployment, [old], new) == {}
    assert rolling.old_sizes(deployment, [old], new) == {"old": 8}


def test_no_old_pod_goes_while_all_missing_ones_are_new(make_deployment, make_replica_set):
    deployment = make_deployment(10, surge=3, unavailable=2)
    old, new = make_replica_set("old", 8, available=8), make_replica_set("new", 5)
    assert not rolling.may_scale_down(deployment, [old], new)


def test_broken_old_pods_go_first(make_deployment, make_replica_set):
    # A rollout that never became available was replaced by a third revision.
    deployment = make_deployment(10, surge=3, unavailable=2)
    good = make_replica_set("good", 8, available=8)
    broken = make_replica_set("broken", 5)
    new = make_replica_set("new", 0)
    assert rolling.unhealthy_sizes(deployment, [good, broken], new) == {"broken": 0}
    broken["spec"]["replicas"] = 0
    assert rolling.old_sizes(deployment, [good, broken], new) == {}


def test_several_old_replica_sets_shrink_in_their_order(make_deployment, make_replica_set):
    deployment = make_deployment(10, surge=0, unavailable=5)
    old = [make_replica_set("a", 3, available=3), make_replica_set("b", 7, available=7)]
    sizes = rolling.old_sizes(deployment, old, make_replica_set("new", 0))
    assert sizes == {"a": 0, "b": 5}


def sized(make_replica_set, before, **sizes):
    marks = {rolling.MAX_REPLICAS: str(before)}
    return [make_replica_set(name, size, annotations=marks) for name, size in sizes.items()]


def test_scaling_up_in_mid_rollout_is_proportional(make_deployment, make_replica_set):
    # 10 replicas with a surge of 3 become 15: 18 in all, 5 more than the 13 there are.
    replica_sets = sized(make_replica_set, 13, old=8, new=5)
    sizes = rolling.proportional_sizes(make_deployment(15, surge=3), replica_sets)
    assert sizes == {"old": 11, "new": 7}


def test_scaling_down_in_mid_rollout_is_proportional(make_deployment, make_replica_set):
    replica_sets = sized(make_replica_set, 13, old=8, new=5)
    sizes = rolling.proportional_sizes(make_deployment(5, surge=3), replica_sets)
    assert sizes == {"old": 5, "new": 3}


def test_what_rounding_leaves_goes_to_the_largest(make_deployment, make_replica_set):
    replica_sets = sized(make_replica_set, 3, a=1, b=1, c=1)
    sizes = rolling.proportional_sizes(make_deployment(4, surge=0), replica_sets)
    assert sum(sizes.values()) == 4
    assert sizes["c"] == 2  # the newest among equals


def test_scaling_to_nothing_empties_every_replica_set(make_deployment, make_replica_set):
    replica_sets = sized(make_replica_set, 13, old=8, new=5)
    sizes = rolling.proportional_sizes(make_deployment(0, surge=3), replica_sets)
    assert sizes == {"old": 0, "new": 0}


def test_an_annotation_that_is_no_number_is_no_annotation(make_replica_set):
    marked = make_replica_set(annotations={rolling.DESIRED_REPLICAS: "many"})
    assert rolling.annotated(marked, rolling.DESIRED_REPLICAS) is None

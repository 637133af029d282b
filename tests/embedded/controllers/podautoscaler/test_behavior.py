from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kubelearn.embedded.controllers.podautoscaler.behavior import Bounds, History, decide

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def history():
    return History()


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


def rules(*policies, select="Max", **more):
    found = [
        {"type": kind, "value": value, "periodSeconds": period} for kind, value, period in policies
    ]
    return {"policies": found, "selectPolicy": select, **more}


def decided(wanted, current, history, behavior=None, *, least=1, most=100):
    return decide(wanted, Bounds(least, most, current), behavior, history, now=NOW)


@pytest.mark.parametrize(
    ("wanted", "current", "replicas", "reason"),
    [
        (3, 2, 3, "DesiredWithinRange"),
        (9, 1, 4, "ScaleUpLimit"),
        (50, 10, 20, "ScaleUpLimit"),
        (12, 10, 12, "DesiredWithinRange"),
        (200, 90, 100, "TooManyReplicas"),
        (0, 3, 1, "TooFewReplicas"),
    ],
)
def test_without_a_behavior_it_doubles_at_most(history, wanted, current, replicas, reason) -> None:
    found = decided(wanted, current, history)
    assert (found.replicas, found.limit[0]) == (replicas, reason)
    assert found.limited is (reason != "DesiredWithinRange")


def test_five_minutes_pass_before_it_shrinks(history) -> None:
    history.recommendations = [(ago(299), 6), (ago(100), 4)]
    found = decided(2, 6, history)
    assert (found.replicas, found.stabilized[0]) == (6, "ScaleDownStabilized")
    history.recommendations = [(ago(301), 6), (ago(100), 4)]
    assert decided(2, 6, history).replicas == 4
    history.recommendations = [(ago(301), 6)]
    found = decided(2, 6, history)
    assert (found.replicas, found.stabilized[0]) == (2, "ReadyForNewScale")


def test_what_is_too_old_is_forgotten(history) -> None:
    history.recommendations = [(ago(301), 6), (ago(10), 3)]
    decided(2, 6, history)
    assert history.recommendations == [(ago(10), 3), (NOW, 2)]


def test_a_window_of_its_own_holds_back_either_way(history) -> None:
    up = {"stabilizationWindowSeconds": 60}
    behavior = {
        "scaleUp": rules(("Percent", 100, 15), **up),
        "scaleDown": rules(("Percent", 100, 15), stabilizationWindowSeconds=0),
    }
    history.recommendations = [(ago(59), 4)]
    found = decided(6, 4, history, behavior)
    assert (found.replicas, found.stabilized[0]) == (4, "ScaleUpStabilized")
    assert decided(2, 4, History(), behavior).replicas == 2


@pytest.mark.parametrize(("select", "replicas"), [("Max", 20), ("Min", 14), ("Disabled", 10)])
def test_a_policy_is_chosen_for_the_way_up(history, select, replicas) -> None:
    up = rules(("Pods", 4, 15), ("Percent", 100, 15), select=select)
    found = decided(50, 10, history, {"scaleUp": up, "scaleDown": rules()})
    assert (found.replicas, found.limit[0]) == (replicas, "ScaleUpLimit")


@pytest.mark.parametrize(("select", "replicas"), [("Max", 5), ("Min", 8), ("Disabled", 10)])
def test_and_one_for_the_way_down(history, select, replicas) -> None:
    down = rules(("Pods", 2, 60), ("Percent", 50, 60), select=select, stabilizationWindowSeconds=0)
    found = decided(1, 10, history, {"scaleUp": rules(), "scaleDown": down})
    assert (found.replicas, found.limit[0]) == (replicas, "ScaleDownLimit")


def test_what_was_done_in_the_period_counts(history) -> None:
    up = {"scaleUp": rules(("Pods", 4, 60)), "scaleDown": rules()}
    history.scaled(6, 9, ago(30))
    history.scaled(1, 6, ago(90))
    assert decided(50, 9, history, up).replicas == 10
    history.scaled(9, 10, ago(1))
    assert decided(50, 10, history, up).replicas == 10
    # What was taken away in the meantime may come back.
    history.scaled(10, 7, ago(1))
    assert decided(50, 7, history, up).replicas == 10


def test_a_small_share_of_a_small_number_still_grows(history) -> None:
    behavior = {"scaleUp": rules(("Percent", 10, 15)), "scaleDown": rules()}
    assert decided(5, 1, history, behavior).replicas == 2


def test_bounds_come_first(history) -> None:
    behavior = {
        "scaleUp": rules(("Pods", 50, 15)),
        "scaleDown": rules(("Pods", 50, 15), stabilizationWindowSeconds=0),
    }
    assert decided(30, 5, history, behavior, most=8).limit[0] == "TooManyReplicas"
    assert decided(1, 5, History(), behavior, least=3).limit[0] == "TooFewReplicas"

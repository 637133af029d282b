from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kubelearn.embedded.controllers.podautoscaler.metrics import (
    MetricsError,
    PodMetric,
    seconds,
    thousandths,
)
from kubelearn.embedded.controllers.podautoscaler.replicas import (
    Tolerances,
    average_value,
    replicas_for,
    requests_for,
    utilization,
)
from kubelearn.objects import timestamp

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)


def pod(name, *, phase="Running", ready="True", started=LONG_AGO, since=LONG_AGO, request="100m"):
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": timestamp(since)}
    resources = {"requests": {"cpu": request}} if request else {}
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "a", "resources": resources}]},
        "status": {"phase": phase, "startTime": timestamp(started), "conditions": [condition]},
    }


def metrics(**values):
    return {
        name: PodMetric(value, NOW - timedelta(seconds=5), timedelta(seconds=15))
        for name, value in values.items()
    }


def wanted(used, pods, *, percent=None, value=None, current=None, tolerances=None):
    goal = utilization(percent, requests_for(pods, "", "cpu")) if percent else average_value(value)
    return replicas_for(
        used,
        pods,
        goal,
        current=len(pods) if current is None else current,
        resource="cpu",
        tolerances=tolerances or Tolerances(),
        now=NOW,
    )


@pytest.mark.parametrize(
    ("each", "replicas"),
    [(50, 3), (54, 3), (56, 4), (100, 6), (46, 3), (44, 3), (33, 2), (10, 1), (0, 0)],
)
def test_as_many_as_there_are_times_usage_over_target_rounded_up(each, replicas) -> None:
    pods = [pod(name) for name in "abc"]
    found, measured = wanted(metrics(a=each, b=each, c=each), pods, percent=50)
    assert found == replicas
    assert (measured.utilization, measured.average) == (each, each)


def test_a_target_may_be_a_value() -> None:
    pods = [pod(name, request="") for name in "ab"]
    found, measured = wanted(metrics(a=300, b=100), pods, value=100)
    assert (found, measured.average, measured.utilization) == (4, 200, None)


def test_the_tolerance_is_a_tenth_unless_said_otherwise() -> None:
    pods = [pod("a")]
    assert wanted(metrics(a=110), pods, percent=100)[0] == 1
    assert wanted(metrics(a=111), pods, percent=100)[0] == 2
    eager = Tolerances(down=0.1, up=0.0)
    assert wanted(metrics(a=101), pods, percent=100, tolerances=eager)[0] == 2


def test_pods_without_metrics_dampen_the_way_up() -> None:
    pods = [pod(name) for name in "abc"]
    # Two use twice the target; if the third used nothing it would be a ratio of 4/3.
    assert wanted(metrics(a=100, b=100), pods, percent=50)[0] == 4
    # And so little above the target it is no reason to grow.
    assert wanted(metrics(a=60, b=60), pods, percent=50)[0] == 3


def test_and_the_way_down() -> None:
    pods = [pod(name) for name in "abc"]
    # If the third used all that it requests, it would be too much to shrink.
    assert wanted(metrics(a=10, b=10), pods, percent=50)[0] == 3
    pods = [pod(name) for name in "abcd"]
    assert wanted(metrics(a=5, b=5, c=5), pods, percent=80)[0] == 2


def test_pods_that_start_count_as_idle_on_the_way_up() -> None:
    new = pod("c", started=NOW - timedelta(seconds=60), since=NOW - timedelta(seconds=10))
    pods = [pod("a"), pod("b"), new]
    assert wanted(metrics(a=100, b=100, c=100), pods, percent=50)[0] == 4
    # On the way down they are left out.
    assert wanted(metrics(a=20, b=20, c=100), pods, percent=50)[0] == 1


@pytest.mark.parametrize(
    ("state", "starts"),
    [
        ({"phase": "Pending"}, True),
        ({"ready": "False", "since": LONG_AGO + timedelta(seconds=20)}, True),
        ({"ready": "False", "since": LONG_AGO + timedelta(seconds=40)}, False),
        ({"ready": "False", "started": NOW - timedelta(minutes=4)}, True),
        ({"started": NOW - timedelta(minutes=4), "since": NOW - timedelta(seconds=30)}, False),
        ({"started": NOW - timedelta(minutes=4), "since": NOW - timedelta(seconds=15)}, True),
    ],
)
def test_who_counts_as_starting(state, starts) -> None:
    pods = [pod("a", **state)]
    if starts:
        with pytest.raises(MetricsError, match="pods might be unready"):
            wanted(metrics(a=100), pods, percent=50)
    else:
        assert wanted(metrics(a=100), pods, percent=50)[0] == 2


def test_pods_on_their_way_out_do_not_count() -> None:
    leaving = pod("b")
    leaving["metadata"]["deletionTimestamp"] = timestamp(NOW)
    pods = [pod("a"), leaving, pod("c", phase="Failed")]
    assert wanted(metrics(a=100, b=900, c=900), pods, percent=50)[0] == 2


def test_a_percentage_needs_requests() -> None:
    with pytest.raises(MetricsError, match="missing request for cpu in container a of Pod p"):
        requests_for([pod("p", request="")], "", "cpu")
    with pytest.raises(MetricsError, match="container x not found in Pod p"):
        requests_for([pod("p")], "x", "cpu")
    assert requests_for([pod("p", request="1.5")], "a", "cpu") == {"p": 1500}


def test_amounts_are_thousandths_and_durations_seconds() -> None:
    assert thousandths("666736490n") == 667
    assert thousandths("2Ki") == 2048_000
    assert seconds("15.032s") == 15.032
    assert seconds("1m0.5s") == 60.5

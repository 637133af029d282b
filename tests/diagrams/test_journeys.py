"""The way of a change to a running pod, and its picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubelearn.diagrams.applyxray import draw, milliseconds, summary
from kubelearn.diagrams.hops import Trail
from kubelearn.diagrams.journeys import hop_row, journey_row, waits_for, way
from kubelearn.objects import DEPLOYMENTS
from tests.diagrams.audit import KUBELET, ONE, OTHER, STORY, YOU, event, pod


@pytest.fixture
def hops():
    trail = Trail(DEPLOYMENTS, "shop", "web")
    return [hop for hop in map(trail.take, STORY) if hop]


def steps(hops):
    return [hop.step for hop in way(hops)]


def test_the_way_leads_from_the_request_to_the_first_ready_pod(hops):
    assert [hop.deed for hop in way(hops)] == [
        "creates Deployment web",
        "creates ReplicaSet web-1",
        "creates Pod web-1-a",
        "binds Pod web-1-a",
        "reports Pod web-1-a",
        "reports Pod web-1-a",
    ]


@pytest.mark.parametrize(
    ("seen", "waits"),
    [
        (1, "the deployment-controller, to make a ReplicaSet"),
        (2, "the replicaset-controller, to make pods"),
        (5, "the scheduler, to choose a node"),
        (8, "the kubelet of that node, to start containers"),
        (9, "the kubelet, to tell that the pod is ready"),
        (10, ""),
    ],
)
def test_a_change_that_is_stuck_says_whom_it_waits_for(hops, seen, waits):
    assert waits_for(way(hops[:seen])) == waits
    assert journey_row(hops[:seen])["waits"] == waits


def test_the_container_lies_on_the_way_of_its_own_pod_only():
    trail = Trail(DEPLOYMENTS, "shop", "web")
    told = [hop for hop in map(trail.take, STORY) if hop]
    start = told[0].received
    for name in (ONE, OTHER):
        told.append(
            trail.started(f"shop/{name}", container=name, process=1, node="n", moment=start + 0.3)
        )
    assert [hop.deed for hop in way(told)][-2:] == [f"makes container {ONE}", f"reports Pod {ONE}"]


def test_a_pod_that_was_there_before_is_not_what_the_change_led_to():
    trail = Trail(DEPLOYMENTS, "shop", "web")
    for each in STORY:
        trail.take(each)
    lost = [event(900, YOU, "delete", pod(ONE)), event(910, KUBELET, "patch", pod(ONE), "status")]
    told = [hop for hop in map(trail.take, lost) if hop]
    assert steps(told) == ["deleted"]


def test_rows_are_in_milliseconds(hops):
    journey = journey_row(hops)
    assert (journey["ready"], journey["title"]) == (502.0, "creates Deployment web")
    row = hop_row(hops[1])
    assert (round(row["at"] - journey["at"], 1), row["took"]) == (10.0, 2.0)


def test_the_picture_has_a_line_for_each_step(hops):
    journey = journey_row(hops)
    rows = [hop_row(hop) for hop in way(hops)]
    drawn = draw("Deployment web", journey, rows)
    ElementTree.fromstring(drawn)
    assert drawn == draw("Deployment web", journey, reversed(rows))
    assert "+500 ms" in drawn
    assert "a pod was ready after 502 ms" in drawn
    assert drawn.count("stroke-dasharray") == len(rows) - 1


def test_the_picture_says_why_there_is_nothing():
    assert "no change seen yet" in draw("Deployment web", None, [])
    assert "no audit trail" in draw("Deployment web", None, [], notice="no audit trail")


def test_the_summary_says_whom_a_change_waits_for(hops):
    assert summary(journey_row(hops[:1])) == (
        "kubectl as kubernetes-admin creates Deployment web: "
        "waits for the deployment-controller, to make a ReplicaSet"
    )


def test_times_are_as_exact_as_they_are_read():
    assert [milliseconds(v) for v in (3.21, 874.4, 2310)] == ["3.2 ms", "874 ms", "2.31 s"]

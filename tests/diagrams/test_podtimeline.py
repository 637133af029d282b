"""The life of a pod: what its tracks say, and its picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubelearn.diagrams.phases import PHASES
from kubelearn.diagrams.podtimeline import LONGEST, draw, former, states, summary

NOON = 1767268800000  # 2026-01-01T12:00:00Z


def pod(*containers, phase="Running", ready=True, **status):
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {
        "metadata": {"name": "web", "creationTimestamp": "2026-01-01T12:00:00Z"},
        "spec": {"containers": [{"name": "app"}]},
        "status": {
            "phase": phase,
            "startTime": "2026-01-01T12:00:02Z",
            "conditions": conditions,
            "containerStatuses": list(containers),
            **status,
        },
    }


def container(state, **more):
    return {"name": "app", "ready": False, "state": state, **more}


def test_a_pod_is_pending_since_it_was_made():
    found = states(pod(phase="Pending", ready=False, startTime=None))
    assert found["pod"] == {"look": "Pending", "word": "Pending", "since": NOON}


@pytest.mark.parametrize(
    ("state", "look", "word", "since"),
    [
        ({"waiting": {"reason": "ContainerCreating"}}, "Creating", "ContainerCreating", None),
        ({"waiting": {"reason": "CrashLoopBackOff"}}, "Failed", "CrashLoopBackOff", None),
        ({"waiting": {"reason": "ErrImagePull"}}, "Failed", "ErrImagePull", None),
        ({"running": {"startedAt": "2026-01-01T12:00:03Z"}}, "NotReady", "not ready", NOON + 3000),
        (
            {
                "terminated": {
                    "exitCode": 1,
                    "reason": "Error",
                    "finishedAt": "2026-01-01T12:00:09Z",
                }
            },
            "Failed",
            "Error, exit code 1",
            NOON + 9000,
        ),
        ({"terminated": {"exitCode": 0}}, "Succeeded", "ended, exit code 0", None),
    ],
)
def test_a_container_is_shown_in_each_of_its_states(state, look, word, since):
    found = states(pod(container(state)))["app"]
    assert found == {"look": look, "word": word, "since": since}
    assert look in PHASES


def test_a_ready_container_is_known():
    assert states(pod(container({"running": {}}, ready=True)))["app"]["word"] == "ready"


def test_tracks_stand_in_the_order_in_which_containers_start():
    first = {"name": "init", "state": {"terminated": {"exitCode": 0}}}
    found = states(pod(container({"running": {}}), initContainerStatuses=[first]))
    assert list(found) == ["pod", "init", "app"]


def test_the_run_before_the_present_one_is_told():
    times = {"startedAt": "2026-01-01T12:00:03Z", "finishedAt": "2026-01-01T12:00:05Z"}
    last = {"terminated": {"exitCode": 137, "reason": "OOMKilled", **times}}
    found = former(pod(container({"waiting": {}}, lastState=last)))["app"]
    assert (found["since"], found["until"]) == (NOON + 3000, NOON + 5000)
    assert found["word"] == "ran, OOMKilled, exit code 137"


def span(track, rank, start, end, look="Running"):
    return {"track": track, "rank": rank, "look": look, "word": look, "from": start, "to": end}


def test_the_picture_has_a_bar_for_each_state_and_ends_now():
    spans = [
        span("app", 1, 500, None),
        span("pod", 0, 0, 400, "Pending"),
        span("pod", 0, 400, None),
    ]
    drawn = draw("Pod web", spans, now=1000)
    ElementTree.fromstring(drawn)
    assert drawn == draw("Pod web", reversed(spans), now=1000)
    assert drawn.count('rx="4"') == 3
    assert summary(spans) == "Running"


def test_what_was_long_ago_lies_beyond_the_edge():
    spans = [span("pod", 0, 0, 10, "Pending"), span("pod", 0, 10, None)]
    assert draw("Pod web", spans, now=LONGEST * 2).count('rx="4"') == 1

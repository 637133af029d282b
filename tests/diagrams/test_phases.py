"""A pod's state in a word."""

from __future__ import annotations

import pytest

from kubelearn.diagrams.phases import PHASES, phase, status_word, summary

CRASHED = {"terminated": {"exitCode": 1, "reason": "Error"}}
BACKING_OFF = {"waiting": {"reason": "CrashLoopBackOff"}}
NO_IMAGE = {"waiting": {"reason": "ErrImagePull"}}
CREATING = {"waiting": {"reason": "ContainerCreating"}}
ENDED = {"terminated": {"exitCode": 0, "reason": "Completed"}}


@pytest.mark.parametrize(
    ("options", "expected", "word"),
    [
        ({"phase": "Pending", "node": "", "ready": False, "state": {}}, "Pending", "Pending"),
        ({"phase": "Pending", "state": CREATING}, "Creating", "ContainerCreating"),
        ({"ready": False}, "NotReady", "Running"),
        ({}, "Running", "Running"),
        ({"phase": "Succeeded", "state": ENDED}, "Succeeded", "Completed"),
        ({"phase": "Failed", "state": CRASHED}, "Failed", "Error"),
        ({"ready": False, "state": BACKING_OFF}, "Failed", "CrashLoopBackOff"),
        ({"phase": "Pending", "state": NO_IMAGE}, "Failed", "ErrImagePull"),
        ({"deleted": True}, "Terminating", "Terminating"),
    ],
)
def test_a_pod_is_in_one_of_seven_states_and_has_kubectls_word(make_pod, options, expected, word):
    pod = make_pod(**options)
    assert phase(pod) == expected
    assert expected in PHASES
    assert status_word(pod) == word


def test_init_containers_are_counted_while_they_run(make_pod):
    pod = make_pod(phase="Pending", ready=False)
    pod["status"]["initContainerStatuses"] = [
        {"name": "a", "state": {"terminated": {"exitCode": 0}}},
        {"name": "b", "state": {"running": {}}},
    ]
    assert status_word(pod) == "Init:1/2"
    assert phase(pod) == "Creating"


def test_a_failing_init_container_says_why(make_pod):
    pod = make_pod(phase="Pending", ready=False)
    pod["status"]["initContainerStatuses"] = [{"name": "a", "state": BACKING_OFF}]
    assert status_word(pod) == "Init:CrashLoopBackOff"
    assert phase(pod) == "Failed"


def test_a_started_sidecar_does_not_count_as_init(make_pod):
    pod = make_pod()
    pod["spec"]["initContainers"] = [{"name": "proxy", "restartPolicy": "Always"}]
    pod["status"]["initContainerStatuses"] = [
        {"name": "proxy", "started": True, "state": {"running": {}}}
    ]
    assert status_word(pod) == "Running"


def test_an_exit_without_a_reason_shows_its_number(make_pod):
    pod = make_pod(state={"terminated": {"exitCode": 137, "signal": 9}})
    assert status_word(pod) == "Signal:9"
    pod = make_pod(state={"terminated": {"exitCode": 3}})
    assert status_word(pod) == "ExitCode:3"


def test_one_ended_container_beside_a_running_one_is_no_end(make_pod):
    pod = make_pod(ready=False, state=ENDED)
    pod["status"]["containerStatuses"].append(
        {"name": "b", "ready": True, "state": {"running": {}}}
    )
    assert status_word(pod) == "NotReady"


def test_the_summary_names_the_healthy_ones_first():
    assert summary(["Pending", "Running", "Running"]) == "pods: 2 Running, 1 Pending"
    assert summary([]) == "pods: none"


def test_glyphs_and_colours_are_all_different():
    looks = PHASES.values()
    assert len({look.glyph for look in looks}) == len({look.colour for look in looks}) == 7

"""A pod's conditions, from what its runtime shows."""

import pytest

from tests.embedded.kubelet.conftest import EARLIER, LATER, truth


def test_a_pod_that_runs_is_true_in_all(pod_of, run_of, status_of):
    status = status_of(pod_of(), run_of())
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "PodReadyToStartContainers": "True",
        "Initialized": "True",
        "Ready": "True",
        "ContainersReady": "True",
        "PodScheduled": "True",
    }
    assert {each["observedGeneration"] for each in status["conditions"]} == {1}
    assert {each["lastProbeTime"] for each in status["conditions"]} == {None}


@pytest.mark.parametrize(("code", "reason"), [(0, "PodCompleted"), (1, "PodFailed")])
def test_a_pod_that_is_over_says_why_it_is_not_ready(pod_of, run_of, status_of, code, reason):
    status = status_of(pod_of(restartPolicy="Never"), run_of(code=code))
    assert truth(status, "Ready") == truth(status, "ContainersReady") == ("False", reason)


def test_a_transition_keeps_its_time_while_nothing_changes(pod_of, run_of, status_of):
    old = status_of(pod_of(), run_of())
    for each in old["conditions"]:
        each["lastTransitionTime"] = EARLIER
    status = status_of(pod_of(), run_of(), old=old, ready=False)
    times = {each["type"]: each["lastTransitionTime"] for each in status["conditions"]}
    assert (times["Ready"], times["Initialized"]) == (LATER, EARLIER)


def test_conditions_of_others_are_kept(pod_of, run_of, status_of):
    pod = pod_of()
    pod["status"]["conditions"] = [{"type": "example.com/warm", "status": "True"}]
    assert pod["status"]["conditions"][0] in status_of(pod, run_of())["conditions"]


def test_readiness_gates_have_to_be_true(pod_of, run_of, status_of):
    pod = pod_of(readinessGates=[{"conditionType": "example.com/warm"}])
    status = status_of(pod, run_of())
    assert truth(status, "Ready") == ("False", "ReadinessGatesNotReady")
    assert truth(status, "ContainersReady") == ("True", "")
    pod["status"]["conditions"] = [{"type": "example.com/warm", "status": "True"}]
    assert truth(status_of(pod, run_of()), "Ready") == ("True", "")

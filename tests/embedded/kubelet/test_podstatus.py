"""A pod's status, from what its runtime shows."""

import pytest

from kubelearn.embedded.kubelet.containerstatus import Waiting
from kubelearn.embedded.kubelet.podstatus import Eviction
from kubelearn.objects import condition
from tests.embedded.kubelet.conftest import LATER, truth

# --- phases ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "code", "phase"),
    [
        ("Always", None, "Running"),
        ("Always", 0, "Running"),
        ("Always", 1, "Running"),
        ("OnFailure", 0, "Succeeded"),
        ("OnFailure", 1, "Running"),
        ("Never", 0, "Succeeded"),
        ("Never", 1, "Failed"),
    ],
)
def test_the_phase_follows_from_the_end_and_the_restart_policy(
    pod_of, run_of, status_of, policy, code, phase
):
    assert status_of(pod_of(restartPolicy=policy), run_of(code=code))["phase"] == phase


def test_a_pod_whose_containers_never_ran_is_pending(pod_of, status_of):
    status = status_of(pod_of(), network=False)
    assert status["phase"] == "Pending"
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert "podIP" not in status


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (143, "Failed")])
def test_a_pod_that_ends_reaches_a_terminal_phase(pod_of, run_of, status_of, code, phase):
    assert status_of(pod_of(), run_of(code=code), ending=True)["phase"] == phase


def test_a_terminal_phase_is_final(pod_of, run_of, status_of):
    old = {"phase": "Failed", "reason": "DeadlineExceeded"}
    status = status_of(pod_of(), run_of(), run_of("other", code=0), old=old, ending=True)
    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")


def test_a_pod_is_not_over_while_something_runs(pod_of, run_of, status_of):
    pod = pod_of(restartPolicy="Never")
    pod["spec"]["initContainers"] = [{"name": "side", "image": "i", "restartPolicy": "Always"}]
    old = {"phase": "Running"}
    assert status_of(pod, run_of("side"), run_of(code=0), old=old)["phase"] == "Running"
    assert status_of(pod, run_of("side", code=0), run_of(code=0), old=old)["phase"] == "Succeeded"


def test_a_pod_is_over_when_its_sandbox_is_closed(pod_of, run_of, status_of):
    pod, run, old = pod_of(restartPolicy="Never"), run_of(code=0), {"phase": "Running"}
    status = status_of(pod, run, old=old, closed=False)
    assert status["phase"] == "Running"
    assert truth(status, "Ready") == ("False", "PodCompleted")
    status = status_of(pod, run, old=status)
    assert status["phase"] == "Succeeded"
    assert truth(status, "PodReadyToStartContainers") == ("False", "")


def test_an_eviction_is_told_when_everything_has_ended(pod_of, run_of, status_of):
    why = Eviction("DeadlineExceeded", "too long")
    old = {"phase": "Running"}
    assert status_of(pod_of(), run_of(), old=old, eviction=why)["phase"] == "Running"
    status = status_of(pod_of(), run_of(code=137), old=old, eviction=why, ending=True)
    assert (status["phase"], status["reason"], status["message"]) == (
        "Failed", "DeadlineExceeded", "too long",
    )  # fmt: skip


# --- containers ------------------------------------------------------------------------------


def test_a_running_container_is_described(pod_of, run_of, status_of):
    pod = pod_of(container={"resources": {"requests": {"cpu": "10m", "memory": "8Mi"}}})
    pod["spec"]["containers"][0]["volumeMounts"] = [
        {"name": "v", "mountPath": "/v", "readOnly": True}
    ]
    status = status_of(pod, run_of())
    assert status["containerStatuses"] == [
        {
            "name": "app",
            "state": {"running": {"startedAt": LATER}},
            "lastState": {},
            "ready": True,
            "started": True,
            "restartCount": 0,
            "image": "docker.io/kubelearn/hello:1.0",
            "imageID": run_of().config.image.id,
            "containerID": "process://app-0",
            "resources": {"requests": {"cpu": "10m", "memory": "8Mi"}},
            "allocatedResources": {"cpu": "10m", "memory": "8Mi"},
            "volumeMounts": [
                {
                    "name": "v",
                    "mountPath": "/v",
                    "readOnly": True,
                    "recursiveReadOnly": "Disabled",
                }
            ],
            "user": {"linux": {"uid": 1000, "gid": 1000, "supplementalGroups": [1000]}},
        }
    ]
    assert status["allocatedResources"] == {"cpu": "10m", "memory": "8Mi"}


def test_the_run_before_is_the_last_state(pod_of, run_of, status_of):
    [status] = status_of(pod_of(), run_of(code=1), run_of(attempt=1))["containerStatuses"]
    assert status["restartCount"] == 1
    assert status["lastState"]["terminated"]["exitCode"] == 1
    assert "running" in status["state"]


def test_a_container_in_back_off_waits(pod_of, run_of, status_of):
    waiting = {"app": Waiting("CrashLoopBackOff", "back-off 10s")}
    [status] = status_of(pod_of(), run_of(code=1), waiting=waiting)["containerStatuses"]
    assert status["state"] == {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    assert status["lastState"]["terminated"]["exitCode"] == 1


def test_a_container_that_will_not_be_started_again_does_not_wait(pod_of, run_of, status_of):
    pod, waiting = pod_of(restartPolicy="Never"), {"app": Waiting("RunContainerError", "no")}
    [status] = status_of(pod, run_of(code=128), waiting=waiting)["containerStatuses"]
    assert status["state"]["terminated"]["exitCode"] == 128


def test_what_ran_before_a_restart_of_the_machine_is_told_as_lost(pod_of, run_of, status_of):
    before = status_of(pod_of(), run_of())
    [status] = status_of(pod_of(), old=before, network=False)["containerStatuses"]
    assert status["lastState"]["terminated"]["reason"] == "ContainerStatusUnknown"
    assert status["restartCount"] == 1
    assert "waiting" in status["state"]


def test_what_is_lost_and_may_not_restart_has_failed(pod_of, run_of, status_of):
    pod = pod_of(restartPolicy="Never")
    status = status_of(pod, old=status_of(pod, run_of()), network=False)
    assert status["phase"] == "Failed"
    assert status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137


def test_a_container_is_ready_when_it_has_started_and_its_probe_says_so(pod_of, run_of, status_of):
    def judged(**probes):
        [status] = status_of(pod_of(), run_of(), **probes)["containerStatuses"]
        return status["started"], status["ready"]

    assert judged() == (True, True)
    assert judged(ready=False) == (True, False)
    assert judged(started=False) == (False, False)


# --- init containers -------------------------------------------------------------------------


@pytest.fixture
def with_inits(pod_of):
    def make(**spec):
        pod = pod_of(**spec)
        pod["spec"]["initContainers"] = [
            {"name": "first", "image": "i"},
            {"name": "side", "image": "i", "restartPolicy": "Always"},
        ]
        return pod

    return make


def test_a_pod_is_pending_until_its_init_containers_are_done(with_inits, run_of, status_of):
    status = status_of(with_inits(), run_of("first"))
    assert status["phase"] == "Pending"
    assert truth(status, "Initialized") == ("False", "ContainersNotInitialized")
    message = condition({"status": status}, "Initialized")["message"]
    assert message == "containers with incomplete status: [first side]"
    assert [each["state"] for each in status["containerStatuses"]] == [
        {"waiting": {"reason": "PodInitializing"}}
    ]


def test_a_sidecar_has_to_be_ready_too(with_inits, run_of, status_of):
    runs = (run_of("first", code=0), run_of("side"), run_of())
    assert truth(status_of(with_inits(), *runs), "Ready") == ("True", "")
    status = status_of(with_inits(), *runs, ready=False)
    assert condition({"status": status}, "Ready")["message"] == (
        "containers with unready status: [side app]"
    )


def test_a_failed_init_container_fails_a_pod_that_never_restarts(with_inits, run_of, status_of):
    status = status_of(with_inits(restartPolicy="Never"), run_of("first", code=1))
    assert status["phase"] == "Failed"
    assert truth(status, "Initialized")[0] == "False"


def test_a_failed_init_container_is_tried_again_otherwise(with_inits, run_of, status_of):
    assert status_of(with_inits(), run_of("first", code=1))["phase"] == "Pending"


# --- the rest --------------------------------------------------------------------------------


def test_addresses_and_times_are_told(pod_of, run_of, status_of):
    status = status_of(pod_of(), run_of())
    assert (status["hostIP"], status["podIP"]) == ("127.64.0.3", "127.64.1.2")
    assert (status["hostIPs"], status["podIPs"]) == ([{"ip": "127.64.0.3"}], [{"ip": "127.64.1.2"}])
    assert (status["startTime"], status["qosClass"]) == (LATER, "BestEffort")


def test_a_pod_keeps_its_address_after_its_end(pod_of, run_of, status_of):
    old = status_of(pod_of(), run_of())
    assert status_of(pod_of(), old=old, network=False)["podIP"] == "127.64.1.2"


def test_a_pod_on_the_host_network_has_the_nodes_address(pod_of, status_of):
    assert status_of(pod_of(hostNetwork=True), network=False)["podIP"] == "127.64.0.3"


# --- debug containers, and policies of containers ------------------------------------------------


def test_debug_containers_have_statuses_and_no_part_in_the_phase(pod_of, run_of, status_of):
    pod = pod_of(ephemeralContainers=[{"name": "debug", "image": "i"}])
    status = status_of(pod, run_of())
    (shown,) = status["ephemeralContainerStatuses"]
    assert shown["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert (status["phase"], truth(status, "Ready")) == ("Running", ("True", ""))
    status = status_of(pod, run_of(), run_of("debug", code=3))
    (shown,) = status["ephemeralContainerStatuses"]
    assert shown["state"]["terminated"]["exitCode"] == 3
    assert (shown["ready"], "started" in shown) == (False, False)


def test_statuses_are_sorted_by_name(pod_of, run_of, status_of):
    pod = pod_of()
    pod["spec"]["containers"].append({"name": "a", "image": "i"})
    names = [each["name"] for each in status_of(pod, run_of())["containerStatuses"]]
    assert names == ["a", "app"]


@pytest.mark.parametrize(
    ("pod", "own", "code", "phase"),
    [("Never", "Always", 1, "Running"), ("Always", "Never", 1, "Failed")],
)
def test_the_phase_follows_from_the_containers_own_policy(
    pod_of, run_of, status_of, pod, own, code, phase
):
    made = pod_of(restartPolicy=pod, container={"restartPolicy": own})
    assert status_of(made, run_of(code=code))["phase"] == phase

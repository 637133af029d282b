"""What a pod's row says."""

import pytest

from tests.embedded.apiserver.printers.rows import HOUR_AGO, row, table


def status(name="a", *, ready=False, restarts=0, last=None, **state):
    return {
        "name": name,
        "ready": ready,
        "restartCount": restarts,
        "image": "i",
        "imageID": "",
        "state": state,
        "lastState": {"terminated": last} if last else {},
    }


def pod(*statuses, init=(), phase="Running", metadata=None, spec=None, **fields):
    containers = [{"name": each["name"], "image": "i"} for each in statuses] or [{"name": "a"}]
    return row(
        "v1",
        "Pod",
        metadata=metadata,
        spec={"containers": containers, **(spec or {})},
        status={
            "phase": phase,
            "containerStatuses": list(statuses),
            "initContainerStatuses": list(init),
            **fields,
        },
    )


RUNNING = {"running": {"startedAt": HOUR_AGO}}
READY = [{"type": "Ready", "status": "True"}]


def ended(code, **fields):
    return {"terminated": {"exitCode": code, **fields}}


def test_a_running_pod_is_counted():
    found = pod(status(ready=True, **RUNNING), status("b", **RUNNING))
    assert found["Ready"] == "1/2"
    assert found["Status"] == "Running"
    assert found["Restarts"] == "0"
    assert found["Age"] == "60m"
    assert found["Node"] == found["IP"] == "<none>"


def test_a_waiting_containers_reason_is_the_status():
    found = pod(status(waiting={"reason": "CrashLoopBackOff"}))
    assert found["Status"] == "CrashLoopBackOff"


def test_the_first_container_has_the_last_word():
    first = status(waiting={"reason": "ImagePullBackOff"})
    assert pod(first, status("b", waiting={"reason": "Other"}))["Status"] == "ImagePullBackOff"


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        (ended(0, reason="Completed"), "Completed"),
        (ended(1, reason="Error"), "Error"),
        (ended(3), "ExitCode:3"),
        (ended(137, signal=9), "Signal:9"),
    ],
)
def test_a_container_that_has_ended_says_how(end, shown):
    assert pod(status(**end), phase="Failed")["Status"] == shown


def test_one_completed_and_one_running_container_make_a_running_pod():
    statuses = (status(**ended(0, reason="Completed")), status("b", ready=True, **RUNNING))
    assert pod(*statuses, conditions=READY)["Status"] == "Running"
    assert pod(*statuses)["Status"] == "NotReady"


def test_restarts_tell_when_the_last_one_was():
    last = {"exitCode": 1, "finishedAt": "2026-01-01T00:59:48Z"}
    assert pod(status(restarts=3, last=last, **RUNNING))["Restarts"] == "3 (12s ago)"


def test_init_containers_show_how_far_they_are():
    spec = {"initContainers": [{"name": "i"}, {"name": "j"}]}
    done = status("i", **ended(0))
    assert pod(init=(status("i"),), spec=spec)["Status"] == "Init:0/2"
    assert pod(init=(done, status("j", **RUNNING)), spec=spec)["Status"] == "Init:1/2"
    failed = status("i", **ended(1, reason="Error"))
    assert pod(init=(failed,), spec=spec)["Status"] == "Init:Error"
    waiting = status("i", waiting={"reason": "CrashLoopBackOff"})
    assert pod(init=(waiting,), spec=spec)["Status"] == "Init:CrashLoopBackOff"


def test_sidecars_count_among_the_containers():
    spec = {"initContainers": [{"name": "s", "restartPolicy": "Always"}]}
    sidecar = status("s", ready=True, **RUNNING) | {"started": True}
    found = pod(status(ready=True, **RUNNING), init=(sidecar,), spec=spec)
    assert (found["Ready"], found["Status"]) == ("2/2", "Running")


def test_a_pod_that_is_being_deleted_is_terminating():
    meta = {"deletionTimestamp": HOUR_AGO}
    assert pod(status(ready=True, **RUNNING), metadata=meta)["Status"] == "Terminating"
    assert pod(metadata=meta, phase="Succeeded")["Status"] == "Succeeded"
    assert pod(metadata=meta, reason="NodeLost")["Status"] == "Unknown"


def test_a_pod_held_back_says_so():
    held = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]
    assert pod(phase="Pending", conditions=held)["Status"] == "SchedulingGated"


def test_rows_of_ended_pods_are_marked():
    made = table("v1", "Pod", spec={}, status={"phase": "Succeeded"})
    (condition,) = made["rows"][0]["conditions"]
    assert (condition["type"], condition["reason"]) == ("Completed", "Succeeded")

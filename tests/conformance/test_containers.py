"""Containers: how they start, end, restart and are counted, and what stops them from starting."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs_nodes

ALWAYS = {"restartPolicy": "Always"}


def conditions(pod):
    return {one.type: (one.status, one.reason) for one in pod.status.conditions}


# --- phases ----------------------------------------------------------------------------------


def test_a_running_pod_has_an_address_a_node_and_true_conditions(core, pods):
    pods.run()
    pod = pods.ready()
    assert pod.status.phase == "Running"
    assert pod.status.pod_ip
    assert pod.status.host_ip in {
        address.address for address in core.read_node(pod.spec.node_name).status.addresses
    }
    assert pod.status.start_time
    assert {kind: status for kind, (status, _) in conditions(pod).items()} == {
        "PodReadyToStartContainers": "True",
        "Initialized": "True",
        "ContainersReady": "True",
        "Ready": "True",
        "PodScheduled": "True",
    }
    [container] = pod.status.container_statuses
    assert (container.ready, container.started, container.restart_count) == (True, True, 0)
    assert container.state.running.started_at
    assert container.container_id
    assert container.image_id


def test_a_pod_whose_containers_all_end_well_has_succeeded(pods):
    pods.run("exit 0")
    pod = pods.finished()
    assert pod.status.phase == "Succeeded"
    ended = pod.status.container_statuses[0].state.terminated
    assert (ended.exit_code, ended.reason) == (0, "Completed")
    assert conditions(pod)["Ready"] == ("False", "PodCompleted")
    assert conditions(pod)["Initialized"] == ("True", "PodCompleted")


def test_a_pod_with_a_container_that_fails_has_failed(pods):
    pods.run("exit 42")
    pod = pods.finished()
    assert pod.status.phase == "Failed"
    ended = pod.status.container_statuses[0].state.terminated
    assert (ended.exit_code, ended.reason) == (42, "Error")
    assert conditions(pod)["Ready"] == ("False", "PodFailed")


def test_last_words_are_kept_in_the_status(pods):
    pods.run("echo out of coffee > /dev/termination-log; exit 1")
    ended = pods.finished().status.container_statuses[0].state.terminated
    assert ended.message == "out of coffee\n"


def test_the_end_of_the_log_can_stand_in_for_last_words(pods):
    pods.run("echo last words; exit 1", terminationMessagePolicy="FallbackToLogsOnError")
    ended = pods.finished().status.container_statuses[0].state.terminated
    assert ended.message == "last words\n"


def test_a_shell_tells_a_signal_as_128_and_its_number(pods):
    pods.run("sh -c 'kill -9 $$$$'; exit $?")
    ended = pods.finished().status.container_statuses[0].state.terminated
    assert (ended.exit_code, ended.signal) == (137, None)


def test_a_program_that_is_not_there_cannot_be_started(pods):
    pods.run(command=["no-such-program"])
    pod = pods.finished()
    ended = pod.status.container_statuses[0].state.terminated
    assert (pod.status.phase, ended.exit_code, ended.reason) == ("Failed", 128, "StartError")


def test_a_pod_lives_until_its_last_container_ends(pods):
    second = {"name": "b", "image": "busybox:1.37", "command": ["sh", "-c", "sleep 1; exit 0"]}
    first = {"name": "a", "image": "busybox:1.37", "command": ["true"]}
    pods.run(spec={"containers": [first, second]})

    def only_one_ended(pod):
        states = [one.state for one in pod.status.container_statuses or []]
        return states and states[0].terminated and states[1].running

    assert pods.until(only_one_ended).status.phase == "Running"
    assert pods.finished().status.phase == "Succeeded"


def test_a_deadline_ends_a_pod(pods):
    pods.run(spec={"activeDeadlineSeconds": 1})
    pod = pods.finished()
    assert (pod.status.phase, pod.status.reason) == ("Failed", "DeadlineExceeded")
    assert pod.status.message == "Pod was active on the node longer than the specified deadline"


# --- restarts --------------------------------------------------------------------------------


def test_a_container_that_keeps_failing_is_restarted_ever_more_slowly(pods, namespace):
    pods.run("echo try; exit 1", spec=ALWAYS)
    container = pods.container(
        lambda one: one.state.waiting and one.state.waiting.reason == "CrashLoopBackOff"
    )
    pod = pods.get()
    uid = pod.metadata.uid
    assert container.state.waiting.message == (
        f"back-off 10s restarting failed container=a pod=p_{namespace}({uid})"
    )
    # The first restart comes at once; this one waits.
    assert container.restart_count == 1
    assert container.last_state.terminated.exit_code == 1
    assert (pod.status.phase, conditions(pod)["Ready"]) == (
        "Running",
        ("False", "ContainersNotReady"),
    )
    event = pods.event("BackOff")
    assert event.message == (f"Back-off restarting failed container a in pod p_{namespace}({uid})")
    assert (event.type, event.source.component) == ("Warning", "kubelet")
    assert event.involved_object.field_path == "spec.containers{a}"


def test_on_failure_restarts_a_failed_container_and_leaves_a_finished_one(pods):
    script = "if [ -e /v/again ]; then exit 0; else touch /v/again; exit 1; fi"
    volume = {"name": "v", "emptyDir": {}}
    mount = {"name": "v", "mountPath": "/v"}
    spec = {"restartPolicy": "OnFailure", "volumes": [volume]}
    pods.run(script, spec=spec, volumeMounts=[mount])
    pod = pods.finished()
    assert pod.status.phase == "Succeeded"
    assert pod.status.container_statuses[0].restart_count == 1


def test_a_restarted_container_is_a_new_one_in_the_same_pod(pods):
    script = "if [ -e /v/again ]; then sleep 3600; else touch /v/again; exit 1; fi"
    volume = {"name": "v", "emptyDir": {}}
    mount = {"name": "v", "mountPath": "/v"}
    pods.run(script, spec={**ALWAYS, "volumes": [volume]}, volumeMounts=[mount])
    container = pods.container(lambda one: one.restart_count == 1 and one.state.running)
    assert container.last_state.terminated.container_id != container.container_id
    assert container.last_state.terminated.exit_code == 1


# --- init containers and sidecars ------------------------------------------------------------


def shell(name, script, **fields):
    return {"name": name, "image": "busybox:1.37", "command": ["sh", "-c", script], **fields}


def test_init_containers_run_one_after_another_before_the_others(pods):
    mounts = [{"name": "v", "mountPath": "/v"}]
    init = [
        shell("first", "sleep 0.2; echo first >> /v/order", volumeMounts=mounts),
        shell("second", "echo second >> /v/order", volumeMounts=mounts),
    ]
    spec = {"initContainers": init, "volumes": [{"name": "v", "emptyDir": {}}]}
    assert pods.output("cat /v/order", spec=spec, volumeMounts=mounts) == "first\nsecond\n"
    for status in pods.get().status.init_container_statuses:
        assert (status.ready, status.state.terminated.reason) == (True, "Completed")


def test_a_pod_waits_for_its_init_container(pods):
    pods.run(spec={"initContainers": [shell("slow", "sleep 3600")]})
    pod = pods.until(
        lambda pod: (
            pod.status.init_container_statuses
            and pod.status.init_container_statuses[0].state.running
        )
    )
    assert pod.status.phase == "Pending"
    assert pod.status.container_statuses[0].state.waiting.reason == "PodInitializing"
    assert conditions(pod)["Initialized"] == ("False", "ContainersNotInitialized")


def test_a_failed_init_container_fails_a_pod_that_never_restarts(pods):
    pods.run(spec={"initContainers": [shell("first", "exit 1"), shell("second", "true")]})
    pod = pods.finished()
    assert pod.status.phase == "Failed"
    first, second = pod.status.init_container_statuses
    assert first.state.terminated.exit_code == 1
    assert second.state.waiting.reason == "PodInitializing"
    assert pod.status.container_statuses[0].state.waiting.reason == "PodInitializing"


def test_a_sidecar_runs_beside_the_others_and_ends_after_them(pods):
    trap = "trap 'exit 0' TERM; while true; do sleep 0.1; done"
    spec = {"initContainers": [shell("side", trap, restartPolicy="Always")]}
    pods.run("sleep 1", spec=spec)
    pod = pods.ready()
    assert pod.status.init_container_statuses[0].state.running
    # The sidecar does not keep the pod alive.
    pod = pods.finished()
    assert pod.status.phase == "Succeeded"
    side = pod.status.init_container_statuses[0].state.terminated
    main = pod.status.container_statuses[0].state.terminated
    assert side.finished_at >= main.finished_at


# --- what stops a container from starting ----------------------------------------------------


def test_an_image_that_cannot_be_pulled_is_tried_again_later(pods):
    pods.run(image="no-such.invalid/app:1")
    state = pods.waiting("ImagePullBackOff")
    assert state.message.startswith(
        'Back-off pulling image "no-such.invalid/app:1": ErrImagePull: '
    )
    assert pods.get().status.phase == "Pending"
    assert pods.event("Pulling").message == 'Pulling image "no-such.invalid/app:1"'
    assert pods.event("BackOff").type == "Normal"


def test_an_image_that_may_not_be_pulled_has_to_be_there(pods):
    pods.run(image="conformance-absent:1", imagePullPolicy="Never")
    pods.waiting("ErrImageNeverPull")
    assert pods.event("ErrImageNeverPull").message == (
        'Container image "conformance-absent:1" is not present with pull policy of Never'
    )


def test_an_image_needs_a_name_that_can_be_one(pods):
    pods.run(image="UPPER case")
    pods.waiting("InvalidImageName")
    assert pods.event("InspectFailed").message == (
        'Failed to apply default image tag "UPPER case": couldn\'t parse image name "UPPER case": '
        "invalid reference format: repository name (library/UPPER case) must be lowercase"
    )


# --- what is told about it -------------------------------------------------------------------


def test_a_pods_way_is_told_by_events(pods, namespace):
    pods.run()
    node = pods.ready().spec.node_name
    scheduled = pods.event("Scheduled")
    assert scheduled.message == f"Successfully assigned {namespace}/p to {node}"
    assert scheduled.type == "Normal"
    assert pods.event("Pulled").message == (
        'Container image "busybox:1.37" already present on machine and can be accessed by the pod'
    )
    assert pods.event("Created").message == "Container created"
    started = pods.event("Started")
    assert started.message == "Container started"
    assert started.involved_object.field_path == "spec.containers{a}"
    assert started.source.component == "kubelet"
    assert started.source.host == node


@pytest.mark.parametrize(
    ("script", "cells"),
    [
        ("sleep 3600", ["p", "1/1", "Running", "0"]),
        ("exit 0", ["p", "0/1", "Completed", "0"]),
        ("exit 3", ["p", "0/1", "Error", "0"]),
    ],
)
def test_kubectl_shows_one_word_for_what_a_pod_does(
    pods, send, namespace, eventually, script, cells
):
    pods.run(script)
    path = f"/api/v1/namespaces/{namespace}/pods"
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"

    def shown():
        return send("GET", path, accept=accept).checked()["rows"][0]["cells"][:4]

    eventually(lambda: shown() == cells)

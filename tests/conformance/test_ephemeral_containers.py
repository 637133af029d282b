"""Containers that are added to a running pod, to look into it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def debug(core, namespace):
    """Add a container to the pod `p`."""

    def call(script, name="debug", **fields):
        shell = {"name": name, "image": "busybox:1.37", "command": ["sh", "-c", script]}
        body = {"spec": {"ephemeralContainers": [{**shell, **fields}]}}
        return core.patch_namespaced_pod_ephemeralcontainers("p", namespace, body)

    return call


@pytest.fixture
def ended(pods):
    """Wait for the end of the added container; its status."""

    def call():
        def holds(pod):
            found = pod.status.ephemeral_container_statuses
            return found and found[0].state.terminated

        return pods.until(holds).status.ephemeral_container_statuses[0]

    return call


def test_a_container_is_added_runs_once_and_has_a_log(pods, debug, ended):
    pods.run()
    pods.ready()
    debug("echo here; exit 3")
    status = ended()
    assert (status.state.terminated.exit_code, status.restart_count) == (3, 0)
    assert pods.log(container="debug") == "here\n"
    assert pods.get().status.phase == "Running"
    assert pods.event("Started").involved_object.field_path


def test_it_shares_the_pods_volumes(pods, debug, ended):
    mount = {"name": "v", "mountPath": "/v"}
    pods.run(
        "echo from the pod > /v/note; sleep 3600",
        spec={"volumes": [{"name": "v", "emptyDir": {}}]},
        volumeMounts=[mount],
    )
    pods.ready()
    debug("until cat /v/note; do sleep 0.1; done 2>/dev/null", volumeMounts=[mount])
    ended()
    assert pods.log(container="debug") == "from the pod\n"


def test_it_helps_where_an_init_container_does_not_end(pods, debug, ended):
    shell = {"name": "init", "image": "busybox:1.37", "command": ["sleep", "3600"]}
    pods.run(spec={"initContainers": [shell]})
    pods.until(lambda pod: pod.status.init_container_statuses)
    pods.until(lambda pod: pod.status.init_container_statuses[0].state.running)
    debug("echo here")
    assert ended().state.terminated.exit_code == 0


def test_it_can_be_neither_changed_nor_set_from_the_beginning(
    core, namespace, pods, debug, ended, refused
):
    container = {"name": "debug", "image": "busybox:1.37"}
    spec = {"containers": [{**container, "name": "a"}], "ephemeralContainers": [container]}
    body = {"metadata": {"name": "q"}, "spec": spec}
    status = refused(core.create_namespaced_pod, namespace, body)
    assert "spec.ephemeralContainers: Forbidden: cannot be set on create" in status["message"]
    pods.run()
    debug("true")
    status = refused(debug, "false")
    assert 'existing ephemeral containers "debug" may not be changed' in status["message"]

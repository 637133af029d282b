"""Resources of running containers that change without a new pod."""

from __future__ import annotations

import pytest
from kubernetes import client

pytestmark = [
    pytest.mark.needs_nodes,
    pytest.mark.skipif(
        not hasattr(client.CoreV1Api, "patch_namespaced_pod_resize"),
        reason="this version of the client cannot ask for other resources yet",
    ),
]


@pytest.fixture
def resize(core, namespace):
    """Ask for other resources for the container of the pod `p`."""

    def call(**requests):
        body = {"spec": {"containers": [{"name": "a", "resources": {"requests": requests}}]}}
        return core.patch_namespaced_pod_resize("p", namespace, body)

    return call


def requests_of(pod):
    return pod.status.container_statuses[0].resources.requests or {}


def test_a_running_container_gets_other_resources(pods, resize):
    pods.run(resources={"requests": {"cpu": "100m"}})
    before = pods.ready().status.container_statuses[0]
    assert resize(cpu="200m").spec.containers[0].resources.requests == {"cpu": "200m"}
    pod = pods.until(lambda pod: requests_of(pod).get("cpu") == "200m")
    after = pod.status.container_statuses[0]
    assert (after.restart_count, after.container_id) == (0, before.container_id)
    assert after.allocated_resources == {"cpu": "200m"}
    assert pods.event("ResizeCompleted").message.startswith("Pod resize completed: {")


def test_a_container_can_be_restarted_for_it(pods, resize):
    policy = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
    spec = {"restartPolicy": "Always"}
    pods.run(spec=spec, resources={"requests": {"cpu": "100m"}}, resizePolicy=policy)
    pods.ready()
    resize(cpu="200m")
    pod = pods.until(
        lambda pod: (
            pod.status.container_statuses[0].restart_count == 1
            and pod.status.container_statuses[0].state.running
        )
    )
    assert requests_of(pod) == {"cpu": "200m"}
    assert pods.event("Killing").message == "Container a resize requires restart"


def test_what_the_node_has_no_room_for_waits(core, pods, resize):
    pods.run(name="other", resources={"requests": {"cpu": "100m"}})
    node = pods.ready("other").spec.node_name
    pods.run(spec={"nodeName": node}, resources={"requests": {"cpu": "100m"}})
    pods.ready()
    # All that the node has, of which the other pod takes a part.
    resize(cpu=core.read_node(node).status.allocatable["cpu"])
    pod = pods.until(
        lambda pod: any(each.type == "PodResizePending" for each in pod.status.conditions)
    )
    (waiting,) = (each for each in pod.status.conditions if each.type == "PodResizePending")
    assert (waiting.status, waiting.reason) == ("True", "Deferred")
    assert waiting.message.startswith("Node didn't have enough resource: cpu, requested: ")
    assert requests_of(pod) == {"cpu": "100m"}
    resize(cpu="100m")
    pods.until(lambda pod: all(each.type != "PodResizePending" for each in pod.status.conditions))


def test_what_the_node_could_never_hold_is_refused(core, namespace, pods, refused):
    pods.run(resources={"requests": {"cpu": "100m"}})
    pods.ready()
    body = {"spec": {"containers": [{"name": "a", "resources": {"requests": {"cpu": "1000"}}}]}}
    status = refused(core.patch_namespaced_pod_resize, "p", namespace, body)
    assert status["code"] == 403
    assert status["message"].startswith(
        'pods "p" is forbidden: node didn\'t have enough allocatable resources: '
        "cpu, requested: 1000000, allocatable: "
    )
    assert status["details"]["causes"] == [{"reason": "NodeCapacity"}]


def test_the_quality_of_service_cannot_change(core, namespace, pods, refused):
    pods.run()
    pods.ready()
    resources = {"requests": {"cpu": "100m"}}
    body = {"spec": {"containers": [{"name": "a", "resources": resources}]}}
    status = refused(core.patch_namespaced_pod_resize, "p", namespace, body)
    assert "Pod QOS Class may not change as a result of resizing" in status["message"]

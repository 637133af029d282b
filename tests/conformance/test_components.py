"""Components and machines that stop: what stands still, what goes on, and how it is taken up again.

Only a cluster that lets its parts be stopped can show this; the others skip it with the reason.
"""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def worker(core, machines):
    """The name of a node that takes any pod."""
    return next(name for name in machines if not core.read_node(name).spec.taints)


def test_every_component_is_listed_and_runs(internals, machines):
    states = {one.name: one.state for one in internals.components()}
    kubelets = {f"kubelet@{name}" for name in machines}
    control_plane = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
    assert control_plane | kubelets <= set(states)
    assert {states[name] for name in control_plane | kubelets} == {"running"}


def test_without_a_scheduler_a_pod_waits_and_then_goes_its_way(pods, without, core, machines):
    with without("kube-scheduler"):
        pods.run()
        # A pod that needs no scheduler is started meanwhile: the kubelet takes it from the API.
        pods.run(name="assigned", spec={"nodeName": machines[-1]})
        pods.ready("assigned")
        assert pods.get().spec.node_name is None
    pods.ready()


def test_without_controllers_a_deployment_is_only_stored(
    apps, core, namespace, without, eventually, idle_deployment
):
    body = idle_deployment("d", replicas=1, paused=False)
    with without("kube-controller-manager"):
        apps.create_namespaced_deployment(namespace, body)
        assert apps.read_namespaced_deployment("d", namespace).status.observed_generation is None
        assert apps.list_namespaced_replica_set(namespace).items == []
    eventually(lambda: core.list_namespaced_pod(namespace).items)


def test_without_a_kubelet_containers_go_on(pods, without, worker):
    pods.run(spec={"nodeName": worker})
    before = pods.ready().status.container_statuses[0]
    with without(f"kubelet@{worker}"):
        pods.run(name="waiting", spec={"nodeName": worker})
        assert pods.get("waiting").status.phase == "Pending"
    pods.ready("waiting")
    after = pods.get().status.container_statuses[0]
    assert (after.container_id, after.restart_count) == (before.container_id, 0)


def test_a_deletion_waits_for_the_kubelet(pods, without, worker, eventually, gone):
    pods.run(spec={"nodeName": worker})
    pods.ready()
    with without(f"kubelet@{worker}"):
        pods.delete()
        assert pods.get().metadata.deletion_timestamp is not None
    eventually(lambda: gone(pods.get))


def test_a_machine_that_was_switched_off_runs_its_pods_again(pods, internals, worker):
    pods.run(spec={"nodeName": worker, "restartPolicy": "Always"})
    before = pods.ready().status.container_statuses[0]
    internals.stop_node(worker)
    internals.start_node(worker)
    after = pods.container(lambda one: one.restart_count == 1 and one.state.running)
    assert after.container_id != before.container_id
    assert after.last_state.terminated is not None
    pods.ready()

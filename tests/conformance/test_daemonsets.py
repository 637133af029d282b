"""DaemonSets: one pod on each node that they are for."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def daemon_set(apps, namespace, eventually):
    """Create a DaemonSet `agent` and wait until it serves all its nodes."""

    def create(update=None, **pod):
        container = {"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"]}
        spec = {"terminationGracePeriodSeconds": 0, "containers": [container], **pod}
        template = {"metadata": {"labels": {"app": "agent"}}, "spec": spec}
        selector = {"matchLabels": {"app": "agent"}}
        spec = {"selector": selector, "template": template}
        if update:
            spec["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": update}
        body = {"metadata": {"name": "agent"}, "spec": spec}
        apps.create_namespaced_daemon_set(namespace, body)
        return eventually(settled)

    def settled():
        found = apps.read_namespaced_daemon_set("agent", namespace)
        status = found.status
        current = status.observed_generation == found.metadata.generation
        wanted = status.desired_number_scheduled
        served = (status.number_available or 0, status.updated_number_scheduled or 0)
        return found if current and wanted and served == (wanted, wanted) else None

    create.settled = settled
    return create


def test_it_runs_on_each_node_that_it_tolerates(core, namespace, daemon_set):
    free = {
        node.metadata.name
        for node in core.list_node().items
        if all(taint.effect == "PreferNoSchedule" for taint in node.spec.taints or [])
    }
    status = daemon_set().status
    assert status.desired_number_scheduled == status.number_ready == len(free)
    pods = core.list_namespaced_pod(namespace).items
    assert {pod.spec.node_name for pod in pods} == free


@pytest.mark.parametrize("host_network", [False, True])
def test_its_pods_are_tied_to_their_nodes_and_stay_when_others_go(
    core, namespace, machines, daemon_set, host_network
):
    daemon_set(nodeSelector={"kubernetes.io/hostname": machines[-1]}, hostNetwork=host_network)
    [pod] = core.list_namespaced_pod(namespace).items
    affinity = pod.spec.affinity.node_affinity
    [term] = affinity.required_during_scheduling_ignored_during_execution.node_selector_terms
    [field] = term.match_fields
    assert (field.key, field.values) == ("metadata.name", [pod.spec.node_name])
    tolerated = {(each.key, each.effect, each.operator) for each in pod.spec.tolerations}
    schedules = {"disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"}
    schedules |= {"network-unavailable"} if host_network else set()
    expected = {(key, "NoSchedule") for key in schedules}
    expected |= {(key, "NoExecute") for key in ("not-ready", "unreachable")}
    assert tolerated == {
        (f"node.kubernetes.io/{key}", effect, "Exists") for key, effect in expected
    }
    assert {each.toleration_seconds for each in pod.spec.tolerations} == {None}


def test_a_deleted_pod_comes_back_on_its_node(core, namespace, machines, daemon_set, eventually):
    daemon_set(nodeSelector={"kubernetes.io/hostname": machines[-1]})
    [pod] = core.list_namespaced_pod(namespace).items
    core.delete_namespaced_pod(pod.metadata.name, namespace)

    def successors():
        pods = core.list_namespaced_pod(namespace).items
        return [one for one in pods if one.metadata.uid != pod.metadata.uid and one.spec.node_name]

    [successor] = eventually(successors)
    assert successor.spec.node_name == machines[-1]


def test_a_new_template_replaces_all_pods_and_makes_a_revision(
    core, apps, namespace, daemon_set, eventually
):
    daemon_set()
    container = {"name": "a", "env": [{"name": "VERSION", "value": "2"}]}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    apps.patch_namespaced_daemon_set("agent", namespace, change)
    eventually(daemon_set.settled)
    pods = [
        pod
        for pod in core.list_namespaced_pod(namespace).items
        if not pod.metadata.deletion_timestamp
    ]
    assert all(pod.spec.containers[0].env[0].value == "2" for pod in pods)
    revisions = apps.list_namespaced_controller_revision(namespace).items
    assert {revision.revision for revision in revisions} == {1, 2}


def test_with_a_surge_the_new_pod_comes_before_the_old_one_goes(
    core, apps, namespace, machines, daemon_set, eventually
):
    one_node = {"nodeSelector": {"kubernetes.io/hostname": machines[-1]}}
    daemon_set({"maxUnavailable": 0, "maxSurge": 1}, **one_node)
    [old] = core.list_namespaced_pod(namespace).items
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    container = {"name": "a", "readinessProbe": never}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    apps.patch_namespaced_daemon_set("agent", namespace, change)

    def beside():
        pods = core.list_namespaced_pod(namespace).items
        running = [pod.metadata.uid for pod in pods if pod.status.phase == "Running"]
        return len(running) == 2 and running

    assert old.metadata.uid in eventually(beside)
    container = {"name": "a", "readinessProbe": None}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    apps.patch_namespaced_daemon_set("agent", namespace, change)
    eventually(daemon_set.settled)

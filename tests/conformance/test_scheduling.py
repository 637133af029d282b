"""Scheduling: where a pod goes, and in which words it is told that it can go nowhere."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.needs_nodes


@pytest.fixture(scope="module")
def workers(core, machines, lacking):
    """The names of the nodes that take any pod."""
    found = [name for name in machines if not core.read_node(name).spec.taints]
    if len(found) < 2:
        lacking("needs two nodes without taints")
    return found


@pytest.fixture(scope="module")
def tainted(machines, workers, lacking):
    """The name of a node that takes only pods that tolerate its taint."""
    found = [name for name in machines if name not in workers]
    if not found:
        lacking("needs a node with a taint")
    return found[0]


@pytest.fixture
def refusal(pods):
    """Run a pod that fits nowhere; gives the scheduler's words, which are told twice."""

    def call(**options):
        pods.run(name="refused", **options)
        pod = pods.until(lambda pod: pod.status.conditions, "refused")
        assert pod.spec.node_name is None
        message = pods.event("FailedScheduling", "refused").message
        [told] = [one for one in pod.status.conditions if one.type == "PodScheduled"]
        assert (told.status, told.reason, told.message) == ("False", "Unschedulable", message)
        assert pod.status.phase == "Pending"
        return message

    return call


@pytest.fixture
def cordoned(core, workers):
    """A node that takes no new pods for the time of a test."""
    core.patch_node(workers[0], {"spec": {"unschedulable": True}})
    yield workers[0]
    core.patch_node(workers[0], {"spec": {"unschedulable": None}})


def on(node):
    return {"spec": {"nodeSelector": {"kubernetes.io/hostname": node}}}


def test_a_node_selector_chooses_the_node(pods, workers):
    for node in workers[:2]:
        name = f"on-{node}"
        pods.run(name=name, **on(node))
        assert pods.until(lambda pod: pod.spec.node_name, name).spec.node_name == node


def test_a_pod_that_asks_too_much_fits_nowhere(core, refusal):
    count = len(core.list_node().items)
    message = refusal(resources={"requests": {"cpu": "1000"}})
    assert message.startswith(f"0/{count} nodes are available: ")
    assert "Insufficient cpu" in message
    assert message.endswith("Preemption is not helpful for scheduling.")


def test_each_reason_is_counted(refusal, workers):
    message = refusal(resources={"requests": {"cpu": "1000", "memory": "1000Gi"}})
    assert f"{len(workers)} Insufficient cpu, {len(workers)} Insufficient memory" in message


def test_a_selector_that_fits_no_node_is_told(refusal, workers):
    message = refusal(spec={"nodeSelector": {"disk": "of-gold"}})
    assert f"{len(workers)} node(s) didn't match Pod's node affinity/selector" in message


def test_a_taint_keeps_pods_away_that_do_not_tolerate_it(refusal, tainted):
    message = refusal(**on(tainted))
    assert re.search(r"\d node\(s\) had untolerated taint\(s\)", message)


def test_a_toleration_lets_a_pod_onto_a_tainted_node(pods, tainted):
    fields = on(tainted)
    fields["spec"]["tolerations"] = [{"operator": "Exists"}]
    pods.run(**fields)
    assert pods.until(lambda pod: pod.spec.node_name).spec.node_name == tainted


def test_a_pod_is_scheduled_when_it_fits_at_last(core, pods, namespace, refusal, workers):
    refusal(spec={"nodeSelector": {"conformance.example.com/late": "yes"}})
    label = {"metadata": {"labels": {"conformance.example.com/late": "yes"}}}
    core.patch_node(workers[0], label)
    try:
        assert pods.ready("refused").spec.node_name == workers[0]
    finally:
        label["metadata"]["labels"]["conformance.example.com/late"] = None
        core.patch_node(workers[0], label)


def test_a_cordoned_node_is_tainted_and_takes_no_new_pod(core, refusal, cordoned, eventually):
    def taints():
        return {(one.key, one.effect) for one in core.read_node(cordoned).spec.taints or []}

    eventually(lambda: ("node.kubernetes.io/unschedulable", "NoSchedule") in taints())
    assert "1 node(s) were unschedulable" in refusal(**on(cordoned))


def test_a_cordoned_node_keeps_the_pods_it_has(core, pods, workers, eventually):
    pods.run(**on(workers[0]))
    pods.ready()
    core.patch_node(workers[0], {"spec": {"unschedulable": True}})
    try:
        eventually(lambda: core.read_node(workers[0]).spec.taints)
        pods.run(name="next")
        assert pods.ready("next").spec.node_name != workers[0]
        assert pods.get().status.phase == "Running"
    finally:
        core.patch_node(workers[0], {"spec": {"unschedulable": None}})
    eventually(lambda: not core.read_node(workers[0]).spec.taints)


def test_pods_of_one_set_are_spread_over_the_nodes(
    apps, core, namespace, workers, eventually, idle_deployment
):
    body = idle_deployment("spread", replicas=2 * len(workers), paused=False)
    body["spec"]["template"]["spec"] = {
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"]}],
    }
    apps.create_namespaced_deployment(namespace, body)

    def placed():
        nodes = [one.spec.node_name for one in core.list_namespaced_pod(namespace).items]
        return nodes if len(nodes) == 2 * len(workers) and all(nodes) else None

    assert set(eventually(placed)) == set(workers)


def test_pods_that_avoid_each_other_are_on_different_nodes(pods, refusal, workers):
    term = {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": {"app": "lonely"}},
    }
    rule = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    taken = set()
    for number in range(len(workers)):
        name = f"p{number}"
        pods.run(name=name, labels={"app": "lonely"}, spec={"affinity": rule})
        taken.add(pods.until(lambda pod: pod.spec.node_name, name).spec.node_name)
    assert taken == set(workers)
    message = refusal(labels={"app": "lonely"}, spec={"affinity": rule})
    assert f"{len(workers)} node(s) didn't match pod anti-affinity rules" in message


def test_a_required_spread_may_leave_a_pod_without_a_node(pods, refusal, cordoned):
    constraint = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "even"}},
    }
    fields = {"labels": {"app": "even"}, "spec": {"topologySpreadConstraints": [constraint]}}
    pods.run(**fields)
    pods.until(lambda pod: pod.spec.node_name)
    # The cordoned node has none, so no other may have two.
    assert "node(s) didn't match pod topology spread constraints" in refusal(**fields)


def test_a_gated_pod_waits_until_the_gate_is_removed(core, pods, namespace):
    pods.run(spec={"schedulingGates": [{"name": "example.com/wait"}]})
    pod = pods.until(lambda pod: pod.status.conditions)
    [told] = [one for one in pod.status.conditions if one.type == "PodScheduled"]
    assert (told.status, told.reason) == ("False", "SchedulingGated")
    assert told.message == "Scheduling is blocked due to non-empty scheduling gates"
    assert told.last_transition_time >= pod.metadata.creation_timestamp
    core.patch_namespaced_pod("p", namespace, {"spec": {"schedulingGates": None}})
    pods.ready()


def test_a_pod_of_another_scheduler_is_left_alone_and_may_be_bound_by_anyone(
    core, pods, send, namespace, workers
):
    pods.run(spec={"schedulerName": "by-hand"})
    pods.run(name="marker")
    # The scheduler has come past when the later pod has a node.
    pods.until(lambda pod: pod.spec.node_name, "marker")
    assert pods.get().spec.node_name is None
    body = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": workers[1]}}
    send("POST", f"/api/v1/namespaces/{namespace}/pods/p/binding", body=body).checked()
    assert pods.ready().spec.node_name == workers[1]

"""Pods as objects: defaults, what may change, binding, eviction, and the subresources."""

from __future__ import annotations

import pytest


@pytest.fixture
def create(core, namespace):
    """Create a pod that no scheduler takes: it stays as the API server made it."""

    def call(name="p", containers=None, **spec):
        containers = containers or [{"name": "a", "image": "busybox:1.37"}]
        spec = {"schedulerName": "by-hand", "containers": containers, **spec}
        return core.create_namespaced_pod(namespace, {"metadata": {"name": name}, "spec": spec})

    return call


def test_a_small_pod_is_filled_up_with_defaults(create):
    made = create()
    assert (made.status.phase, made.status.qos_class) == ("Pending", "BestEffort")
    assert made.metadata.generation == 1
    spec = made.spec
    assert (spec.restart_policy, spec.dns_policy) == ("Always", "ClusterFirst")
    assert spec.termination_grace_period_seconds == 30
    assert spec.enable_service_links is True
    assert spec.security_context is not None
    assert spec.preemption_policy == "PreemptLowerPriority"
    [container] = spec.containers
    assert container.image_pull_policy == "IfNotPresent"
    assert container.termination_message_path == "/dev/termination-log"
    assert container.termination_message_policy == "File"


def test_a_pod_tolerates_a_lost_node_for_five_minutes(create):
    tolerations = {one.key: one for one in create().spec.tolerations}
    assert set(tolerations) == {
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    }
    for one in tolerations.values():
        assert (one.operator, one.effect, one.toleration_seconds) == ("Exists", "NoExecute", 300)


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("busybox", "Always"),
        ("busybox:latest", "Always"),
        ("busybox:1.37", "IfNotPresent"),
        ("localhost:5000/team/app:2", "IfNotPresent"),
        ("localhost:5000/team/app", "Always"),
        ("busybox@sha256:" + "0" * 64, "IfNotPresent"),
    ],
)
def test_only_an_image_without_a_fixed_tag_is_always_pulled(create, image, policy):
    [container] = create(containers=[{"name": "a", "image": image}]).spec.containers
    assert container.image_pull_policy == policy


def test_probes_and_ports_are_filled_up(create):
    [container] = create(
        containers=[
            {
                "name": "a",
                "image": "busybox:1.37",
                "ports": [{"containerPort": 8080}],
                "readinessProbe": {"httpGet": {"port": 8080}},
            }
        ]
    ).spec.containers
    assert container.ports[0].protocol == "TCP"
    probe = container.readiness_probe
    assert (probe.http_get.path, probe.http_get.scheme) == ("/", "HTTP")
    assert (probe.timeout_seconds, probe.period_seconds) == (1, 10)
    assert (probe.success_threshold, probe.failure_threshold) == (1, 3)


@pytest.mark.parametrize(
    ("resources", "requests", "quality"),
    [
        ({}, None, "BestEffort"),
        ({"requests": {"cpu": "10m"}}, {"cpu": "10m"}, "Burstable"),
        (
            {"limits": {"cpu": "1500m", "memory": "128Mi"}},
            {"cpu": "1500m", "memory": "128Mi"},
            "Guaranteed",
        ),
        (
            {"requests": {"cpu": "1"}, "limits": {"cpu": "1", "memory": "8Mi"}},
            {"cpu": "1", "memory": "8Mi"},
            "Guaranteed",
        ),
        ({"limits": {"memory": "8Mi"}}, {"memory": "8Mi"}, "Burstable"),
    ],
)
def test_limits_become_requests_and_decide_the_quality(create, resources, requests, quality):
    container = {"name": "a", "image": "busybox:1.37", "resources": resources}
    made = create(containers=[container])
    assert made.spec.containers[0].resources.requests == requests
    assert made.status.qos_class == quality


def test_a_status_that_comes_with_a_new_pod_is_ignored(core, namespace):
    body = {
        "metadata": {"name": "p"},
        "spec": {"schedulerName": "by-hand", "containers": [{"name": "a", "image": "i:1"}]},
        "status": {"phase": "Running", "message": "mine"},
    }
    made = core.create_namespaced_pod(namespace, body)
    assert (made.status.phase, made.status.message) == ("Pending", None)


def test_almost_nothing_of_a_pods_spec_can_be_changed(core, namespace, create, refused):
    create()
    status = refused(core.patch_namespaced_pod, "p", namespace, {"spec": {"hostname": "other"}})
    assert status["message"].startswith(
        'Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than '
        "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        "`spec.tolerations` (only additions to existing tolerations),"
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously "
        "negative)"
    )


def test_the_image_of_a_container_can_be_changed(core, namespace, create):
    create()
    containers = [{"name": "a", "image": "busybox:1.38"}]
    changed = core.patch_namespaced_pod("p", namespace, {"spec": {"containers": containers}})
    assert changed.spec.containers[0].image == "busybox:1.38"
    assert changed.metadata.generation == 2


def test_a_pod_that_was_never_scheduled_goes_at_once(core, send, namespace, create, gone):
    create()
    deleted = send("DELETE", f"/api/v1/namespaces/{namespace}/pods/p").checked()
    assert (deleted["kind"], deleted["metadata"]["deletionGracePeriodSeconds"]) == ("Pod", 0)
    assert gone(core.read_namespaced_pod, "p", namespace)


# --- status ----------------------------------------------------------------------------------


def test_the_status_is_written_through_its_subresource_only(core, namespace, create):
    create()
    ignored = core.patch_namespaced_pod("p", namespace, {"status": {"message": "ignored"}})
    assert ignored.status.message is None
    body = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"activeDeadlineSeconds": 9},
        "status": {"message": "told"},
    }
    told = core.patch_namespaced_pod_status("p", namespace, body)
    assert told.status.message == "told"
    assert told.spec.active_deadline_seconds is None
    assert told.metadata.labels == {"a": "b"}
    assert core.read_namespaced_pod_status("p", namespace).status.message == "told"


# --- binding ---------------------------------------------------------------------------------


@pytest.fixture
def bind(send, namespace):
    def call(target, **meta):
        path = f"/api/v1/namespaces/{namespace}/pods/p/binding"
        body = {"metadata": {"name": "p", **meta}, "target": target}
        return send("POST", path, body=body)

    return call


def test_binding_gives_a_pod_its_node_once(core, namespace, create, bind):
    create()
    answer = bind({"kind": "Node", "name": "nowhere"})
    assert (answer.code, answer.body["status"]) == (201, "Success")
    bound = core.read_namespaced_pod("p", namespace)
    assert bound.spec.node_name == "nowhere"
    [condition] = [one for one in bound.status.conditions if one.type == "PodScheduled"]
    assert condition.status == "True"
    answer = bind({"kind": "Node", "name": "elsewhere"})
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")
    assert answer.body["message"] == (
        'Operation cannot be fulfilled on pods/binding "p": '
        'pod p is already assigned to node "nowhere"'
    )
    core.delete_namespaced_pod("p", namespace, grace_period_seconds=0)


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
def test_binding_means_one_pod_in_one_state(create, bind, field):
    create()
    answer = bind({"kind": "Node", "name": "nowhere"}, **{field: "1"})
    assert (answer.code, answer.body["details"]["kind"]) == (409, "pods")
    assert "Precondition failed: " in answer.body["message"]


def test_binding_needs_a_node_by_name(create, bind):
    create()
    answer = bind({})
    assert (answer.code, answer.body["message"]) == (500, "target.name: Required value")


def test_the_node_name_cannot_be_changed_by_an_update(core, namespace, create, refused):
    create()
    status = refused(core.patch_namespaced_pod, "p", namespace, {"spec": {"nodeName": "n"}})
    assert status["code"] == 422


def test_a_pod_of_a_scheduling_gate_cannot_be_bound(create, bind):
    create(schedulingGates=[{"name": "example.com/wait"}])
    answer = bind({"kind": "Node", "name": "nowhere"})
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")
    assert answer.body["message"] == (
        'Operation cannot be fulfilled on pods/binding "p": '
        "pod p has non-empty .spec.schedulingGates"
    )


# --- eviction --------------------------------------------------------------------------------


def test_an_eviction_deletes_the_pod(core, send, namespace, create, gone):
    create()
    path = f"/api/v1/namespaces/{namespace}/pods/p/eviction"
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    answer = send("POST", path, body=body)
    assert (answer.code, answer.body["status"]) == (201, "Success")
    assert gone(core.read_namespaced_pod, "p", namespace)
    assert send("POST", path, body=body).body["message"] == 'pods "p" not found'


# --- logs of pods that never ran -------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        (
            {},
            400,
            "a container name must be specified for pod p, choose one of: [a b]",
        ),
        ({"container": "z"}, 400, "container z is not valid for pod p"),
        (
            {"container": "a", "tailLines": -1},
            422,
            'PodLogOptions "p" is invalid: tailLines: Invalid value: -1: '
            "must be greater than or equal to 0",
        ),
    ],
    ids=["no_name", "unknown_name", "negative_lines"],
)
def test_a_log_that_cannot_be_read_says_why(send, namespace, create, query, code, message):
    create(containers=[{"name": name, "image": "busybox:1.37"} for name in "ab"])
    answer = send("GET", f"/api/v1/namespaces/{namespace}/pods/p/log", query=query)
    assert (answer.code, answer.body["message"]) == (code, message)


def test_the_log_of_an_unscheduled_pod_has_no_content(send, namespace, create):
    create()
    answer = send("GET", f"/api/v1/namespaces/{namespace}/pods/p/log")
    assert (answer.code, answer.body) == (204, "")


# --- finding pods ----------------------------------------------------------------------------


def test_pods_are_found_by_node_and_phase(core, namespace, create):
    create("bound", nodeName="paper-node-of-a-test")
    create("free")

    def names(selector):
        found = core.list_namespaced_pod(namespace, field_selector=selector).items
        return [one.metadata.name for one in found]

    assert names("spec.nodeName=paper-node-of-a-test") == ["bound"]
    assert names("spec.nodeName=") == ["free"]
    assert "free" in names("status.phase!=Succeeded,status.phase!=Failed")
    assert names("status.phase=Running") == []
    core.delete_namespaced_pod("bound", namespace, grace_period_seconds=0)

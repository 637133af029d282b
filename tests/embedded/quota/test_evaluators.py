from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kubelearn.embedded.quota.evaluators import evaluator_of, evaluators_for
from kubelearn.objects import timestamp

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def pod(*, meta=None, phase="Pending", qos="Burstable", **spec):
    resources = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2"}}
    return {
        "metadata": {"name": "p", **(meta or {})},
        "spec": {"containers": [{"name": "a", "resources": resources}], **spec},
        "status": {"phase": phase, "qosClass": qos},
    }


def used(plural, obj):
    return evaluator_of("", plural).usage(obj, now=NOW)


def quota(*scopes, **selector):
    return {"spec": {"scopes": list(scopes), **selector}}


def test_a_pod_uses_what_it_requests_under_all_its_names() -> None:
    assert used("pods", pod()) == {
        "count/pods": "1",
        "pods": "1",
        "cpu": "1",
        "requests.cpu": "1",
        "limits.cpu": "2",
        "memory": "1Gi",
        "requests.memory": "1Gi",
    }


def test_devices_count_by_their_requests_only() -> None:
    resources = {"requests": {"example.com/gpu": "2", "hugepages-2Mi": "4Mi"}}
    found = used("pods", pod(containers=[{"name": "a", "resources": resources}]))
    assert found["requests.example.com/gpu"] == "2"
    assert "example.com/gpu" not in found
    assert found["hugepages-2Mi"] == found["requests.hugepages-2Mi"] == "4Mi"


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_is_still_there_and_uses_nothing_more(phase) -> None:
    assert used("pods", pod(phase=phase)) == {"count/pods": "1"}


def test_a_pod_that_should_be_gone_by_now_uses_nothing() -> None:
    deleted = timestamp(NOW - timedelta(seconds=31))
    meta = {"deletionTimestamp": deleted, "deletionGracePeriodSeconds": 30}
    assert used("pods", pod(meta=meta)) == {"count/pods": "1"}
    meta["deletionTimestamp"] = timestamp(NOW - timedelta(seconds=30))
    assert "pods" in used("pods", pod(meta=meta))


@pytest.mark.parametrize(
    ("spec", "node_ports", "balancers"),
    [
        ({"type": "ClusterIP"}, "0", "0"),
        ({"type": "NodePort"}, "2", "0"),
        ({"type": "LoadBalancer"}, "2", "1"),
        ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False}, "1", "1"),
    ],
)
def test_a_service_uses_the_ports_of_its_type(spec, node_ports, balancers) -> None:
    ports = [{"port": 80, "nodePort": 30080}, {"port": 81}]
    found = used("services", {"spec": {"ports": ports, **spec}})
    assert (found["services.nodeports"], found["services.loadbalancers"]) == (node_ports, balancers)


def test_a_claim_uses_storage_of_its_class_too() -> None:
    spec = {"storageClassName": "fast", "resources": {"requests": {"storage": "1.5"}}}
    assert used("persistentvolumeclaims", {"spec": spec}) == {
        "count/persistentvolumeclaims": "1",
        "persistentvolumeclaims": "1",
        "requests.storage": "2",
        "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
        "fast.storageclass.storage.k8s.io/requests.storage": "2",
    }


def test_every_kind_can_be_counted_and_old_ones_by_their_name() -> None:
    widgets = evaluator_of("example.com", "widgets")
    assert widgets.usage({}, now=NOW) == {"count/widgets.example.com": "1"}
    assert used("secrets", {}) == {"secrets": "1", "count/secrets": "1"}
    found = evaluators_for(["pods", "secrets", "count/jobs.batch", "requests.storage", "nonsense"])
    assert [each.plural for each in found] == [
        "persistentvolumeclaims",
        "pods",
        "secrets",
        "jobs",
    ]


@pytest.mark.parametrize(
    ("scopes", "covered"),
    [
        (quota(), True),
        (quota("Terminating"), False),
        (quota("NotTerminating"), True),
        (quota("BestEffort"), False),
        (quota("NotBestEffort", "NotTerminating"), True),
        (quota("PriorityClass"), True),
        (quota("CrossNamespacePodAffinity"), False),
    ],
)
def test_a_scope_is_a_part_of_the_pods(scopes, covered) -> None:
    assert evaluator_of("", "pods").covers(scopes, pod(priorityClassName="high")) is covered


@pytest.mark.parametrize(
    ("operator", "values", "covered"),
    [
        ("In", ["high", "low"], True),
        ("In", ["low"], False),
        ("NotIn", ["low"], True),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
    ],
)
def test_a_selector_chooses_priority_classes(operator, values, covered) -> None:
    expression = {"scopeName": "PriorityClass", "operator": operator, "values": values}
    selected = quota(scopeSelector={"matchExpressions": [expression]})
    assert evaluator_of("", "pods").covers(selected, pod(priorityClassName="high")) is covered


def test_a_quota_with_scopes_is_not_about_kinds_without() -> None:
    assert not evaluator_of("", "secrets").matches(quota("BestEffort"), ["secrets"], {})


def test_containers_must_say_what_the_quota_is_about() -> None:
    pods = evaluator_of("", "pods")
    silent = pod(containers=[{"name": "b"}, {"name": "a"}])
    names = {"limits.cpu", "pods", "memory", "limits.ephemeral-storage"}
    assert pods.missing(names, silent) == "must specify limits.cpu for: a,b; memory for: a,b"
    assert pods.missing(names, pod()) == ""
    whole = pod(containers=[{"name": "a"}], resources={"requests": {"cpu": "1"}})
    assert pods.missing(names, whole) == ""

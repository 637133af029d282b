"""HorizontalPodAutoscalers: as many pods as their load needs."""

from __future__ import annotations

import pytest
from kubernetes import client

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def autoscaling(api):
    return client.AutoscalingV2Api(api)


@pytest.fixture
def deploy(apps, namespace):
    """Make a Deployment of one pod that runs a shell script."""

    def make(script="sleep 3600", name="web", **resources):
        container = {
            "name": "a",
            "image": "busybox:1.37",
            "command": ["sh", "-c", script],
            "resources": resources,
        }
        labels = {"app": name}
        pod = {"terminationGracePeriodSeconds": 0, "containers": [container]}
        spec = {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        }
        apps.create_namespaced_deployment(namespace, {"metadata": {"name": name}, "spec": spec})

    return make


@pytest.fixture
def autoscale(autoscaling, namespace):
    def make(name="web", **spec):
        target = {"type": "Utilization", "averageUtilization": 50}
        spec = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
            **spec,
        }
        body = {"metadata": {"name": name}, "spec": spec}
        autoscaling.create_namespaced_horizontal_pod_autoscaler(namespace, body)

    return make


@pytest.fixture
def condition(autoscaling, namespace, eventually):
    """Wait for a condition of an autoscaler that has this reason."""

    def wait(kind, reason, name="web"):
        def found():
            hpa = autoscaling.read_namespaced_horizontal_pod_autoscaler(name, namespace)
            for each in (hpa.status and hpa.status.conditions) or []:
                if (each.type, each.reason) == (kind, reason):
                    return each
            return None

        return eventually(found, within=180)

    return wait


@pytest.fixture
def replicas(apps, namespace):
    return lambda name="web": apps.read_namespaced_deployment(name, namespace).spec.replicas


@pytest.mark.usefixtures("_metrics")
def test_a_busy_pod_gets_help(core, namespace, deploy, autoscale, replicas, condition, eventually):
    deploy("while :; do :; done", requests={"cpu": "20m"})
    autoscale()
    eventually(lambda: replicas() > 1, within=180)
    condition("ScalingActive", "ValidMetricFound")
    eventually(
        lambda: any(
            event.reason == "SuccessfulRescale"
            and "cpu resource utilization (percentage of request) above target" in event.message
            for event in core.list_namespaced_event(namespace).items
        )
    )


def test_there_are_at_least_as_many_as_the_minimum(deploy, autoscale, replicas, eventually):
    deploy(requests={"cpu": "10m"})
    autoscale(minReplicas=2)
    eventually(lambda: replicas() == 2)


@pytest.mark.usefixtures("_metrics")
def test_a_percentage_needs_requests(deploy, autoscale, condition):
    deploy()
    autoscale()
    found = condition("ScalingActive", "FailedGetResourceMetric")
    assert found.status == "False"


def test_a_target_that_is_not_there_is_named(autoscale, condition):
    autoscale("absent")
    found = condition("AbleToScale", "FailedGetScale", "absent")
    assert found.message == (
        "the HPA controller was unable to get the target's current scale: "
        'deployments.apps "absent" not found'
    )

from __future__ import annotations

from datetime import timedelta

import pytest

from kubelearn.embedded.controllers.podautoscaler.controller import HorizontalController
from kubelearn.embedded.controllers.podautoscaler.metrics import POD_METRICS
from kubelearn.objects import (
    EVENTS,
    HORIZONTAL_POD_AUTOSCALERS,
    PODS,
    Resource,
    condition,
    timestamp,
)

# A kind whose objects look like their scale, which is all that an autoscaler sees of them.
WIDGETS = Resource("example.com", "v1", "widgets", "Widget")
STARTED = "2026-01-01T11:00:00Z"


@pytest.fixture
def discovered(api, monkeypatch):
    """Discovery knows the kind Widget."""
    kind = {"resource": "widgets", "responseKind": {"kind": "Widget"}, "scope": "Namespaced"}
    version = {"version": "v1", "resources": [{**kind, "verbs": ["get", "list"]}]}
    group = {"metadata": {"name": "example.com"}, "versions": [version]}

    async def request(method, path, **_):
        return {"items": [group] if path == "/apis" else []}

    monkeypatch.setattr(api, "request", request)


@pytest.fixture
async def widget(api, discovered):
    """The target: two replicas, found by a label."""
    body = {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"replicas": 2},
        "status": {"replicas": 2, "selector": "app=web"},
    }
    return await api.create(WIDGETS, body)


@pytest.fixture
def autoscale(api):
    async def create(name="hpa", *, metrics=None, kind="Widget", **spec):
        target = {"type": "Utilization", "averageUtilization": 50}
        cpu = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
        reference = {"apiVersion": "example.com/v1", "kind": kind, "name": "web"}
        spec = {"maxReplicas": 10, "metrics": metrics or [cpu], "scaleTargetRef": reference, **spec}
        body = {"metadata": {"name": name, "namespace": "default"}, "spec": spec}
        await api.create(HORIZONTAL_POD_AUTOSCALERS, body)

    return create


@pytest.fixture
def load(api, clock, make_pod):
    """Pods of the target that use so much CPU."""

    async def create(*amounts):
        for number, amount in enumerate(amounts):
            pod = make_pod(f"p{number}", labels={"app": "web"}, phase="Running", ready=True)
            resources = {"requests": {"cpu": "100m", "memory": "1Mi"}}
            pod["spec"]["containers"] = [{"name": "a", "resources": resources}]
            pod["status"]["startTime"] = STARTED
            pod["status"]["conditions"][0]["lastTransitionTime"] = STARTED
            await api.create(PODS, pod)
            usage = {"cpu": amount, "memory": "3Mi"}
            moment = timestamp(clock.now() - timedelta(seconds=1))
            metrics = {"timestamp": moment, "window": "15s"}
            metrics["containers"] = [{"name": "a", "usage": usage}]
            meta = {"name": f"p{number}", "namespace": "default"}
            await api.create(POD_METRICS, {"metadata": meta, **metrics})

    return create


def why(api, kind):
    found = condition(api.one(HORIZONTAL_POD_AUTOSCALERS), kind)
    return (found["status"], found["reason"])


def events(api):
    return [(each["reason"], each["message"]) for each in api.objects(EVENTS)]


async def test_load_makes_more_replicas(api, clock, start, widget, autoscale, load):
    await load("100m", "100m")
    await autoscale()
    async with start(HorizontalController):
        await clock.advance(14)
        assert api.one(WIDGETS)["spec"]["replicas"] == 2
        await clock.advance(1)
        assert api.one(WIDGETS)["spec"]["replicas"] == 4
        status = api.one(HORIZONTAL_POD_AUTOSCALERS)["status"]
        assert (status["currentReplicas"], status["desiredReplicas"]) == (2, 4)
        assert status["lastScaleTime"] == timestamp(clock.now())
        current = {"averageUtilization": 100, "averageValue": "100m"}
        assert status["currentMetrics"] == [
            {"type": "Resource", "resource": {"name": "cpu", "current": current}}
        ]
        assert why(api, "AbleToScale") == ("True", "SucceededRescale")
        assert why(api, "ScalingActive") == ("True", "ValidMetricFound")
        assert why(api, "ScalingLimited") == ("False", "DesiredWithinRange")
        reason = "cpu resource utilization (percentage of request) above target"
        assert ("SuccessfulRescale", f"New size: 4; reason: {reason}") in events(api)


async def test_little_load_makes_fewer_after_five_minutes(
    api, clock, start, widget, autoscale, load
):
    await load("1m", "1m")
    await autoscale()
    async with start(HorizontalController):
        await clock.advance(15)
        assert why(api, "AbleToScale") == ("True", "ScaleDownStabilized")
        assert api.one(WIDGETS)["spec"]["replicas"] == 2
        await clock.advance(315)
        assert api.one(WIDGETS)["spec"]["replicas"] == 1
        assert ("SuccessfulRescale", "New size: 1; reason: All metrics below target") in events(api)


async def test_the_metric_that_asks_for_most_wins(api, clock, start, widget, autoscale, load):
    await load("10m", "10m")
    memory = {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Mi"}}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
    container = {"container": "a", **cpu}
    await autoscale(
        metrics=[
            {"type": "ContainerResource", "containerResource": container},
            {"type": "Resource", "resource": memory},
        ]
    )
    async with start(HorizontalController):
        await clock.advance(15)
        # Three times too much memory would be six replicas, but it at most doubles.
        assert api.one(WIDGETS)["spec"]["replicas"] == 4
        assert why(api, "ScalingLimited") == ("True", "ScaleUpLimit")
        reported = api.one(HORIZONTAL_POD_AUTOSCALERS)["status"]["currentMetrics"]
        assert reported[1]["resource"]["current"] == {"averageValue": "3Mi"}
        assert reported[0]["containerResource"]["container"] == "a"


async def test_bounds_hold_without_any_metric(api, clock, start, widget, autoscale):
    await autoscale(minReplicas=3)
    async with start(HorizontalController):
        await clock.advance(15)
        assert api.one(WIDGETS)["spec"]["replicas"] == 3
        words = "New size: 3; reason: Current number of replicas below Spec.MinReplicas"
        assert ("SuccessfulRescale", words) in events(api)


async def test_a_target_of_none_is_left_alone(api, clock, start, widget, autoscale, load):
    await api.update(WIDGETS, {**widget, "spec": {"replicas": 0}})
    await autoscale()
    async with start(HorizontalController):
        await clock.advance(15)
        assert api.one(WIDGETS)["spec"]["replicas"] == 0
        assert why(api, "ScalingActive") == ("False", "ScalingDisabled")


async def test_without_metrics_nothing_changes_and_the_status_says_why(
    api, clock, start, widget, autoscale
):
    await autoscale()
    async with start(HorizontalController):
        await clock.advance(15)
        problem = (
            "failed to get cpu utilization: unable to get metrics for resource cpu: "
            "no metrics returned from resource metrics API"
        )
        found = condition(api.one(HORIZONTAL_POD_AUTOSCALERS), "ScalingActive")
        assert found["reason"] == "FailedGetResourceMetric"
        assert found["message"] == f"the HPA was unable to compute the replica count: {problem}"
        assert ("FailedGetResourceMetric", problem) in events(api)
        first = f"first error is: failed to get cpu resource metric value: {problem}"
        words = f"invalid metrics (1 invalid out of 1), {first}"
        assert ("FailedComputeMetricsReplicas", words) in events(api)
        status = api.one(HORIZONTAL_POD_AUTOSCALERS)["status"]
        assert (status["currentReplicas"], status["desiredReplicas"]) == (2, 0)


async def test_a_metric_that_fails_does_not_keep_others_from_scaling_up(
    api, clock, start, widget, autoscale, load
):
    await load("100m", "100m")
    target = {"type": "Utilization", "averageUtilization": 50}
    custom = {"metric": {"name": "hits"}, "target": {"type": "AverageValue", "averageValue": "1"}}
    metrics = [
        {"type": "Pods", "pods": custom},
        {"type": "Resource", "resource": {"name": "cpu", "target": target}},
    ]
    await autoscale(metrics=metrics)
    async with start(HorizontalController):
        await clock.advance(15)
        assert api.one(WIDGETS)["spec"]["replicas"] == 4
        assert "FailedGetPodsMetric" in dict(events(api))
        assert why(api, "ScalingActive") == ("True", "ValidMetricFound")


async def test_a_target_that_is_not_there_is_named(api, clock, start, discovered, autoscale):
    await autoscale()
    async with start(HorizontalController):
        await clock.advance(15)
        assert why(api, "AbleToScale") == ("False", "FailedGetScale")


async def test_a_kind_that_is_not_there_is_named(api, clock, start, discovered, autoscale):
    await autoscale(kind="Gadget")
    async with start(HorizontalController):
        await clock.advance(15)
        found = condition(api.one(HORIZONTAL_POD_AUTOSCALERS), "AbleToScale")
        assert found["message"] == (
            "the HPA controller was unable to get the target's current scale: "
            'no matches for kind "Gadget" in group "example.com"'
        )


async def test_two_autoscalers_of_the_same_pods_are_one_too_many(
    api, clock, start, widget, autoscale, load
):
    await load("100m", "100m")
    await autoscale("one")
    await autoscale("two")
    async with start(HorizontalController):
        await clock.advance(30)
        told = dict(events(api))
        assert told["AmbiguousSelector"] == (
            "pods by selector app=web are controlled by multiple HPAs: [default/one default/two]"
        )


async def test_a_conflict_is_settled_by_trying_again(
    api, clock, start, widget, autoscale, load, monkeypatch
):
    await load("100m", "100m")
    await autoscale()
    get = api.get

    async def stale(resource, name, namespace=None, *, sub=""):
        found = await get(resource, name, namespace, sub=sub)
        monkeypatch.setattr(api, "get", get)
        return {**found, "metadata": {**found["metadata"], "resourceVersion": "0"}}

    monkeypatch.setattr(api, "get", stale)
    async with start(HorizontalController):
        await clock.advance(15)
        assert api.one(WIDGETS)["spec"]["replicas"] == 4

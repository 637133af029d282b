"""PodDisruptionBudgets: how many pods may be evicted at the same time."""

from __future__ import annotations

import pytest
from kubernetes import client

pytestmark = pytest.mark.needs_nodes


def test_an_eviction_waits_for_the_budget(api, core, pods, namespace, refused, eventually):
    policy = client.PolicyV1Api(api)
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    policy.create_namespaced_pod_disruption_budget(
        namespace, {"metadata": {"name": "guard"}, "spec": spec}
    )

    def allowed():
        status = policy.read_namespaced_pod_disruption_budget("guard", namespace).status
        return status and (status.current_healthy, status.disruptions_allowed)

    def evict(name):
        body = client.V1Eviction(metadata=client.V1ObjectMeta(name=name, namespace=namespace))
        return core.create_namespaced_pod_eviction(name, namespace, body)

    for name in ("one", "two"):
        pods.run(name=name, labels={"app": "web"}, spec={"restartPolicy": "Always"})
        pods.ready(name)
        if name == "one":
            eventually(lambda: allowed() == (1, 0))
            status = refused(evict, "one")
            assert (status["code"], status["reason"]) == (429, "TooManyRequests")
            assert status["details"]["causes"][0]["reason"] == "DisruptionBudget"
    eventually(lambda: allowed() == (2, 1))
    evict("one")
    eventually(lambda: allowed() == (1, 0))


def test_a_budget_that_guards_nothing_says_so(api, core, namespace, eventually):
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "nobody"}}}
    client.PolicyV1Api(api).create_namespaced_pod_disruption_budget(
        namespace, {"metadata": {"name": "guard"}, "spec": spec}
    )
    field = "involvedObject.kind=PodDisruptionBudget,reason=NoPods"
    [event] = eventually(lambda: core.list_namespaced_event(namespace, field_selector=field).items)
    assert (event.message, event.source.component) == (
        "No matching pods found",
        "controllermanager",
    )

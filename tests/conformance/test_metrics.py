"""What nodes and pods use: the API of the metrics server, where there is one."""

from __future__ import annotations

import pytest
from kubernetes import client

pytestmark = pytest.mark.needs_nodes

GROUP, VERSION = "metrics.k8s.io", "v1beta1"


@pytest.fixture
def metrics(api, _metrics):
    return client.CustomObjectsApi(api)


@pytest.fixture
def used(metrics, namespace, eventually):
    """What a pod uses; waits until it is measured."""

    def read(name="p"):
        found = eventually(
            lambda: metrics.get_namespaced_custom_object(GROUP, VERSION, namespace, "pods", name),
            within=120,
        )
        return {each["name"]: each["usage"] for each in found["containers"]}

    return read


def nanocores(text):
    units = {"n": 1, "u": 1_000, "m": 1_000_000}
    return int(text[:-1]) * units[text[-1]] if text[-1] in units else int(text) * 10**9


def test_a_busy_pod_uses_cpu_and_memory(pods, used):
    pods.run("while :; do :; done")
    usage = used()["a"]
    assert nanocores(usage["cpu"]) > 10_000_000
    assert usage["memory"].endswith("Ki") or usage["memory"].endswith("Mi")


def test_pods_are_chosen_by_their_labels(pods, metrics, namespace, used):
    pods.run("sleep 600", name="one", labels={"app": "one"})
    pods.run("sleep 600", name="two", labels={"app": "two"})
    used("one"), used("two")
    found = metrics.list_namespaced_custom_object(
        GROUP, VERSION, namespace, "pods", label_selector="app=two"
    )
    assert [each["metadata"]["name"] for each in found["items"]] == ["two"]


def test_a_pod_that_is_not_there_has_no_metrics(metrics, namespace, refused):
    status = refused(
        metrics.get_namespaced_custom_object, GROUP, VERSION, namespace, "pods", "none"
    )
    assert (status["code"], status["reason"]) == (404, "NotFound")


def test_every_node_says_what_it_uses(metrics, machines, eventually):
    def names():
        found = metrics.list_cluster_custom_object(GROUP, VERSION, "nodes")["items"]
        return {each["metadata"]["name"] for each in found if {"cpu", "memory"} <= {*each["usage"]}}

    eventually(lambda: names() >= set(machines), within=120)


def test_the_api_says_who_serves_it(api):
    registration = client.ApiregistrationV1Api(api)
    found = {each.metadata.name: each for each in registration.list_api_service().items}
    assert {"v1.", "v1.apps", "v1.batch"} <= found.keys()
    [available] = found["v1.apps"].status.conditions
    assert (available.type, available.status, available.reason) == ("Available", "True", "Local")

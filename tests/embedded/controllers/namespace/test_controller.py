from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.namespace.controller import NamespaceController
from kubelearn.objects import CONFIG_MAPS, NAMESPACES, PODS, condition


def served(plural, kind):
    return {
        "resource": plural,
        "responseKind": {"kind": kind},
        "scope": "Namespaced",
        "verbs": ["delete", "deletecollection", "list"],
    }


@pytest.fixture
def emptied(api, monkeypatch):
    """The order in which collections were deleted."""
    order = []

    async def request(method, path, **_):
        if method == "GET":
            resources = [served("configmaps", "ConfigMap"), served("pods", "Pod")]
            group = {"metadata": {}, "versions": [{"version": "v1", "resources": resources}]}
            return {"items": [group] if path == "/api" else []}
        order.append(path.rpartition("/")[-1])
        resource = {"pods": PODS, "configmaps": CONFIG_MAPS}[order[-1]]
        for obj in api.objects(resource):
            if not obj["metadata"].get("deletionTimestamp"):
                await api.delete(resource, obj["metadata"]["name"], "default")
        return {}

    monkeypatch.setattr(api, "request", request)
    return order


@pytest.fixture
async def terminating(api):
    meta = {"name": "default", "deletionTimestamp": "2026-01-01T12:00:00Z", "finalizers": ["held"]}
    await api.create(
        NAMESPACES,
        {
            "metadata": meta,
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Terminating"},
        },
    )


@pytest.mark.usefixtures("terminating")
async def test_pods_go_first_then_the_rest_then_the_finalizer(api, clock, start, make_pod, emptied):
    held = {"finalizers": ["example.com/slow"]}
    await api.create(PODS, make_pod(meta=held, terminationGracePeriodSeconds=30))
    await api.create(CONFIG_MAPS, {"metadata": {"name": "c", "namespace": "default"}})
    async with start(NamespaceController):
        await clock.advance(1)
        namespace = api.one(NAMESPACES)
        assert set(emptied) == {"pods"}
        assert namespace["spec"]["finalizers"] == ["kubernetes"]
        assert condition(namespace, "NamespaceContentRemaining")["message"] == (
            "Some resources are remaining: pods. has 1 resource instances"
        )
        await api.remove(PODS, api.one(PODS))
        await clock.advance(0)  # the pod's end wakes it, long before its grace period is over
        assert emptied[-1] == "configmaps"
        namespace = api.one(NAMESPACES)
        assert namespace["spec"]["finalizers"] == []
        assert condition(namespace, "NamespaceContentRemaining")["status"] == "False"


async def test_a_living_namespace_is_left_alone(api, clock, start, emptied):
    await api.create(
        NAMESPACES, {"metadata": {"name": "default"}, "spec": {"finalizers": ["kubernetes"]}}
    )
    async with start(NamespaceController):
        await clock.advance(100)
    assert emptied == []

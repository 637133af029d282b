from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.endpointslice.controller import EndpointSliceController
from kubelearn.objects import ENDPOINT_SLICES, PODS, SERVICES


@pytest.fixture
def service():
    return {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "selector": {"app": "web"},
            "clusterIP": "127.64.128.9",
            "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}],
        },
    }


@pytest.fixture
def pod(make_pod):
    def make(name="web-1", **changes):
        defaults = {
            "labels": {"app": "web"},
            "ready": True,
            "phase": "Running",
            "status": {"podIPs": [{"ip": "127.64.2.1"}]},
        }
        return make_pod(name, **{**defaults, **changes})

    return make


@pytest.fixture
def endpoints(api):
    def read():
        return {
            endpoint["targetRef"]["name"]: endpoint["conditions"]["ready"]
            for item in api.objects(ENDPOINT_SLICES)
            for endpoint in item["endpoints"]
        }

    return read


async def test_endpoints_follow_pods_as_they_become_ready_and_go(
    api, clock, start, service, pod, endpoints
):
    await api.create(SERVICES, service)
    async with start(EndpointSliceController):
        made = await api.create(PODS, pod(ready=False))
        await clock.advance(1)
        assert endpoints() == {"web-1": False}
        made = await api.update(PODS, {**made, "status": pod()["status"]}, sub="status")
        await clock.advance(1)
        assert endpoints() == {"web-1": True}
        await api.remove(PODS, made)
        await clock.advance(1)
        assert endpoints() == {}
        assert len(api.objects(ENDPOINT_SLICES)) == 1


async def test_a_pod_that_has_ended_stays_until_something_else_changes(
    api, clock, start, service, pod, endpoints
):
    await api.create(SERVICES, service)
    made = await api.create(PODS, pod())
    async with start(EndpointSliceController):
        await clock.advance(1)
        # As a kubelet tells it: first that it is not ready, then that it is over.
        for phase in ("Running", "Succeeded"):
            status = pod(ready=False, phase=phase)["status"]
            made = await api.update(PODS, {**made, "status": status}, sub="status")
            await clock.advance(1)
            assert endpoints() == {"web-1": False}
        await api.create(PODS, pod("web-2"))
        await clock.advance(1)
        assert endpoints() == {"web-2": True}


async def test_a_pod_whose_labels_change_leaves_the_service(
    api, clock, start, service, pod, endpoints
):
    await api.create(SERVICES, service)
    await api.create(PODS, pod())
    async with start(EndpointSliceController):
        await clock.advance(1)
        assert endpoints() == {"web-1": True}
        await api.patch(PODS, "web-1", {"metadata": {"labels": {"app": "other"}}}, "default")
        await clock.advance(1)
        assert endpoints() == {}


async def test_a_service_without_a_selector_is_left_alone(api, clock, start, service):
    del service["spec"]["selector"]
    await api.create(SERVICES, service)
    async with start(EndpointSliceController):
        await clock.advance(1)
    assert api.objects(ENDPOINT_SLICES) == []


async def test_a_slice_that_somebody_deletes_comes_back(api, clock, start, service, pod, endpoints):
    await api.create(SERVICES, service)
    await api.create(PODS, pod())
    async with start(EndpointSliceController):
        await clock.advance(1)
        await api.remove(ENDPOINT_SLICES, api.one(ENDPOINT_SLICES))
        await clock.advance(1)
        assert endpoints() == {"web-1": True}


async def test_a_cache_that_lags_makes_no_second_slice(api, clock, start, service, pod):
    async with start(EndpointSliceController) as [controller]:
        api.lagging.add(ENDPOINT_SLICES)
        await api.create(SERVICES, service)
        await clock.advance(1)
        await controller.sync("default/web")
        assert len(api.objects(ENDPOINT_SLICES)) == 1


async def test_reports_that_change_no_endpoint_write_nothing(api, clock, start, service, pod):
    await api.create(SERVICES, service)
    made = await api.create(PODS, pod())
    async with start(EndpointSliceController):
        await clock.advance(1)
        before = len(api.requests)
        status = {**made["status"], "containerStatuses": [{"restartCount": 1}]}
        await api.update(PODS, {**made, "status": status}, sub="status")
        await clock.advance(1)
        assert [r for r in api.requests[before:] if "endpointslices" in r] == []

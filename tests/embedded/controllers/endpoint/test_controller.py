"""Endpoints objects beside Services."""

import pytest

from kubelearn.embedded.controllers.endpoint.controller import (
    CONTROLLER,
    LEADER,
    MANAGED_BY,
    OVER_CAPACITY,
    EndpointController,
)
from kubelearn.objects import ENDPOINTS, PODS, SERVICES


@pytest.fixture
def service():
    return {
        "metadata": {"name": "web", "namespace": "default", "labels": {"team": "a"}},
        "spec": {
            "selector": {"app": "web"},
            "clusterIP": "127.64.128.9",
            "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}],
        },
    }


@pytest.fixture
def pod(make_pod):
    status = {"podIPs": [{"ip": "127.64.2.1"}]}
    labels = {"app": "web"}
    return make_pod("web-1", labels=labels, ready=True, phase="Running", status=status)


async def test_endpoints_follow_pods_and_go_with_the_service(api, clock, start, service, pod):
    await api.create(SERVICES, service)
    async with start(EndpointController):
        await clock.advance(1)
        assert api.one(ENDPOINTS)["subsets"] == []
        await api.create(PODS, pod)
        await clock.advance(1)
        made = api.one(ENDPOINTS)
        assert made["metadata"]["labels"] == {"team": "a", MANAGED_BY: CONTROLLER}
        assert made["subsets"][0]["addresses"][0]["ip"] == "127.64.2.1"
        await api.delete(SERVICES, "web", "default")
        await clock.advance(1)
        assert api.objects(ENDPOINTS) == []


async def test_nothing_is_written_when_nothing_has_changed(api, clock, start, service, pod):
    await api.create(SERVICES, service)
    await api.create(PODS, pod)
    async with start(EndpointController):
        await clock.advance(1)
        before = api.one(ENDPOINTS)["metadata"]["resourceVersion"]
        await api.patch(PODS, "web-1", {"metadata": {"annotations": {"a": "b"}}}, "default")
        await clock.advance(1)
    async with start(EndpointController):
        await clock.advance(1)
    assert api.one(ENDPOINTS)["metadata"]["resourceVersion"] == before


async def test_endpoints_that_somebody_deletes_come_back(api, clock, start, service):
    await api.create(SERVICES, service)
    async with start(EndpointController):
        await clock.advance(1)
        await api.delete(ENDPOINTS, "web", "default")
        await clock.advance(1)
        assert api.one(ENDPOINTS)["metadata"]["name"] == "web"


async def test_a_service_without_a_selector_keeps_the_endpoints_that_it_is_given(
    api, clock, start, service
):
    del service["spec"]["selector"]
    await api.create(SERVICES, service)
    own = {"metadata": {"name": "web", "namespace": "default"}, "subsets": [{"addresses": []}]}
    await api.create(ENDPOINTS, own)
    async with start(EndpointController):
        await clock.advance(1)
    assert api.one(ENDPOINTS)["subsets"] == [{"addresses": []}]


async def test_what_is_left_of_a_service_goes_but_leaders_stay(api, clock, start):
    for name, annotations in (("left", {}), ("leader", {LEADER: "{}"})):
        meta = {"name": name, "namespace": "default", "annotations": annotations}
        await api.create(ENDPOINTS, {"metadata": meta})
    async with start(EndpointController):
        await clock.advance(1)
    assert api.one(ENDPOINTS)["metadata"]["name"] == "leader"


async def test_a_headless_service_is_marked(api, clock, start, service):
    service["spec"]["clusterIP"] = "None"
    await api.create(SERVICES, service)
    async with start(EndpointController):
        await clock.advance(1)
    assert api.one(ENDPOINTS)["metadata"]["labels"]["service.kubernetes.io/headless"] == ""


async def test_endpoints_may_be_written_before_their_service(api, clock, start):
    async with start(EndpointController):
        await clock.advance(1)
        await api.create(ENDPOINTS, {"metadata": {"name": "db", "namespace": "default"}})
        await clock.advance(1)
    assert api.one(ENDPOINTS)["metadata"]["name"] == "db"


async def test_endpoints_of_more_than_a_thousand_pods_are_cut_and_say_so(
    api, clock, start, service, make_pod
):
    await api.create(SERVICES, service)
    for number in range(1001):
        status = {"podIPs": [{"ip": f"127.64.{number // 250}.{number % 250}"}]}
        labels = {"app": "web"}
        pod = make_pod(f"web-{number}", labels=labels, ready=True, phase="Running", status=status)
        await api.create(PODS, pod)
    async with start(EndpointController):
        await clock.advance(1)
        cut = api.one(ENDPOINTS)
        assert len(cut["subsets"][0]["addresses"]) == 1000
        assert cut["metadata"]["annotations"][OVER_CAPACITY] == "truncated"
        await api.delete(PODS, "web-7", "default")
        await clock.advance(1)
        whole = api.one(ENDPOINTS)
        assert len(whole["subsets"][0]["addresses"]) == 1000
        assert OVER_CAPACITY not in whole["metadata"]["annotations"]

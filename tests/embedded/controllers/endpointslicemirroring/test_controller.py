"""Slices of Endpoints that somebody wrote."""

import pytest

from kubelearn.embedded.controllers.endpoint.controller import LEADER
from kubelearn.embedded.controllers.endpointslicemirroring.controller import (
    CONTROLLER,
    EndpointSliceMirroringController,
)
from kubelearn.objects import ENDPOINT_SLICES, ENDPOINTS, EVENTS, SERVICES

PORT = {"name": "sql", "port": 5432, "protocol": "TCP"}


def endpoints(*ips, not_ready=(), **meta):
    subset = {
        "addresses": [{"ip": ip} for ip in ips],
        "notReadyAddresses": [{"ip": ip} for ip in not_ready],
        "ports": [PORT],
    }
    return {
        "metadata": {"name": "db", "namespace": "default", **meta},
        "subsets": [{name: found for name, found in subset.items() if found}],
    }


@pytest.fixture
async def service(api):
    meta = {"name": "db", "namespace": "default"}
    return await api.create(SERVICES, {"metadata": meta, "spec": {"ports": [{"port": 5432}]}})


@pytest.fixture
def run(api, clock, start):
    """Let the controller come to rest; gives the slices."""

    async def call():
        async with start(EndpointSliceMirroringController):
            await clock.advance(1)
        return api.objects(ENDPOINT_SLICES)

    return call


async def test_hand_written_endpoints_become_a_slice(api, service, run):
    labels, annotations = (
        {"team": "a"},
        {"note": "b", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
    )
    made = await api.create(
        ENDPOINTS,
        endpoints("10.0.0.1", not_ready=["10.0.0.2"], labels=labels, annotations=annotations),
    )
    [piece] = await run()
    assert piece["metadata"]["labels"] == {
        "team": "a",
        "kubernetes.io/service-name": "db",
        "endpointslice.kubernetes.io/managed-by": CONTROLLER,
    }
    assert piece["metadata"]["annotations"] == {"note": "b"}
    [owner] = piece["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("Endpoints", made["metadata"]["uid"])
    assert piece["ports"] == [PORT]
    assert [(one["addresses"], one["conditions"]["ready"]) for one in piece["endpoints"]] == [
        (["10.0.0.1"], True),
        (["10.0.0.2"], False),
    ]


async def test_the_slice_follows_and_goes(api, clock, start, service):
    await api.create(ENDPOINTS, endpoints("10.0.0.1"))
    async with start(EndpointSliceMirroringController):
        await clock.advance(1)
        name = api.one(ENDPOINT_SLICES)["metadata"]["name"]
        current = await api.get(ENDPOINTS, "db", "default")
        await api.update(ENDPOINTS, {**current, "subsets": endpoints("10.0.0.9")["subsets"]})
        await clock.advance(1)
        piece = api.one(ENDPOINT_SLICES)
        assert piece["metadata"]["name"] == name
        assert piece["endpoints"][0]["addresses"] == ["10.0.0.9"]
        await api.delete(ENDPOINTS, "db", "default")
        await clock.advance(1)
        assert api.objects(ENDPOINT_SLICES) == []


async def test_each_family_has_a_slice_of_its_own(api, service, run):
    await api.create(ENDPOINTS, endpoints("10.0.0.1", "fd00::1"))
    assert {piece["addressType"] for piece in await run()} == {"IPv4", "IPv6"}


@pytest.mark.parametrize(
    "meta",
    [
        {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        {"annotations": {LEADER: "{}"}},
    ],
)
async def test_endpoints_that_are_not_to_be_mirrored_are_not(api, service, run, meta):
    await api.create(ENDPOINTS, endpoints("10.0.0.1", **meta))
    assert await run() == []


async def test_a_service_with_a_selector_has_its_slices_from_elsewhere(api, run):
    meta, spec = {"name": "db", "namespace": "default"}, {"selector": {"app": "db"}}
    await api.create(SERVICES, {"metadata": meta, "spec": spec})
    await api.create(ENDPOINTS, endpoints("10.0.0.1"))
    assert await run() == []


async def test_an_address_that_is_none_is_left_out_and_told(api, service, run):
    await api.create(ENDPOINTS, endpoints("10.0.0.1", "nonsense"))
    [piece] = await run()
    assert len(piece["endpoints"]) == 1
    [event] = api.objects(EVENTS)
    assert event["reason"] == "InvalidIPAddress"
    assert event["message"] == "Skipped 1 invalid IP addresses when mirroring to EndpointSlices"


async def test_nothing_is_written_again_when_nothing_has_changed(api, service, run):
    await api.create(ENDPOINTS, endpoints("10.0.0.1"))
    [before] = await run()
    [after] = await run()
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]

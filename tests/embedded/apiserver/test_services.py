from __future__ import annotations

import random

import pytest

from kubelearn.embedded.apiserver import ApiServer
from kubelearn.embedded.apiserver.strategy.allocator import AllocationError, Allocator

SERVICES = "/api/v1/namespaces/default/services"


def service(name: str = "web", **spec: object) -> object:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]} | spec}


@pytest.fixture
def allocator() -> Allocator:
    return Allocator(range(5, 8), noun="port", shown="5-7", random=random.Random(0))


def test_each_number_goes_to_one_owner(allocator) -> None:
    given = set()
    for owner in "abc":
        number = allocator.next(owner)
        allocator.hold(number, owner)
        given.add(number)
    assert given == {5, 6, 7}
    with pytest.raises(AllocationError, match="range is full"):
        allocator.next("d")


def test_a_number_that_is_given_back_can_be_had_again(allocator) -> None:
    for number, owner in ((5, "a"), (6, "a"), (7, "b")):
        allocator.hold(number, owner)
    allocator.settle("a", [6])
    assert allocator.next("c") == 5


def test_numbers_outside_or_of_others_are_refused(allocator) -> None:
    allocator.hold(5, "a")
    allocator.check(5, "a")
    with pytest.raises(AllocationError, match="provided port is already allocated"):
        allocator.check(5, "b")
    with pytest.raises(AllocationError, match="The range of valid ports is 5-7"):
        allocator.check(8, "a")


async def test_a_service_gets_an_address_and_says_of_which_family(api) -> None:
    spec = (await api.post(SERVICES, service())).body["spec"]
    assert spec["clusterIP"].startswith("127.64.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4"], "SingleStack")


async def test_addresses_differ_and_come_free_with_deletion(api) -> None:
    first = (await api.post(SERVICES, service("a"))).body["spec"]["clusterIP"]
    taken = await api.post(SERVICES, service("b", clusterIP=first))
    assert taken.status == 422
    assert taken.message == (
        f'Service "b" is invalid: spec.clusterIPs: Invalid value: ["{first}"]: failed to allocate '
        f"IP {first}: provided IP is already allocated"
    )
    await api.delete(f"{SERVICES}/a")
    assert (await api.post(SERVICES, service("b", clusterIP=first))).status == 201


async def test_an_address_outside_of_the_range_is_refused(api) -> None:
    answer = await api.post(SERVICES, service(clusterIP="127.1.2.3"))
    assert "The range of valid IPs is 127.64.128.0/17" in answer.message


async def test_a_refused_service_holds_nothing(api) -> None:
    bad = service("Bad_Name", clusterIP="127.64.200.200")
    assert (await api.post(SERVICES, bad)).status == 422
    assert (await api.post(SERVICES, service(clusterIP="127.64.200.200"))).status == 201


async def test_a_dry_run_holds_nothing(api) -> None:
    wanted = service(clusterIP="127.64.200.200")
    assert (await api.post(f"{SERVICES}?dryRun=All", wanted)).status == 201
    assert (await api.post(SERVICES, wanted)).status == 201


async def test_headless_and_external_services_need_no_address(api) -> None:
    headless = service("h", clusterIP="None", selector={"a": "b"})
    assert (await api.post(SERVICES, headless)).body["spec"]["clusterIP"] == "None"
    external = service("e", type="ExternalName", externalName="example.com")
    assert "clusterIP" not in (await api.post(SERVICES, external)).body["spec"]


async def test_node_ports_are_given_kept_and_refused(api) -> None:
    node = (await api.post(SERVICES, service("a", type="NodePort"))).body
    port = node["spec"]["ports"][0]["nodePort"]
    assert 30000 <= port <= 32767
    again = await api.put(f"{SERVICES}/a", service("a", type="NodePort"))
    assert again.body["spec"]["ports"][0]["nodePort"] == port
    assert again.body["spec"]["clusterIP"] == node["spec"]["clusterIP"]
    same = service("b", type="NodePort", ports=[{"port": 80, "nodePort": port}])
    assert "provided port is already allocated" in (await api.post(SERVICES, same)).message
    low = service("b", type="NodePort", ports=[{"port": 80, "nodePort": 80}])
    assert (await api.post(SERVICES, low)).message == (
        'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not '
        "in the valid range. The range of valid ports is 30000-32767"
    )


async def test_a_service_that_changes_its_type_drops_what_it_does_not_need(api) -> None:
    await api.post(SERVICES, service("a", type="NodePort"))
    plain = (await api.patch(f"{SERVICES}/a", {"spec": {"type": "ClusterIP"}})).body["spec"]
    assert "nodePort" not in plain["ports"][0]
    external = {"spec": {"type": "ExternalName", "externalName": "example.com"}}
    spec = (await api.patch(f"{SERVICES}/a", external)).body["spec"]
    assert not {"clusterIP", "clusterIPs", "ipFamilies"} & set(spec)


async def test_what_services_hold_is_known_after_a_restart(api, store, clock) -> None:
    held = (await api.post(SERVICES, service("a", type="NodePort"))).body["spec"]
    await api.server.stop()
    api.server = ApiServer(
        store, clock=clock, random=random.Random(2), tokens=api.server._authenticator.tokens
    )
    await api.server.start()
    same = service(
        "b", type="NodePort", ports=[{"port": 80, "nodePort": held["ports"][0]["nodePort"]}]
    )
    assert "already allocated" in (await api.post(SERVICES, same)).message
    same = service("b", clusterIP=held["clusterIP"])
    assert "already allocated" in (await api.post(SERVICES, same)).message
    await api.server.stop()


async def test_secrets_are_written_as_text_and_read_encoded(api) -> None:
    secrets = "/api/v1/namespaces/default/secrets"
    body = {"metadata": {"name": "s"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}}
    stored = (await api.post(secrets, body)).body
    assert stored["data"] == {"a": "Yg==", "c": "ZA=="}
    assert "stringData" not in stored
    assert stored["type"] == "Opaque"


async def test_a_service_without_a_name_is_refused(api) -> None:
    answer = await api.post(SERVICES, {"spec": {"ports": [{"port": 80}]}})
    assert answer.status == 422
    assert "name or generateName is required" in answer.message

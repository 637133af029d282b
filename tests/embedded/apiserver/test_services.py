from __future__ import annotations

import random

import pytest

from kubelearn.embedded.apiserver.strategy.allocator import AllocationError, Allocator

SERVICES = "/api/v1/namespaces/default/services"


def service(name: str = "web", **spec: object) -> object:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]} | spec}


@pytest.fixture
def allocator() -> Allocator:
    return Allocator(range(5, 8), kept=1, noun="port", random=random.Random(0))


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


def test_numbers_of_others_are_refused(allocator) -> None:
    allocator.hold(5, "a")
    allocator.check(5, "a")
    with pytest.raises(AllocationError, match="provided port is already allocated"):
        allocator.check(5, "b")


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
    wanted = service(clusterIP="127.1.2.3")
    told = (await api.post(SERVICES, wanted)).message
    assert told.endswith(
        "failed to allocate IP 127.1.2.3: the provided network does not match the current range"
    )
    told = (await api.post(f"{SERVICES}?dryRun=All", wanted)).message
    assert told.endswith(
        "the provided IP (127.1.2.3) is not in the valid range. "
        "The range of valid IPs is 127.64.128.0/17"
    )


async def test_an_address_that_is_none_is_refused(api) -> None:
    answer = await api.post(SERVICES, service(clusterIP="abc"))
    assert (answer.status, answer.message) == (
        422,
        'Service "web" is invalid: spec.clusterIPs[0]: Invalid value: "abc": must be a valid IP '
        "address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
    )


async def test_a_refused_service_holds_nothing(api) -> None:
    bad = service("Bad_Name", clusterIP="127.64.200.200")
    assert (await api.post(SERVICES, bad)).status == 422
    assert (await api.post(SERVICES, service(clusterIP="127.64.200.200"))).status == 201


async def test_a_dry_run_holds_nothing(api) -> None:
    wanted = service(clusterIP="127.64.200.200")
    assert (await api.post(f"{SERVICES}?dryRun=All", wanted)).status == 201
    assert (await api.post(SERVICES, wanted)).status == 201


async def test_a_dry_run_looks_at_ports_that_are_taken_but_not_at_addresses(api) -> None:
    ports = [{"port": 80, "nodePort": 30080}]
    address = "127.64.200.200"
    await api.post(SERVICES, service("a", type="NodePort", ports=ports, clusterIP=address))
    same = await api.post(f"{SERVICES}?dryRun=All", service("b", type="NodePort", ports=ports))
    assert "spec.ports[0].nodePort" in same.message
    assert "provided port is already allocated" in same.message
    same = await api.post(f"{SERVICES}?dryRun=All", service("b", clusterIP=address))
    assert same.status == 201


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


async def test_what_services_hold_is_known_after_a_restart(api, make_server) -> None:
    held = (await api.post(SERVICES, service("a", type="NodePort"))).body["spec"]
    await api.server.stop()
    api.server = make_server()
    await api.server.start()
    same = service(
        "b", type="NodePort", ports=[{"port": 80, "nodePort": held["ports"][0]["nodePort"]}]
    )
    assert "already allocated" in (await api.post(SERVICES, same)).message
    same = service("b", clusterIP=held["clusterIP"])
    assert "already allocated" in (await api.post(SERVICES, same)).message
    await api.server.stop()


def test_the_first_numbers_are_given_out_last(allocator: Allocator) -> None:
    given = []
    for owner in "abc":
        given.append(allocator.next(owner))
        allocator.hold(given[-1], owner)
    assert sorted(given[:2]) == [6, 7]
    assert given[2] == 5


async def test_one_port_in_two_protocols_is_one_node_port(api) -> None:
    ports = [{"name": name, "port": 53, "protocol": name.upper()} for name in ("udp", "tcp")]
    given = (await api.post(SERVICES, service("a", type="NodePort", ports=ports))).body["spec"]
    numbers = {port["nodePort"] for port in given["ports"]}
    assert len(numbers) == 1
    chosen = [{**ports[0]}, {**ports[1], "nodePort": 30123}]
    given = (await api.post(SERVICES, service("b", type="NodePort", ports=chosen))).body["spec"]
    assert {port["nodePort"] for port in given["ports"]} == {30123}


async def test_local_traffic_of_a_load_balancer_has_a_port_for_its_health(api) -> None:
    local = service("a", type="LoadBalancer", externalTrafficPolicy="Local")
    made = (await api.post(SERVICES, local)).body["spec"]
    port = made["healthCheckNodePort"]
    assert 30000 <= port <= 32767
    assert port != made["ports"][0]["nodePort"]
    again = (await api.put(f"{SERVICES}/a", local)).body["spec"]
    assert again["healthCheckNodePort"] == port
    same = service("b", type="NodePort", ports=[{"port": 80, "nodePort": port}])
    assert "provided port is already allocated" in (await api.post(SERVICES, same)).message
    changed = {"spec": {"externalTrafficPolicy": "Cluster"}}
    assert "healthCheckNodePort" not in (await api.patch(f"{SERVICES}/a", changed)).body["spec"]
    assert (await api.post(SERVICES, same)).status == 201


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            {"ipFamilyPolicy": "RequireDualStack"},
            'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not '
            "configured for dual-stack services",
        ),
        (
            {"ipFamilies": ["IPv6"]},
            'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
        ),
        (
            {"clusterIP": "fd00::1"},
            'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this '
            "cluster",
        ),
        (
            {"ipFamilies": ["IPv4", "IPv6"]},
            "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or "
            "'PreferDualStack' when multiple IP families are specified",
        ),
    ],
)
async def test_there_is_one_ip_family(api, fields, problem) -> None:
    answer = await api.post(SERVICES, service("a", **fields))
    assert answer.message == f'Service "a" is invalid: {problem}'


async def test_a_service_that_would_like_two_families_gets_one(api) -> None:
    spec = (await api.post(SERVICES, service("a", ipFamilyPolicy="PreferDualStack"))).body["spec"]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4"], "PreferDualStack")


async def test_a_headless_service_without_a_selector_may_be_of_both_families(api) -> None:
    spec = (await api.post(SERVICES, service("a", clusterIP="None"))).body["spec"]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4", "IPv6"], "RequireDualStack")


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        (
            {"externalIPs": ["192.0.2.1"]},
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
        ),
        (
            {"clusterIP": "None", "sessionAffinity": "ClientIP"},
            "spec.SessionAffinity is ignored for headless services",
        ),
        (
            {"externalName": "example.com"},
            'spec.externalName is ignored when spec.type is not \\"ExternalName\\"',
        ),
        (
            {"trafficDistribution": "PreferClose"},
            'spec.trafficDistribution: \\"PreferClose\\" is deprecated; use \\"PreferSameZone\\"',
        ),
    ],
)
async def test_what_is_deprecated_or_has_no_effect_is_told(api, fields, warning) -> None:
    answer = await api.post(SERVICES, service("a", **fields))
    assert answer.status == 201
    assert warning in answer.headers["Warning"]


async def test_secrets_are_written_as_text_and_read_encoded(api) -> None:
    secrets = "/api/v1/namespaces/default/secrets"
    body = {"metadata": {"name": "s"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}}
    stored = (await api.post(secrets, body)).body
    assert stored["data"] == {"a": "Yg==", "c": "ZA=="}
    assert "stringData" not in stored
    assert stored["type"] == "Opaque"
    (entry,) = stored["metadata"]["managedFields"]
    assert entry["fieldsV1"]["f:data"] == {".": {}, "f:a": {}, "f:c": {}}
    assert "f:stringData" not in entry["fieldsV1"]
    patched = await api(
        "PATCH",
        f"{secrets}/s",
        {"stringData": {"c": "e"}},
        kind="application/merge-patch+json",
    )
    assert patched.body["data"] == {"a": "Yg==", "c": "ZQ=="}


async def test_a_service_without_a_name_is_refused(api) -> None:
    answer = await api.post(SERVICES, {"spec": {"ports": [{"port": 80}]}})
    assert answer.status == 422
    assert "name or generateName is required" in answer.message

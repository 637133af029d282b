"""Endpoints of a Service in the older form."""

import pytest

from kubelearn.embedded.controllers.endpoint.subsets import (
    is_over_capacity,
    repack,
    subsets_of,
    truncated,
)


def service(*ports, **spec):
    ports = [{"port": 80, "targetPort": 8080, "protocol": "TCP"}] if not ports else list(ports)
    return {"metadata": {"name": "web", "namespace": "default"}, "spec": {"ports": ports, **spec}}


@pytest.fixture
def pod(make_pod):
    def make(name, ip, **changes):
        status = {"podIPs": [{"ip": ip}]}
        return make_pod(name, **{"ready": True, "phase": "Running", "status": status, **changes})

    return make


def ips(subset, listed="addresses"):
    return [address["ip"] for address in subset.get(listed, [])]


def test_ready_pods_and_others_are_listed_apart(pod):
    [subset] = subsets_of(
        service(), [pod("b", "10.0.0.2"), pod("a", "10.0.0.1"), pod("c", "10.0.0.3", ready=False)]
    )
    assert ips(subset) == ["10.0.0.1", "10.0.0.2"]
    assert ips(subset, "notReadyAddresses") == ["10.0.0.3"]
    assert subset["ports"] == [{"port": 8080, "protocol": "TCP"}]
    assert subset["addresses"][0]["targetRef"]["name"] == "a"


def test_pods_that_are_not_ready_can_be_published_all_the_same(pod):
    found = service(publishNotReadyAddresses=True)
    [subset] = subsets_of(found, [pod("c", "10.0.0.3", ready=False)])
    assert ips(subset) == ["10.0.0.3"]


def test_a_pod_that_leaves_is_no_endpoint_any_more(pod):
    leaving = pod("a", "10.0.0.1")
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert subsets_of(service(), [leaving]) == []
    assert subsets_of(service(publishNotReadyAddresses=True), [leaving]) != []


def test_pods_with_the_same_ports_share_a_subset_and_others_do_not(pod):
    port = {"name": "http", "port": 80, "targetPort": "web", "protocol": "TCP"}
    pods = [pod("a", "10.0.0.1"), pod("b", "10.0.0.2"), pod("c", "10.0.0.3")]
    for each, number in zip(pods, (8080, 9090, 8080), strict=True):
        ports = [{"name": "web", "containerPort": number, "protocol": "TCP"}]
        each["spec"]["containers"][0]["ports"] = ports
    found = {subset["ports"][0]["port"]: ips(subset) for subset in subsets_of(service(port), pods)}
    assert found == {8080: ["10.0.0.1", "10.0.0.3"], 9090: ["10.0.0.2"]}


def test_several_ports_of_the_same_pods_stand_together(pod):
    ports = [{"name": name, "port": 80 + i, "protocol": "TCP"} for i, name in enumerate("ab")]
    [subset] = subsets_of(service(*ports), [pod("a", "10.0.0.1")])
    assert [port["name"] for port in subset["ports"]] == ["a", "b"]


def test_a_headless_service_needs_no_ports(pod):
    found = service(clusterIP="None")
    found["spec"]["ports"] = []
    assert subsets_of(found, [pod("a", "10.0.0.1")])[0].keys() == {"addresses"}


def test_packing_again_changes_nothing(pod):
    packed = subsets_of(service(), [pod("a", "10.0.0.1"), pod("b", "10.0.0.2", ready=False)])
    assert repack(packed) == packed


def test_an_address_that_is_not_ready_once_is_not_ready():
    address = {"ip": "10.0.0.1"}
    [subset] = repack([{"addresses": [address]}, {"notReadyAddresses": [address]}])
    assert subset == {"notReadyAddresses": [address]}


def subset(port, *, ready=0, waiting=0):
    def addresses(count, block):
        return [{"ip": f"10.{block}.{i // 250}.{i % 250}"} for i in range(count)]

    lists = {"addresses": addresses(ready, 0), "notReadyAddresses": addresses(waiting, 1)}
    return {name: found for name, found in lists.items() if found} | {"ports": [{"port": port}]}


def test_a_thousand_addresses_are_not_too_many():
    known = [subset(80, ready=700, waiting=300)]
    assert not is_over_capacity(known)
    assert truncated(known) == known


def test_of_more_than_a_thousand_ready_addresses_each_subset_keeps_its_share():
    known = [subset(80, ready=1500, waiting=7), subset(81, ready=500)]
    assert is_over_capacity(known)
    first, second = truncated(known)
    assert (len(first["addresses"]), len(second["addresses"])) == (750, 250)
    assert first["addresses"] == known[0]["addresses"][:750]
    assert "notReadyAddresses" not in first


def test_addresses_that_are_not_ready_fill_up_what_the_ready_ones_leave():
    known = [subset(80, ready=900, waiting=150), subset(81, waiting=150)]
    first, second = truncated(known)
    assert first["addresses"] == known[0]["addresses"]
    assert (len(first["notReadyAddresses"]), len(second["notReadyAddresses"])) == (50, 50)


def test_shares_are_rounded_up_and_the_last_one_takes_what_is_left():
    shares = truncated([subset(port, ready=500) for port in (80, 81, 82)])
    assert [len(each["addresses"]) for each in shares] == [334, 334, 332]

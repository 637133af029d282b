import pytest

PORT = {"port": 80}


@pytest.fixture
def service(create):
    def check(**spec):
        address = {"clusterIP": "127.64.128.9", "clusterIPs": ["127.64.128.9"]}
        return create("v1", "Service", spec={**address, "ports": [PORT], **spec})

    return check


def test_a_service_needs_ports(service):
    assert service(ports=[]) == ["spec.ports: Required value"]


def test_a_headless_service_does_not(service):
    assert service(ports=[], clusterIP="None", clusterIPs=["None"]) == []


def test_several_ports_need_names(service):
    assert service(ports=[PORT, {"port": 81}]) == [
        "spec.ports[0].name: Required value",
        "spec.ports[1].name: Required value",
    ]


def test_ports_are_in_range(service):
    assert service(ports=[{"port": 0, "targetPort": 99999}]) == [
        "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        "spec.ports[0].targetPort: Invalid value: 99999: must be between 1 and 65535, inclusive",
    ]


def test_types_are_known(service):
    assert service(type="Portal") == [
        'spec.type: Unsupported value: "Portal": '
        'supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'
    ]


def test_addresses_are_addresses(service):
    assert service(clusterIP="300.1.1.1", clusterIPs=["300.1.1.1"]) == [
        'spec.clusterIPs[0]: Invalid value: "300.1.1.1": '
        "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
    ]
    (problem,) = service(externalIPs=["010.1.1.1"])
    assert problem.endswith("must not have leading 0s")


def test_a_cluster_ip_has_no_node_port(service):
    (problem,) = service(ports=[{**PORT, "nodePort": 30000}])
    assert problem == (
        "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
    )


def test_an_external_name_needs_a_host_and_no_address(service):
    assert service(type="ExternalName", ports=[]) == [
        "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
        "spec.externalName: Required value",
    ]


def test_ranges_of_addresses_have_a_prefix(service):
    ranges = ["10.0.0.1", "10.0.0.1/8"]
    assert [
        p.split(": ")[-1] for p in service(type="LoadBalancer", loadBalancerSourceRanges=ranges)
    ] == [
        "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        "must not have bits set beyond the prefix length",
    ]


def test_the_address_of_a_service_stays(update):
    old, new = (
        {"spec": {"clusterIP": ip, "clusterIPs": [ip], "ports": [PORT]}}
        for ip in ("127.64.128.9", "127.64.128.10")
    )
    assert update("v1", "Service", old, new) == [
        'spec.clusterIPs[0]: Invalid value: ["127.64.128.10"]: may not change once set'
    ]


def test_slices_may_hold_loopback_addresses(create):
    endpoints = [{"addresses": ["127.64.1.2"]}]
    assert (
        create("discovery.k8s.io/v1", "EndpointSlice", addressType="IPv4", endpoints=endpoints)
        == []
    )


def test_slices_hold_addresses_of_their_type(create):
    endpoints = [{"addresses": ["fe81::1", "nowhere"]}, {}]
    problems = create(
        "discovery.k8s.io/v1", "EndpointSlice", addressType="IPv4", endpoints=endpoints
    )
    assert problems[0] == (
        'endpoints[0].addresses: Invalid value: "fe81::1": must be an IPv4 address'
    )
    assert problems[-1] == "endpoints[1].addresses: Required value: must contain at least 1 address"

"""What a Service and its EndpointSlices mean to the proxy."""

from kubelearn.embedded.proxy.rules import Address, Rule, rules_of

NODES = ["127.0.0.1", "127.64.0.2"]


def service(**spec):
    return {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"clusterIP": "127.64.128.9", "ports": [{"port": 80}], **spec},
    }


def piece(*endpoints, port=8080, name=""):
    return {"ports": [{"name": name, "port": port}], "endpoints": list(endpoints)}


def endpoint(ip, **conditions):
    return {"addresses": [ip], "conditions": conditions}


def rules(found, *slices):
    return list(rules_of(found, slices, node_addresses=NODES))


def test_a_port_leads_to_the_ready_endpoints_of_all_slices():
    slices = [piece(endpoint("10.0.0.2", ready=True)), piece(endpoint("10.0.0.1", ready=True))]
    assert rules(service(), *slices) == [
        Rule(
            frontends=(Address("127.64.128.9", 80),),
            endpoints=(Address("10.0.0.1", 8080), Address("10.0.0.2", 8080)),
            affinity_seconds=0,
        )
    ]


def test_an_endpoint_that_is_not_ready_gets_nothing():
    slices = piece(endpoint("10.0.0.1", ready=True), endpoint("10.0.0.2", ready=False))
    [rule] = rules(service(), slices)
    assert rule.endpoints == (Address("10.0.0.1", 8080),)


def test_an_endpoint_of_unknown_readiness_counts_as_ready():
    [rule] = rules(service(), piece(endpoint("10.0.0.1")))
    assert rule.endpoints == (Address("10.0.0.1", 8080),)


def test_endpoints_that_terminate_serve_when_no_other_is_left():
    leaving = endpoint("10.0.0.1", ready=False, serving=True, terminating=True)
    [rule] = rules(service(), piece(leaving))
    assert rule.endpoints == (Address("10.0.0.1", 8080),)
    [rule] = rules(service(), piece(leaving, endpoint("10.0.0.2", ready=True)))
    assert rule.endpoints == (Address("10.0.0.2", 8080),)


def test_a_service_without_endpoints_has_a_rule_that_leads_nowhere():
    [rule] = rules(service())
    assert rule.endpoints == ()


def test_ports_meet_endpoints_by_name():
    ports = [{"name": "a", "port": 1}, {"name": "b", "port": 2}]
    slices = [
        piece(endpoint("10.0.0.1"), port=11, name="a"),
        piece(endpoint("10.0.0.1"), port=22, name="b"),
    ]
    a, b = rules(service(ports=ports), *slices)
    assert a.endpoints == (Address("10.0.0.1", 11),)
    assert b.endpoints == (Address("10.0.0.1", 22),)


def test_a_node_port_is_open_on_every_node():
    [rule] = rules(service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}]))
    assert rule.frontends == (
        Address("127.64.128.9", 80),
        Address("127.0.0.1", 30080),
        Address("127.64.0.2", 30080),
    )


def test_session_affinity_lasts_three_hours_unless_said_otherwise():
    [rule] = rules(service(sessionAffinity="ClientIP"))
    assert rule.affinity_seconds == 10800
    config = {"clientIP": {"timeoutSeconds": 5}}
    [rule] = rules(service(sessionAffinity="ClientIP", sessionAffinityConfig=config))
    assert rule.affinity_seconds == 5


def test_services_without_an_address_have_no_rules():
    assert rules(service(clusterIP="None")) == []
    assert rules(service(clusterIP="")) == []
    assert rules(service(type="ExternalName", clusterIP="")) == []


def test_udp_is_left_out():
    assert rules(service(ports=[{"port": 53, "protocol": "UDP"}])) == []

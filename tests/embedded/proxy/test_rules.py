"""What a Service and its EndpointSlices mean to the proxy."""

from kubelearn.embedded.proxy.rules import Address, Rule, rules_of

NODES = {"127.0.0.1": "", "127.64.0.2": "a", "127.64.0.3": "b"}


def service(**spec):
    return {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"clusterIP": "127.64.128.9", "ports": [{"port": 80}], **spec},
    }


def piece(*endpoints, port=8080, name=""):
    return {"ports": [{"name": name, "port": port}], "endpoints": list(endpoints)}


def endpoint(ip, node="", **conditions):
    return {"addresses": [ip], "conditions": conditions, "nodeName": node}


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
        Address("127.64.0.3", 30080),
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


def test_a_rule_has_its_ports_protocol():
    ports = [{"port": 53, "protocol": "UDP"}, {"name": "tcp", "port": 53, "protocol": "TCP"}]
    assert [rule.protocol for rule in rules(service(ports=ports))] == ["UDP", "TCP"]


def test_sctp_is_left_out():
    assert rules(service(ports=[{"port": 53, "protocol": "SCTP"}])) == []


def test_external_addresses_lead_to_the_service_too():
    found = service(externalIPs=["127.1.1.1"])
    found["status"] = {"loadBalancer": {"ingress": [{"ip": "127.1.1.2"}, {"hostname": "x"}]}}
    [rule] = rules(found)
    assert rule.frontends[1:] == (Address("127.1.1.1", 80), Address("127.1.1.2", 80))


LOCAL = {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]}
ON_A = Address("10.0.0.1", 8080)
ON_B = Address("10.0.0.2", 8080)


def by_frontend(found, *slices):
    return {each: rule for rule in rules(found, *slices) for each in rule.frontends}


def test_external_traffic_that_stays_local_reaches_the_nodes_own_endpoints():
    pods = piece(endpoint("10.0.0.1", "a"), endpoint("10.0.0.2", "c"))
    found = by_frontend(service(externalTrafficPolicy="Local", **LOCAL), pods)
    assert found[Address("127.64.0.2", 30080)].endpoints == (ON_A,)
    assert found[Address("127.64.0.3", 30080)].endpoints == ()
    # Clients on a node, and what belongs to none, are not bound to one.
    assert found[Address("127.64.0.3", 30080)].endpoints_for("a") == (ON_A, ON_B)
    assert "127.64.0.3" not in found[Address("127.64.0.3", 30080)].outsiders
    # But a node that asks another one does so from outside.
    assert "127.64.0.2" in found[Address("127.64.0.3", 30080)].outsiders
    assert found[Address("127.0.0.1", 30080)].endpoints == (ON_A, ON_B)
    assert found[Address("127.64.128.9", 80)].endpoints == (ON_A, ON_B)


def test_internal_traffic_that_stays_local_depends_on_the_clients_node():
    pods = piece(endpoint("10.0.0.1", "a"), endpoint("10.0.0.2", "b"))
    found = by_frontend(service(internalTrafficPolicy="Local", **LOCAL), pods)
    rule = found[Address("127.64.128.9", 80)]
    assert rule.endpoints_for("a") == (ON_A,)
    assert rule.endpoints_for("c") == ()
    assert rule.endpoints_for(None) == (ON_A, ON_B)
    assert found[Address("127.64.0.3", 30080)].endpoints_for("a") == (ON_A, ON_B)


def test_endpoints_that_terminate_serve_their_node_when_it_has_no_other():
    leaving = endpoint("10.0.0.1", "a", ready=False, serving=True, terminating=True)
    pods = piece(leaving, endpoint("10.0.0.2", "b", ready=True))
    found = by_frontend(service(externalTrafficPolicy="Local", **LOCAL), pods)
    assert found[Address("127.64.0.2", 30080)].endpoints == (ON_A,)
    assert found[Address("127.64.128.9", 80)].endpoints == (ON_B,)


def test_what_is_worked_out_for_each_node_is_so_only_for_a_policy_that_asks_for_it():
    slices = [piece(endpoint("10.0.0.1", "a"), endpoint("10.0.0.2", "b"))]
    [everywhere] = rules(service(), *slices)
    assert everywhere.by_node is None
    [local] = rules(service(internalTrafficPolicy="Local"), *slices)
    assert local.by_node == {
        "a": (Address("10.0.0.1", 8080),),
        "b": (Address("10.0.0.2", 8080),),
    }

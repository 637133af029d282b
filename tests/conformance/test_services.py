"""Services as objects: the addresses, ports and types that the API gives out."""

from __future__ import annotations

import ipaddress

import pytest


def test_the_api_server_itself_is_the_service_kubernetes(core):
    found = core.read_namespaced_service("kubernetes", "default")
    assert [(port.name, port.port) for port in found.spec.ports] == [("https", 443)]


def test_a_service_gets_an_address_and_defaults(create_service):
    made = create_service("web", selector={"app": "web"}).spec
    assert made.type == "ClusterIP"
    assert ipaddress.ip_address(made.cluster_ip)
    assert made.session_affinity == "None"
    assert (made.ip_families, made.ip_family_policy) == (["IPv4"], "SingleStack")
    assert made.internal_traffic_policy == "Cluster"
    [port] = made.ports
    assert (port.port, port.target_port, port.protocol) == (80, 80, "TCP")


def test_lists_and_status_of_a_service_are_there_from_the_start(send, namespace, create_service):
    create_service("web")
    body = send("GET", f"/api/v1/namespaces/{namespace}/services/web").checked()
    assert body["status"] == {"loadBalancer": {}}
    assert body["spec"]["clusterIPs"] == [body["spec"]["clusterIP"]]


def test_two_services_never_share_an_address(create_service):
    assert create_service("a").spec.cluster_ip != create_service("b").spec.cluster_ip


def test_an_address_can_be_chosen_and_taken_only_once(core, namespace, create_service, refused):
    taken = create_service("a").spec.cluster_ip
    body = {"metadata": {"name": "b"}, "spec": {"clusterIP": taken, "ports": [{"port": 80}]}}
    status = refused(core.create_namespaced_service, namespace, body)
    assert status["message"] == (
        f'Service "b" is invalid: spec.clusterIPs: Invalid value: ["{taken}"]: failed to allocate '
        f"IP {taken}: provided IP is already allocated"
    )
    core.delete_namespaced_service("a", namespace)
    assert create_service("b", clusterIP=taken).spec.cluster_ip == taken


def test_an_address_cannot_be_changed(core, namespace, create_service, refused):
    old, free = create_service("web").spec.cluster_ip, create_service("other").spec.cluster_ip
    core.delete_namespaced_service("other", namespace)
    patch = {"spec": {"clusterIP": free}}
    status = refused(core.patch_namespaced_service, "web", namespace, patch)
    assert status["code"] == 422
    assert (
        f'spec.clusterIPs[0]: Invalid value: ["{free}"]: may not change once set'
        in status["message"]
    )
    assert core.read_namespaced_service("web", namespace).spec.cluster_ip == old


def test_an_update_without_the_address_keeps_it(core, namespace, create_service):
    made = create_service("web")
    body = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 81}]}}
    changed = core.replace_namespaced_service("web", namespace, body)
    assert changed.spec.cluster_ip == made.spec.cluster_ip
    assert changed.spec.ports[0].port == 81


def test_a_headless_service_has_no_address(create_service):
    assert create_service("web", clusterIP="None").spec.cluster_ip == "None"


def test_an_external_name_has_no_address_at_all(core, namespace):
    spec = {"type": "ExternalName", "externalName": "example.com"}
    made = core.create_namespaced_service(namespace, {"metadata": {"name": "alias"}, "spec": spec})
    assert made.spec.cluster_ip is None
    assert made.spec.external_name == "example.com"


def test_a_node_port_comes_from_the_range(create_service):
    [port] = create_service("web", type="NodePort").spec.ports
    assert 30000 <= port.node_port <= 32767


def test_a_node_port_can_be_chosen_within_the_range(core, namespace, create_service, refused):
    [taken] = create_service("a", type="NodePort").spec.ports

    def message(number):
        spec = {"type": "NodePort", "ports": [{"port": 80, "nodePort": number}]}
        body = {"metadata": {"name": "b"}, "spec": spec}
        return refused(core.create_namespaced_service, namespace, body)["message"]

    assert message(80) == (
        'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not '
        "in the valid range. The range of valid ports is 30000-32767"
    )
    assert message(taken.node_port) == (
        f'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: {taken.node_port}: '
        "provided port is already allocated"
    )


def test_a_dry_run_does_not_look_at_the_range(send, namespace):
    spec = {"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]}
    path = f"/api/v1/namespaces/{namespace}/services"
    body = {"metadata": {"name": "a"}, "spec": spec}
    assert send("POST", path, body=body, query={"dryRun": "All"}).code == 201


def test_a_dry_run_looks_at_ports_that_are_taken(core, namespace, create_service, refused):
    taken = create_service("a", type="NodePort").spec.ports[0].node_port
    spec = {"type": "NodePort", "ports": [{"port": 80, "nodePort": taken}]}
    body = {"metadata": {"name": "b"}, "spec": spec}
    status = refused(core.create_namespaced_service, namespace, body, dry_run="All")
    assert "provided port is already allocated" in status["message"]


@pytest.mark.parametrize("address", ["abc", "10.0.0.0.1", "1.2.3"])
def test_an_address_has_to_be_one(core, namespace, refused, address):
    body = {"metadata": {"name": "a"}, "spec": {"clusterIP": address, "ports": [{"port": 80}]}}
    status = refused(core.create_namespaced_service, namespace, body)
    assert (status["code"], status["details"]["causes"][0]["field"]) == (422, "spec.clusterIPs[0]")
    assert "must be a valid IP address" in status["message"]


def test_a_name_may_begin_with_a_digit(create_service):
    assert create_service("1web").metadata.name == "1web"


def test_a_service_can_become_a_node_port_and_back(core, namespace, create_service):
    made = create_service("web")
    open_ = core.patch_namespaced_service("web", namespace, {"spec": {"type": "NodePort"}})
    assert open_.spec.ports[0].node_port
    assert open_.spec.cluster_ip == made.spec.cluster_ip
    closed = core.patch_namespaced_service("web", namespace, {"spec": {"type": "ClusterIP"}})
    assert closed.spec.ports[0].node_port is None


def test_a_load_balancer_is_a_node_port_too(create_service):
    made = create_service("web", type="LoadBalancer").spec
    assert made.ports[0].node_port
    assert made.allocate_load_balancer_node_ports is True
    assert made.external_traffic_policy == "Cluster"


def test_an_endpoint_slice_can_be_written_by_hand(discovery, namespace):
    body = {
        "metadata": {"name": "by-hand", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "ports": [{"port": 80}],
        "endpoints": [{"addresses": ["192.0.2.7"]}],
    }
    made = discovery.create_namespaced_endpoint_slice(namespace, body)
    assert made.metadata.generation == 1
    assert (made.ports[0].name, made.ports[0].protocol) == ("", "TCP")
    listed = discovery.list_namespaced_endpoint_slice(
        namespace, label_selector="kubernetes.io/service-name=web"
    )
    assert [one.metadata.name for one in listed.items] == ["by-hand"]


def test_one_port_in_two_protocols_is_one_node_port(create_service):
    ports = [{"name": each, "port": 53, "protocol": each.upper()} for each in ("udp", "tcp")]
    made = create_service("dns", type="NodePort", ports=ports).spec.ports
    assert len({port.node_port for port in made}) == 1


def test_local_traffic_of_a_load_balancer_has_a_port_for_its_health(
    core, namespace, create_service
):
    local = {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}
    made = create_service("web", selector={"app": "web"}, **local).spec
    assert 30000 <= made.health_check_node_port <= 32767
    cluster = {"spec": {"externalTrafficPolicy": "Cluster"}}
    changed = core.patch_namespaced_service("web", namespace, cluster).spec
    assert not changed.health_check_node_port


def test_a_load_balancer_waits_for_somebody_to_make_it(core, namespace, create_service):
    create_service("web", selector={"app": "web"}, type="LoadBalancer")
    made = core.read_namespaced_service("web", namespace)
    assert made.spec.ports[0].node_port
    assert not made.status.load_balancer.ingress


def test_what_has_no_effect_is_told(send, namespace):
    body = {
        "metadata": {"name": "web"},
        "spec": {"externalName": "example.com", "ports": [{"port": 80}]},
    }
    answer = send("POST", f"/api/v1/namespaces/{namespace}/services", body=body)
    assert answer.code == 201
    assert "spec.externalName is ignored when spec.type is not" in answer.headers["Warning"]

"""Endpoints in the older form, those that somebody wrote by hand, and addresses as objects."""

from __future__ import annotations

import pytest

WEB = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
LABEL = "kubernetes.io/service-name"


@pytest.fixture
def endpoints(send, namespace, eventually):
    """The Endpoints `web` as plain JSON, when something holds for their subsets."""

    def call(holds):
        path = f"/api/v1/namespaces/{namespace}/endpoints/web"

        def found():
            answer = send("GET", path)
            body = answer.checked() if answer.code == 200 else {}
            return body if body and holds(body.get("subsets") or []) else None

        return eventually(found)

    return call


@pytest.fixture
def slices(send, namespace):
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    return lambda: send("GET", path, query={"labelSelector": f"{LABEL}=web"}).checked()["items"]


@pytest.mark.needs_nodes
def test_a_service_has_endpoints_of_the_older_kind_too(pods, create_service, endpoints):
    create_service("web", **WEB)
    assert "subsets" not in endpoints(lambda subsets: not subsets)
    pods.run(name="good", labels={"app": "web"})
    good = pods.ready("good")
    found = endpoints(lambda subsets: subsets and subsets[0].get("addresses"))
    [subset] = found["subsets"]
    [address] = subset["addresses"]
    assert address["ip"] == good.status.pod_ip
    assert address["nodeName"] == good.spec.node_name
    assert address["targetRef"]["name"] == "good"
    assert subset["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    assert found["metadata"]["labels"]["endpoints.kubernetes.io/managed-by"] == (
        "endpoint-controller"
    )


@pytest.mark.needs_nodes
def test_a_pod_that_is_not_ready_is_listed_apart(pods, create_service, endpoints):
    create_service("web", **WEB)
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    pods.run(name="slow", labels={"app": "web"}, readinessProbe=never)
    [subset] = endpoints(lambda subsets: subsets)["subsets"]
    assert subset.keys() == {"notReadyAddresses", "ports"}


@pytest.mark.needs_nodes
def test_endpoints_go_with_their_service(
    core, namespace, create_service, endpoints, eventually, gone
):
    create_service("web", **WEB)
    endpoints(lambda subsets: True)
    core.delete_namespaced_service("web", namespace)
    eventually(lambda: gone(core.read_namespaced_endpoints, "web", namespace))


def test_endpoints_warn_that_they_are_old(send, namespace):
    answer = send("GET", f"/api/v1/namespaces/{namespace}/endpoints")
    assert (
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
        in (answer.headers["Warning"])
    )


OWN = {
    "metadata": {"name": "web", "labels": {"team": "a"}},
    "subsets": [
        {
            "addresses": [{"ip": "192.0.2.1"}],
            "notReadyAddresses": [{"ip": "192.0.2.2"}],
            "ports": [{"name": "http", "port": 8080}],
        }
    ],
}


@pytest.mark.needs_nodes
def test_endpoints_written_by_hand_are_mirrored(
    core, namespace, create_service, slices, eventually
):
    create_service("web", ports=[{"name": "http", "port": 80}])
    core.create_namespaced_endpoints(namespace, OWN)
    [piece] = eventually(slices)
    labels = piece["metadata"]["labels"]
    assert labels["endpointslice.kubernetes.io/managed-by"] == (
        "endpointslicemirroring-controller.k8s.io"
    )
    assert labels["team"] == "a"
    ready = {one["addresses"][0]: one["conditions"]["ready"] for one in piece["endpoints"]}
    assert ready == {"192.0.2.1": True, "192.0.2.2": False}
    assert piece["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    core.delete_namespaced_endpoints("web", namespace)
    eventually(lambda: not slices())


@pytest.mark.needs_nodes
def test_a_service_without_a_selector_leads_to_where_its_slices_say(
    api, namespace, pods, create_service, send
):
    server = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=8080)"
    pods.python(server, name="server")
    ip = pods.ready("server").status.pod_ip
    address = create_service("web", ports=[{"name": "http", "port": 80}]).spec.cluster_ip
    piece = {
        "metadata": {"name": "web-own", "labels": {LABEL: "web"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": [ip], "conditions": {"ready": True}}],
    }
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    send("POST", path, body=piece).checked()
    script = f"for i in $(seq 100); do wget -q -O - http://{address}/ && break; sleep 0.2; done"
    assert "Directory listing" in pods.output(script)


def test_the_api_server_says_where_it_is_in_both_forms(core, send):
    [subset] = core.read_namespaced_endpoints("kubernetes", "default").subsets
    path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes"
    piece = send("GET", path).checked()
    assert [port.name for port in subset.ports] == ["https"]
    assert subset.ports[0].port == piece["ports"][0]["port"]
    assert [one.ip for one in subset.addresses] == [
        ip for one in piece["endpoints"] for ip in one["addresses"]
    ]


def test_the_range_of_services_is_an_object(send):
    found = send("GET", "/apis/networking.k8s.io/v1/servicecidrs/kubernetes").checked()
    [ready] = [one for one in found["status"]["conditions"] if one["type"] == "Ready"]
    assert ready["status"] == "True"
    assert len(found["spec"]["cidrs"]) in (1, 2)


def test_the_address_of_a_service_is_an_object_as_long_as_it_is_taken(
    core, namespace, create_service, send, eventually
):
    ip = create_service("web").spec.cluster_ip
    path = f"/apis/networking.k8s.io/v1/ipaddresses/{ip}"
    eventually(lambda: send("GET", path).code == 200)
    parent = send("GET", path).checked()["spec"]["parentRef"]
    assert (parent["resource"], parent["namespace"], parent["name"]) == (
        "services", namespace, "web",
    )  # fmt: skip
    core.delete_namespaced_service("web", namespace)
    eventually(lambda: send("GET", path).code == 404)

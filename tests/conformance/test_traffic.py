"""Traffic: which pods are behind a Service, and which of them answer."""

from __future__ import annotations

from functools import partial

import pytest

from tests.conformance.pods import PYTHON

pytestmark = pytest.mark.needs_nodes

SERVER = """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        body = os.environ["HOSTNAME"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = ThreadingHTTPServer(("", 8080), Server)
print("up", flush=True)
server.serve_forever()
"""
FETCH = """
import sys, time, urllib.request
for url in sys.argv[1:]:
    for _ in range(100):
        try:
            print(urllib.request.urlopen(url, timeout=5).read().decode())
            break
        except OSError:  # what the API tells, a node may know a moment later
            time.sleep(0.1)
"""
RETRY = """
import sys, time, urllib.request
for _ in range(100):
    try:
        print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())
        break
    except OSError:  # refused, or reset by what stands before it
        time.sleep(0.1)
"""
WEB = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}


@pytest.fixture
def serve(pods, eventually):
    """Run web servers that answer with their pods' names, and wait until they do."""

    def call(*names):
        for name in names:
            pods.python(
                SERVER,
                name=name,
                labels={"app": "web"},
                ports=[{"name": "web", "containerPort": 8080}],
            )
        for name in names:
            pods.ready(name)
            eventually(lambda name=name: "up" in pods.log(name))

    return call


@pytest.fixture
def fetch(pods):
    """Fetch addresses from inside the cluster, one after another; gives the answers."""
    return partial(pods.printed, FETCH)


@pytest.fixture
def slices(send, namespace):
    """The EndpointSlices as plain JSON: version 30.1 of the client knows none without endpoints."""
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    return lambda **query: send("GET", path, query=query).checked()["items"]


@pytest.fixture
def endpoints(slices, eventually):
    """The endpoints of the Service `web` by their pods' names, when there are so many."""

    def call(count):
        def found():
            by_pod = {
                one["targetRef"]["name"]: one
                for piece in slices(labelSelector="kubernetes.io/service-name=web")
                for one in piece["endpoints"] or []
            }
            return (by_pod,) if len(by_pod) == count else None

        return eventually(found)[0]

    return call


@pytest.fixture
def ready_endpoints(endpoints, eventually):
    """Wait until so many of all endpoints are ready; gives all of them."""

    def call(count, of):
        def found():
            by_pod = endpoints(of)
            ready = [name for name, one in by_pod.items() if one["conditions"]["ready"]]
            return by_pod if len(ready) == count else None

        return eventually(found)

    return call


def test_endpoints_are_the_pods_that_the_selector_selects(
    pods, slices, create_service, ready_endpoints
):
    service = create_service("web", **WEB)
    pods.run(name="good", labels={"app": "web"})
    pods.run(name="other", labels={"app": "db"})
    good = pods.ready("good")
    [(name, endpoint)] = ready_endpoints(1, of=1).items()
    assert name == "good"
    assert endpoint["addresses"] == [good.status.pod_ip]
    assert endpoint["nodeName"] == good.spec.node_name
    assert endpoint["conditions"] == {"ready": True, "serving": True, "terminating": False}
    [piece] = slices()
    assert piece["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    assert piece["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] == (
        "endpointslice-controller.k8s.io"
    )
    [owner] = piece["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("Service", service.metadata.uid)


def test_a_pod_that_is_not_ready_is_listed_as_such(pods, create_service, endpoints):
    create_service("web", **WEB)
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    pods.run(name="slow", labels={"app": "web"}, readinessProbe=never)
    [endpoint] = endpoints(1).values()
    assert endpoint["conditions"] == {"ready": False, "serving": False, "terminating": False}


def test_a_pod_that_ends_keeps_serving_while_it_is_not_ready(pods, create_service, ready_endpoints):
    create_service("web", **WEB)
    script = "trap '' TERM; while true; do sleep 0.1; done"
    spec = {"terminationGracePeriodSeconds": 30}
    pods.run(script, name="leaving", labels={"app": "web"}, spec=spec)
    pods.ready("leaving")
    ready_endpoints(1, of=1)
    pods.delete("leaving")
    [endpoint] = ready_endpoints(0, of=1).values()
    assert endpoint["conditions"] == {"ready": False, "serving": True, "terminating": True}
    pods.delete("leaving", grace_period_seconds=0)


def test_a_pod_that_ended_is_no_endpoint_that_is_ready(
    pods, create_service, slices, endpoints, eventually
):
    create_service("web", **WEB)
    pods.run("sleep 8", name="short", labels={"app": "web"})
    endpoints(1)
    pods.finished("short")
    # It may stay in the slice: the controller looks again when readiness changes, which it does
    # before the phase.

    def ready():
        listed = [one for piece in slices() for one in piece["endpoints"] or []]
        return [one for one in listed if one["conditions"]["ready"]]

    eventually(lambda: not ready())


def test_a_service_without_a_selector_gets_no_endpoints(slices, create_service, eventually):
    create_service("bare")
    create_service("web", **WEB)

    def owners():
        return {one["metadata"]["labels"]["kubernetes.io/service-name"] for one in slices()}

    # The later one's empty slice shows that the controller has come past both.
    eventually(lambda: "web" in owners())
    assert owners() == {"web"}


def test_the_address_of_a_service_is_answered_by_all_of_its_pods(
    create_service, serve, fetch, ready_endpoints
):
    address = create_service("web", **WEB).spec.cluster_ip
    serve("a", "b")
    ready_endpoints(2, of=2)
    answers = fetch(*[f"http://{address}/"] * 30)
    assert set(answers) == {"a", "b"}
    assert len(answers) == 30


def test_a_target_port_may_be_a_ports_name(create_service, serve, fetch, ready_endpoints):
    ports = [{"port": 80, "targetPort": "web"}]
    address = create_service("web", selector={"app": "web"}, ports=ports).spec.cluster_ip
    serve("a")
    ready_endpoints(1, of=1)
    assert fetch(f"http://{address}/") == ["a"]


def test_a_pod_that_is_no_longer_ready_gets_no_requests(
    core, namespace, create_service, serve, fetch, ready_endpoints, eventually
):
    address = create_service("web", **WEB).spec.cluster_ip
    serve("a", "b")
    ready_endpoints(2, of=2)
    core.patch_namespaced_pod("a", namespace, {"metadata": {"labels": {"app": "none"}}})
    ready_endpoints(1, of=1)
    # What the API tells, a node may know a moment later.
    eventually(lambda: set(fetch(*[f"http://{address}/"] * 10)) == {"b"})


def test_pods_reach_each_other_by_their_own_addresses(pods, serve, fetch):
    serve("a", "b")
    urls = [f"http://{pods.get(name).status.pod_ip}:8080/" for name in ("a", "b")]
    assert fetch(*urls) == ["a", "b"]


def test_containers_of_a_pod_meet_at_localhost(pods):
    containers = [
        {"name": "server", "image": PYTHON, "command": ["python", "-c", SERVER]},
        {
            "name": "client",
            "image": PYTHON,
            "command": ["python", "-c", RETRY, "http://localhost:8080/"],
        },
    ]
    pods.run(spec={"containers": containers})
    pods.until(lambda pod: any(one.state.terminated for one in pod.status.container_statuses or []))
    assert pods.log(container="client") == "p\n"


def test_a_node_port_is_answered_on_every_node(
    core, machines, create_service, serve, fetch, ready_endpoints
):
    [port] = create_service("web", type="NodePort", **WEB).spec.ports
    serve("a")
    ready_endpoints(1, of=1)
    addresses = [
        address.address
        for node in map(core.read_node, machines)
        for address in node.status.addresses
        if address.type == "InternalIP"
    ]
    answers = fetch(*[f"http://{address}:{port.node_port}/" for address in addresses])
    assert answers == ["a"] * len(addresses)


def test_a_service_without_endpoints_refuses_at_once(pods, create_service):
    address = create_service("web", **WEB).spec.cluster_ip
    code = (
        "import socket, sys, time\n"
        "for _ in range(50):\n"
        "    try:\n"
        "        socket.create_connection((sys.argv[1], 80), timeout=5).close()\n"
        "        print('open')\n"
        "    except ConnectionRefusedError:\n"
        "        print('refused'); break\n"
        "    time.sleep(0.2)\n"
    )
    pods.python(code, address)
    pods.finished()
    assert pods.log() == "refused\n"


def test_a_service_has_a_name(core, pods):
    address = core.read_namespaced_service("kubernetes", "default").spec.cluster_ip
    code = "import socket; print(socket.gethostbyname('kubernetes.default.svc.cluster.local'))"
    pods.python(code)
    pods.finished()
    assert pods.log() == f"{address}\n"


ECHO = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 5353))
while True:
    data, sender = server.recvfrom(100)
    server.sendto(data.upper(), sender)
"""
ASK = """
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(0.5)
for _ in range(6):
    client.sendto(b"hello", (sys.argv[1], 53))
    try:
        print(client.recv(100).decode())
        break
    except OSError:
        pass
"""


def test_a_service_forwards_udp(pods, create_service, ready_endpoints):
    ports = [{"port": 53, "targetPort": 5353, "protocol": "UDP"}]
    address = create_service("web", selector={"app": "web"}, ports=ports).spec.cluster_ip
    labels = {"app": "web"}
    pods.python(ECHO, name="echo", labels=labels)
    ready_endpoints(1, of=1)
    pods.python(ASK, address)
    pods.finished()
    assert pods.log() == "HELLO\n"


@pytest.fixture
def witness(pods, create_service, ready_endpoints):
    """The URL of a Service whose pod answers with the address of who asks."""
    address = create_service("web", **WEB).spec.cluster_ip
    whose = SERVER.replace('os.environ["HOSTNAME"]', "self.client_address[0]")
    labels = {"app": "web"}
    pods.python(whose, name="server", labels=labels)
    ready_endpoints(1, of=1)
    return f"http://{address}/"


def test_a_pod_sees_the_address_of_who_asks_it(pods, witness):
    pods.python(RETRY, witness, name="client")
    pods.finished("client")
    assert pods.log("client") == f"{pods.get('client').status.pod_ip}\n"


def test_a_pod_sees_who_asks_it_whatever_program_that_is(pods, witness):
    script = f"for i in $(seq 100); do wget -q -O - {witness} && break; sleep 0.1; done"
    text = pods.output(script, name="client")
    assert pods.get("client").status.pod_ip in text


@pytest.fixture
def names_of(pods):
    """Which pods answer at a URL, asked for thirty times by a pod of that name."""

    def call(url, name="client", **spec):
        container = {"name": "a", "image": PYTHON, "command": ["python", "-c", FETCH, *[url] * 30]}
        pods.run(name=name, spec={"restartPolicy": "Never", "containers": [container], **spec})
        pods.finished(name)
        return set(pods.log(name).split())

    return call


def test_a_client_with_affinity_stays_with_one_pod(
    create_service, serve, ready_endpoints, names_of
):
    address = create_service("web", sessionAffinity="ClientIP", **WEB).spec.cluster_ip
    serve("a", "b")
    ready_endpoints(2, of=2)
    assert len(names_of(f"http://{address}/")) == 1


def test_internal_traffic_that_stays_local_reaches_the_pods_of_the_clients_node(
    pods, create_service, serve, ready_endpoints, names_of
):
    address = create_service("web", internalTrafficPolicy="Local", **WEB).spec.cluster_ip
    serve("a", "b")
    ready_endpoints(2, of=2)
    by_node = {}
    for name in ("a", "b"):
        by_node.setdefault(pods.get(name).spec.node_name, set()).add(name)
    for number, (node, names) in enumerate(by_node.items()):
        assert names_of(f"http://{address}/", f"client-{number}", nodeName=node) == names


def test_clients_inside_are_not_bound_to_a_node_by_the_policy_for_external_traffic(
    core, pods, create_service, serve, ready_endpoints, names_of
):
    [port] = create_service("web", type="NodePort", externalTrafficPolicy="Local", **WEB).spec.ports
    serve("a", "b")
    ready_endpoints(2, of=2)
    node = core.read_node(pods.get("a").spec.node_name)
    [ip] = [each.address for each in node.status.addresses if each.type == "InternalIP"]
    # From another node its address may hide who asks, as kind's network does.
    here = {"nodeName": node.metadata.name}
    assert names_of(f"http://{ip}:{port.node_port}/", **here) == {"a", "b"}


def test_a_pod_that_is_not_ready_can_be_published_all_the_same(pods, create_service, fetch):
    address = create_service("web", publishNotReadyAddresses=True, **WEB).spec.cluster_ip
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    pods.python(SERVER, name="slow", labels={"app": "web"}, readinessProbe=never)
    command = ["python", "-c", RETRY, f"http://{address}/"]
    pods.run(name="client", image=PYTHON, command=command)
    pods.finished("client")
    assert pods.log("client") == "slow\n"


def test_an_address_of_a_deleted_service_can_be_given_again(
    core, namespace, create_service, serve, fetch, ready_endpoints
):
    address = create_service("web", **WEB).spec.cluster_ip
    serve("a")
    ready_endpoints(1, of=1)
    assert fetch(f"http://{address}/") == ["a"]
    core.delete_namespaced_service("web", namespace)
    create_service("web", clusterIP=address, **WEB | {"ports": [{"port": 81, "targetPort": 8080}]})
    ready_endpoints(1, of=1)
    assert fetch(f"http://{address}:81/") == ["a"]


def test_a_host_port_leads_from_a_nodes_address_to_the_pod(core, pods, fetch):
    pods.python(SERVER, name="a", ports=[{"containerPort": 8080, "hostPort": 28080}])
    node = core.read_node(pods.ready("a").spec.node_name)
    [ip] = [each.address for each in node.status.addresses if each.type == "InternalIP"]
    assert fetch(f"http://{ip}:28080/") == ["a"]

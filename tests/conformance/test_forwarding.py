"""Ways into a pod through the API server: proxy paths and forwarded ports."""

from __future__ import annotations

from contextlib import closing
from threading import Thread
from threading import enumerate as enumerate_threads

import pytest
from kubernetes.stream import portforward

pytestmark = pytest.mark.needs_nodes

SERVER = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{self.command} {self.path}".encode()
        self.send_response(418 if self.path == "/teapot" else 200)
        if self.path == "/page":
            body = b"<p>/x <a href='/x'>x</a> <a href='y'>y</a>"
            self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = HTTPServer(("", 8080), Server)
print("up", flush=True)
server.serve_forever()
"""

ECHO = """
import socketserver
from contextlib import closing
from threading import Thread
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)
socketserver.ThreadingTCPServer.allow_reuse_address = True
servers = [socketserver.ThreadingTCPServer(("", port), Echo) for port in (8080, 8081)]
for server in servers:
    Thread(target=server.serve_forever).start()
print("up", flush=True)
"""


@pytest.fixture
def server(pods, eventually):
    """A pod `p` with a web server on port 8080, which has a name: web."""
    pods.python(SERVER, labels={"app": "web"}, ports=[{"name": "web", "containerPort": 8080}])
    pods.ready()
    eventually(lambda: "up" in pods.log())


@pytest.fixture
def forward(core, namespace, eventually):
    """Forward ports of the pod `p`."""
    opened = []

    def call(ports):
        method = core.connect_get_namespaced_pod_portforward
        opened.append(portforward(method, "p", namespace, ports=ports))
        return opened[-1]

    yield call
    for each in opened:
        each.close()
    eventually(lambda: not any("port forward" in thread.name for thread in enumerate_threads()))
    for each in opened:
        # Where the server was the first to close, the client leaves its own end open.
        each.websocket.shutdown()


# A port's name in the place of its number makes kube-apiserver 1.36 panic.
def test_a_pod_answers_behind_its_proxy_path(send, namespace, server):
    answer = send("GET", f"/api/v1/namespaces/{namespace}/pods/p:8080/proxy/some/where?a=b")
    assert (answer.code, answer.body) == (200, "GET /some/where?a=b")


def test_links_of_a_page_lead_through_the_proxy(send, namespace, server):
    path = f"/api/v1/namespaces/{namespace}/pods/p:8080/proxy"
    page = send("GET", f"{path}/page").checked()
    expected = f'<p>/x <a href="{path}/x">x</a> <a href="y">y</a>'
    assert page.replace("'", '"') == expected


def test_the_proxy_passes_an_error_on(send, namespace, server):
    answer = send("GET", f"/api/v1/namespaces/{namespace}/pods/p:8080/proxy/teapot")
    assert (answer.code, answer.body) == (418, "GET /teapot")


def test_a_service_answers_behind_its_proxy_path(core, send, namespace, server, eventually):
    ports = [{"name": "http", "port": 80, "targetPort": "web"}]
    body = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}}
    core.create_namespaced_service(namespace, body)
    for port in ("80", "http"):
        path = f"/api/v1/namespaces/{namespace}/services/web:{port}/proxy/hello"
        answer = eventually(lambda path=path: (found := send("GET", path)).code == 200 and found)
        assert answer.body == "GET /hello"


def test_a_service_without_endpoints_has_no_proxy(send, namespace, create_service, eventually):
    create_service("empty", selector={"app": "nobody"})
    path = f"/api/v1/namespaces/{namespace}/services/empty/proxy/"
    answer = eventually(lambda: (found := send("GET", path)).code != 404 and found)
    assert (answer.code, answer.body["reason"]) == (503, "ServiceUnavailable")
    assert answer.body["message"] == 'no endpoints available for service "empty"'


def test_a_service_whose_endpoints_nobody_keeps_is_not_found_by_its_proxy(
    send, namespace, create_service
):
    create_service("free")
    answer = send("GET", f"/api/v1/namespaces/{namespace}/services/free/proxy/")
    assert (answer.code, answer.body["message"]) == (404, 'services "free" not found')


def test_a_port_can_be_forwarded(forward, server):
    forwarded = forward("8080")
    with closing(forwarded.socket(8080)) as connection:
        connection.setblocking(True)
        connection.sendall(b"GET /through HTTP/1.0\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    assert received.endswith(b"GET /through")
    assert forwarded.error(8080) is None


def test_a_port_where_nobody_listens_is_told_on_its_error_channel(forward, server, eventually):
    forwarded = forward("8080,8081")
    eventually(lambda: forwarded.error(8081))
    assert forwarded.error(8081).startswith("error forwarding port 8081 to pod ")
    assert "connection refused" in forwarded.error(8081)


def test_several_ports_and_much_data_can_be_forwarded_at_once(forward, pods, eventually):
    pods.python(ECHO)
    pods.ready()
    eventually(lambda: "up" in pods.log())
    forwarded = forward("8080,8081")
    for port in (8080, 8081):
        with closing(forwarded.socket(port)) as connection:
            connection.setblocking(True)
            sender = Thread(target=connection.sendall, args=[bytes(2**20)])
            sender.start()
            received = 0
            while received < 2**20:
                received += len(connection.recv(2**16))
            sender.join()
            assert received == 2**20

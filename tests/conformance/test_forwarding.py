"""Ways into a pod through the API server: proxy paths and forwarded ports."""

from __future__ import annotations

import pytest
from kubernetes.stream import portforward

pytestmark = pytest.mark.needs_nodes

SERVER = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{self.command} {self.path}".encode()
        self.send_response(418 if self.path == "/teapot" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = HTTPServer(("", 8080), Server)
print("up", flush=True)
server.serve_forever()
"""


@pytest.fixture
def server(pods, eventually):
    """A pod `p` with a web server on port 8080, which has a name: web."""
    pods.run(
        labels={"app": "web"},
        image="python:3.12-slim",
        command=["python", "-c", SERVER],
        ports=[{"name": "web", "containerPort": 8080}],
    )
    pods.ready()
    eventually(lambda: "up" in pods.log())


@pytest.mark.parametrize("port", ["8080", "web"])
def test_a_pod_answers_behind_its_proxy_path(send, namespace, server, port):
    answer = send("GET", f"/api/v1/namespaces/{namespace}/pods/p:{port}/proxy/some/where?a=b")
    assert (answer.code, answer.body) == (200, "GET /some/where?a=b")


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


def test_a_service_without_endpoints_has_no_proxy(core, send, namespace):
    body = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}
    core.create_namespaced_service(namespace, body)
    answer = send("GET", f"/api/v1/namespaces/{namespace}/services/web/proxy/")
    assert (answer.code, answer.body["reason"]) == (503, "ServiceUnavailable")
    assert answer.body["message"] == 'no endpoints available for service "web"'


@pytest.mark.gap("port-forward")
def test_a_port_can_be_forwarded(core, namespace, server):
    forwarded = portforward(
        core.connect_get_namespaced_pod_portforward, "p", namespace, ports="8080"
    )
    with forwarded.socket(8080) as connection:
        connection.setblocking(True)
        connection.sendall(b"GET /through HTTP/1.0\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    assert received.endswith(b"GET /through")
    assert forwarded.error(8080) is None

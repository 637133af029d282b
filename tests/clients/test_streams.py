"""kubectl's ways into a pod: port-forward, exec, cp, attach, run -i, debug.

Since 1.31 kubectl speaks WebSocket; older ones speak SPDY, as it still does when it is told so.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import urllib.request

import pytest

SERVER = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"got " + self.path.encode())
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body[::-1])
ThreadingHTTPServer(("", 8080), Server).serve_forever()
"""
POD = f"""
apiVersion: v1
kind: Pod
metadata: {{name: web, labels: {{app: web}}}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: web
    image: python:3.12-slim
    command: [python, -c, {json.dumps(SERVER)}]
    readinessProbe: {{httpGet: {{path: /, port: 8080}}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080}}]}}
"""


@pytest.fixture(scope="module", autouse=True)
def web(kubectl):
    kubectl("apply", "-f", "-", stdin=POD)
    kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=60s")


@pytest.fixture(params=["websocket", "spdy"])
def transport(request, monkeypatch):
    """What kubectl speaks."""
    value = "true" if request.param == "websocket" else "false"
    monkeypatch.setenv("KUBECTL_PORT_FORWARD_WEBSOCKETS", value)
    monkeypatch.setenv("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", value)


@pytest.fixture
def forward(kubectl_path, cluster):
    """Run `kubectl port-forward` in the test's namespace; gives the process and its local port."""

    @contextlib.contextmanager
    def run(target, port):
        words = [kubectl_path, "-n", "test-streams", "port-forward", target, f":{port}"]
        process = subprocess.Popen(
            words,
            env=os.environ | {"KUBECONFIG": str(cluster.kubeconfig)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            line = process.stdout.readline()
            found = re.match(r"Forwarding from 127.0.0.1:(\d+) -> ", line)
            assert found, line + process.stderr.read()
            yield process, int(found[1])
        finally:
            process.kill()
            process.communicate()

    return run


def get(url, data=None):
    with urllib.request.urlopen(url, data, timeout=30) as answer:
        return answer.read()


@pytest.mark.parametrize(("target", "port"), [("pod/web", 8080), ("svc/web", 80)])
def test_a_port_is_forwarded(forward, transport, target, port):
    with forward(target, port) as (_, local):
        assert get(f"http://127.0.0.1:{local}/one") == b"got /one"
        assert get(f"http://127.0.0.1:{local}/two") == b"got /two"


def test_connections_do_not_wait_for_one_another(forward, transport):
    with forward("pod/web", 8080) as (_, local), socket.create_connection(("127.0.0.1", local)):
        body = os.urandom(3_000_000)
        assert get(f"http://127.0.0.1:{local}/", body) == body[::-1]


def test_a_port_where_nobody_listens_is_told(forward, transport):
    with forward("pod/web", 81) as (process, local):
        with socket.create_connection(("127.0.0.1", local)) as connection:
            assert connection.recv(1) == b""
        told = process.stderr.read()
    assert "error forwarding port 81 to pod " in told
    assert "connection refused" in told
    assert "lost connection to pod" in told


def test_a_pod_that_does_not_run_has_no_ports(kubectl):
    kubectl("run", "wait", "--image=no-such:1")
    said = kubectl("port-forward", "pod/wait", "8080", code=1)
    assert "unable to forward port because pod is not running. Current status=Pending" in said


def test_a_command_has_input_output_and_exit_code(kubectl, transport):
    said = kubectl("exec", "-i", "web", "--", "sh", "-c", "cat; exit 3", stdin="hello", code=3)
    assert said == "hellocommand terminated with exit code 3\n"


def test_a_command_that_is_not_there_is_told(kubectl, transport):
    said = kubectl("exec", "web", "--", "no-such", code=1)
    assert "executable file not found in $PATH" in said


def test_files_are_copied_into_a_pod_and_back(kubectl, transport, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/large").write_bytes(os.urandom(2_000_000))
    kubectl("cp", f"{tmp_path}/there", f"web:/tmp/{tmp_path.name}")
    kubectl("cp", f"web:/tmp/{tmp_path.name}", f"{tmp_path}/back")
    assert (tmp_path / "back/large").read_bytes() == (tmp_path / "there/large").read_bytes()
    kubectl("cp", "--retries=2", f"web:/tmp/{tmp_path.name}/large", f"{tmp_path}/file")
    assert (tmp_path / "file").read_bytes() == (tmp_path / "there/large").read_bytes()


def test_a_pod_is_run_with_input_and_removed(kubectl, transport):
    words = ("--rm", "-i", "--restart=Never", "--image=busybox", "--", "sh", "-c")
    said = kubectl("run", "once", *words, "read a; echo got $a; exit 4", stdin="it\n", code=4)
    assert said.count("got it\n") == 1
    assert "couldn't attach" not in said
    assert "NotFound" in kubectl("get", "pod", "once", code=1)


def test_attaching_shows_what_a_container_prints(kubectl, transport):
    kubectl("run", "talk", "-i", "--image=busybox", "--restart=Never", "--", "cat", stdin="one\n")
    assert "one\n" in kubectl("logs", "talk")
    kubectl("delete", "pod", "talk", "--now")


def test_one_can_attach_to_a_container_and_speak_to_it(kubectl, transport):
    run = ("run", "ear", "-i", "--attach=false", "--image=busybox", "--restart=Never")
    kubectl(*run, "--", "sh", "-c", "read a; echo heard $a")
    kubectl("wait", "pod/ear", "--for=condition=Ready", "--timeout=60s")
    assert "heard you\n" in kubectl("attach", "-i", "ear", stdin="you\n")
    kubectl("wait", "pod/ear", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
    kubectl("delete", "pod", "ear", "--now")


def test_a_debug_container_looks_into_a_running_pod(kubectl):
    words = ("-i", "--image=busybox", "--target=web", "-c", "look", "--", "sh", "-c")
    said = kubectl("debug", "web", *words, "read a; echo $a from $HOSTNAME", stdin="hello\n")
    assert "hello from web\n" in said
    assert "hello from web\n" in kubectl("logs", "web", "-c", "look")
    assert "Ephemeral Containers:\n  look:" in kubectl("describe", "pod", "web")


def test_a_copy_of_a_pod_can_be_debugged(kubectl):
    words = ("--copy-to=copy", "--image=busybox", "-c", "look", "--", "sleep", "600")
    kubectl("debug", "web", *words)
    kubectl("wait", "pod/copy", "--for=condition=Ready", "--timeout=60s")
    names = "-o=jsonpath={.spec.containers[*].name}"
    assert kubectl("get", "pod", "copy", names) == "web look"
    kubectl("delete", "pod", "copy", "--now")


def test_a_node_can_be_debugged(kubectl):
    node = kubectl("get", "pod", "web", "-o=jsonpath={.spec.nodeName}")
    said = kubectl(
        "debug", f"node/{node}", "-i", "--image=busybox", "--", "sh", "-c", "ls -d /host"
    )
    assert f"Creating debugging pod node-debugger-{node}-" in said
    assert "/host\n" in said

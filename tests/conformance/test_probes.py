"""Probes: what is not alive is restarted, what is not ready gets no traffic."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.needs_nodes

OFTEN = {"periodSeconds": 1, "failureThreshold": 1}
SERVER = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({"/healthy": 200, "/moved": 302}.get(self.path, 500))
        if self.path == "/moved":
            self.send_header("Location", "/healthy")
        self.end_headers()
HTTPServer(("", 8080), Server).serve_forever()
"""


def serve(pods, **probes):
    pods.python(SERVER, **probes)


def test_a_failed_liveness_probe_restarts_the_container(pods):
    probe = {**OFTEN, "exec": {"command": ["false"]}, "initialDelaySeconds": 1}
    pods.run(spec={"restartPolicy": "Always"}, livenessProbe=probe)
    container = pods.container(lambda one: one.restart_count)
    assert container.last_state.terminated.exit_code != 0
    assert pods.event("Killing").message == ("Container a failed liveness probe, will be restarted")
    assert pods.event("Unhealthy").message.startswith("Liveness probe failed:")


def test_a_failed_readiness_probe_leaves_the_container_alone(pods):
    probe = {**OFTEN, "exec": {"command": ["cat", "/tmp/ready"]}}
    pods.run(readinessProbe=probe)
    event = pods.event("Unhealthy")
    assert event.type == "Warning"
    assert re.match(r"Readiness probe failed: cat: .*/tmp/ready", event.message)
    container = pods.container(lambda one: one.state.running)
    assert (container.ready, container.restart_count) == (False, 0)


def test_a_pod_becomes_ready_when_its_probe_succeeds(pods):
    probe = {"periodSeconds": 1, "exec": {"command": ["cat", "/tmp/ready"]}}
    pods.run("sleep 1; touch /tmp/ready; sleep 3600", readinessProbe=probe)
    pods.container(lambda one: one.state.running and not one.ready)
    assert pods.ready().status.container_statuses[0].ready


@pytest.mark.parametrize(
    "handler",
    [
        {"httpGet": {"port": 8080, "path": "/healthy"}},
        {"httpGet": {"port": 8080, "path": "/moved"}},
        {"tcpSocket": {"port": 8080}},
    ],
    ids=["http", "moved", "tcp"],
)
def test_a_probe_may_knock_at_a_port(pods, handler):
    serve(pods, readinessProbe={"periodSeconds": 1, **handler})
    pods.ready()


def test_a_probe_may_use_a_ports_name(pods):
    serve(
        pods,
        ports=[{"name": "web", "containerPort": 8080}],
        readinessProbe={"periodSeconds": 1, "httpGet": {"port": "web", "path": "/healthy"}},
    )
    pods.ready()


def test_an_answer_of_500_is_a_failure(pods):
    probe = {"periodSeconds": 1, "httpGet": {"port": 8080, "path": "/sick"}}
    serve(pods, readinessProbe=probe)
    pods.event("Unhealthy")
    assert not pods.container(lambda one: one.state.running).ready


def test_a_probe_of_a_closed_port_tells_that_nobody_listens(pods):
    pods.run(readinessProbe={**OFTEN, "httpGet": {"port": 8080, "path": "/health"}})
    address = pods.until(lambda pod: pod.status.pod_ip).status.pod_ip
    assert pods.event("Unhealthy").message == (
        f'Readiness probe failed: Get "http://{address}:8080/health": '
        f"dial tcp {address}:8080: connect: connection refused"
    )


def test_a_probe_that_takes_too_long_fails(pods):
    probe = {**OFTEN, "timeoutSeconds": 1, "exec": {"command": ["sleep", "30"]}}
    pods.run(readinessProbe=probe)
    assert "timed out" in pods.event("Unhealthy").message


def test_the_other_probes_wait_for_the_startup_probe(pods):
    startup = {"periodSeconds": 1, "failureThreshold": 30, "exec": {"command": ["cat", "/tmp/up"]}}
    pods.run(
        "sleep 1.5; touch /tmp/up; sleep 3600",
        startupProbe=startup,
        livenessProbe={**OFTEN, "exec": {"command": ["cat", "/tmp/up"]}},
    )
    waiting = pods.container(lambda one: one.state.running)
    assert (waiting.started, waiting.ready) == (False, False)
    container = pods.container(lambda one: one.ready)
    # A liveness probe at once would have killed it.
    assert (container.started, container.restart_count) == (True, 0)


def test_a_liveness_probe_can_have_a_grace_period_of_its_own(pods):
    probe = {**OFTEN, "exec": {"command": ["false"]}, "terminationGracePeriodSeconds": 1}
    spec = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 3600}
    pods.run("trap '' TERM; while true; do sleep 1; done", spec=spec, livenessProbe=probe)
    assert pods.container(lambda one: one.restart_count).last_state.terminated.exit_code == 137
    pods.delete(grace_period_seconds=0)


def test_a_grpc_probe_of_a_closed_port_waits_for_somebody_to_listen(pods):
    pods.run(readinessProbe={**OFTEN, "grpc": {"port": 8080}})
    address = pods.until(lambda pod: pod.status.pod_ip).status.pod_ip
    assert pods.event("Unhealthy").message == (
        f'Readiness probe failed: timeout: failed to connect service "{address}:8080" '
        "within 1s: context deadline exceeded"
    )

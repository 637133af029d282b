"""Creating a kind cluster, and every way in which that fails, with the real Docker and kind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from kubernetes import client

from kubelearn.clusters.kind import KindCluster
from kubelearn.errors import ClusterError

pytestmark = pytest.mark.timeout(400)
NAME = "tests-small"


@pytest.fixture(autouse=True)
def _leaves_nothing(docker_engine):
    yield
    left = docker_engine.containers.list(
        all=True, filters={"label": f"io.x-k8s.kind.cluster={NAME}"}
    )
    for container in left:
        container.remove(force=True, v=True)
    assert left == []


@pytest.fixture
def kind_command(kubelearn, kind_image):
    def run(command, *words):
        where = ("--backend", "kind", "--name", NAME)
        return kubelearn(command, *where, *words, KUBELEARN_KIND_IMAGE=kind_image)

    return run


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def test_a_cluster_from_its_creation_to_its_end(kind_command, kubelearn, free_port):
    made = kind_command("up", "--nodes", "1", "--publish", f"{free_port}:30080")
    assert made.returncode == 0, made.stderr
    steps = [line for line in made.stdout.splitlines() if "✔" in line]
    assert "Preparing nodes" in steps[1]
    assert "Nodes are Ready" in steps[-1]
    assert made.stdout.rstrip().splitlines()[-1].strip().startswith("kubectl get nodes")

    found = json.loads(kind_command("status", "--output", "json").stdout)
    assert found["ready"] is True
    assert found["nodes"] == [f"{NAME}-control-plane"]
    assert {"etcd", "kube-apiserver"} <= {each["name"] for each in found["components"]}

    cluster = KindCluster(NAME)
    core = client.CoreV1Api(cluster.api_client)
    core.create_namespaced_config_map("default", {"metadata": {"name": "outlives"}})
    _answers_at(free_port, core)

    assert "objects are kept" in kind_command("down").stdout
    assert kind_command("status").returncode == 3
    again = kind_command("up")
    assert again.returncode == 0, again.stderr
    assert f"switched on: {NAME}-control-plane" in again.stdout
    assert core.read_namespaced_config_map("outlives", "default")

    assert "is deleted" in kind_command("down", "--delete").stdout
    assert "no kind cluster" in kind_command("down", "--delete").stdout


def _answers_at(port, core):
    """A Service with a node port answers at a port of this machine."""
    container = {"name": "a", "image": "kubelearn/hello:1.0"}
    toleration = {"operator": "Exists"}
    core.create_namespaced_pod(
        "default",
        {
            "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {"containers": [container], "tolerations": [toleration]},
        },
    )
    ports = [{"port": 80, "targetPort": 8080, "nodePort": 30080}]
    spec = {"type": "NodePort", "selector": {"app": "web"}, "ports": ports}
    core.create_namespaced_service("default", {"metadata": {"name": "web"}, "spec": spec})
    deadline = time.monotonic() + 90
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
                assert b"Hello from web" in answer.read()
                return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.5)


def test_ctrl_c_leaves_no_machine_behind(kind_image, state, docker_engine):
    words = ["up", "--backend", "kind", "--name", NAME, "--nodes", "1"]
    process = subprocess.Popen(
        [sys.executable, "-um", "kubelearn", *words],
        env=os.environ | {"KUBELEARN_KIND_IMAGE": kind_image},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # What runs in the background of a shell has been told to ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with process:
        for line in process.stdout:
            if "Preparing nodes" in line:
                process.send_signal(signal.SIGINT)
    assert process.returncode != 0


def test_an_image_that_cannot_be_pulled_is_named_with_the_reason(kind_command):
    refused = kind_command("up", "--image", "127.0.0.1:9/kubelearn/nothing:1")
    assert refused.returncode == 1
    assert "node image 127.0.0.1:9/kubelearn/nothing:1" in refused.stderr
    assert "connection refused" in refused.stderr
    assert "--image" in refused.stderr


def test_a_port_that_somebody_has_is_named_at_once(kind_command):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = kind_command("up", "--publish", f"{port}:30080")
    assert refused.returncode == 1
    assert f"port {port} of this machine is taken" in refused.stderr
    assert "✔" not in refused.stdout


def test_an_image_that_is_no_node_says_so_and_leaves_nothing(kind_command, shell_image):
    refused = kind_command("up", "--nodes", "1", "--image", shell_image)
    assert refused.returncode == 1
    assert refused.stderr.startswith("kubelearn: kind failed: ")
    assert "kind.log" in refused.stderr


def test_a_cluster_that_was_never_finished_is_told_from_one_that_runs(docker_engine, shell_image):
    labels = {"io.x-k8s.kind.cluster": NAME, "io.x-k8s.kind.role": "control-plane"}
    name = f"{NAME}-control-plane"
    docker_engine.containers.run(
        shell_image, "busybox sleep 300", name=name, labels=labels, detach=True
    )
    cluster = KindCluster(NAME)
    with pytest.raises(ClusterError, match=rf"half-created: {name}(?s:.*)--delete"):
        cluster.up()
    cluster.delete()
    assert not cluster.exists()


def test_a_docker_that_is_gone_is_the_reason_whatever_is_asked(kubelearn, tmp_path):
    for command in ("up", "down", "status", "reset"):
        answer = kubelearn(
            command, "--backend", "kind", DOCKER_HOST=f"unix://{tmp_path}/docker.sock"
        )
        assert answer.returncode == 1
        assert "Docker" in answer.stderr
        assert "→" in answer.stderr

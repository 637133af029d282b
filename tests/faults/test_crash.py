"""`kill -9` of the daemon: no acknowledged object is lost, and no process is left."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from kubernetes import client

from kubelearn.clusters import EmbeddedCluster

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "victim"},
    "spec": {
        "containers": [
            {"name": "c", "image": "busybox", "command": ["sleep", "31415"]},
        ]
    },
}


@pytest.fixture
def cluster(state):
    found = EmbeddedCluster()
    found.up()
    return found


def wait_for(condition, *, within=30):
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def sleepers():
    """The processes of the test's pod."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"31415" in entry.read_bytes():
                found.add(int(entry.parent.name))
        except OSError:
            continue
    return found


def running(core, name="victim"):
    def condition():
        pod = core.read_namespaced_pod(name, "default")
        return pod.status.phase == "Running" and pod.status.container_statuses[0].ready

    return condition


def kill(cluster):
    pid = cluster.status()["pid"]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_every_acknowledged_object_is_there_after_the_next_start(cluster):
    core = client.CoreV1Api(cluster.api_client)
    for number in range(50):
        body = {"metadata": {"name": f"kept-{number}"}, "data": {"number": str(number)}}
        core.create_namespaced_config_map("default", body)
    kill(cluster)
    assert not cluster.ready()
    cluster.up()
    found = core.list_namespaced_config_map("default").items
    kept = {each.metadata.name for each in found} - {"kube-root-ca.crt"}
    assert kept == {f"kept-{number}" for number in range(50)}


def test_the_next_start_ends_the_processes_that_were_left_and_runs_the_pod_again(cluster):
    core = client.CoreV1Api(cluster.api_client)
    wait_for(lambda: core.list_namespaced_service_account("default").items)
    core.create_namespaced_pod("default", POD)
    wait_for(running(core))
    before = sleepers()
    assert before
    kill(cluster)
    assert sleepers() == before
    cluster.up()
    wait_for(lambda: not before & sleepers())
    wait_for(lambda: sleepers() and running(core)())


def test_down_after_a_crash_ends_the_processes_that_were_left(cluster):
    core = client.CoreV1Api(cluster.api_client)
    wait_for(lambda: core.list_namespaced_service_account("default").items)
    core.create_namespaced_pod("default", POD)
    wait_for(running(core))
    kill(cluster)
    cluster.down()
    assert not sleepers()


def test_down_ends_a_daemon_that_hangs_and_its_processes(cluster, monkeypatch):
    core = client.CoreV1Api(cluster.api_client)
    wait_for(lambda: core.list_namespaced_service_account("default").items)
    core.create_namespaced_pod("default", POD)
    wait_for(running(core))
    monkeypatch.setattr("kubelearn.clusters.daemon._STOP_SECONDS", 0.2)
    monkeypatch.setattr("kubelearn.clusters.daemon._KILL_SECONDS", 0.5)
    monkeypatch.setattr("kubelearn.clusters.daemon._ASK_SECONDS", 0.2)
    os.kill(cluster.status()["pid"], signal.SIGSTOP)
    cluster.down()
    assert not cluster.ready()
    assert not sleepers()


def test_containers_get_a_moment_to_end_when_the_cluster_stops(cluster):
    core = client.CoreV1Api(cluster.api_client)
    wait_for(lambda: core.list_namespaced_service_account("default").items)
    script = 'trap "echo goodbye; exit 0" TERM; echo 31415; while :; do sleep 0.1; done'
    polite = json.loads(json.dumps(POD))
    polite["spec"]["containers"][0]["command"] = ["sh", "-c", script]
    core.create_namespaced_pod("default", polite)
    wait_for(lambda: "31415" in logs(cluster))
    cluster.down()
    assert "goodbye" in logs(cluster)
    assert not sleepers()


def logs(cluster):
    """What all containers wrote, as it is on disk."""
    return "".join(path.read_text() for path in cluster.folder.nodes.rglob("*.log"))

"""`kill -9` of the daemon, and its end: no process of a container is left."""

import json
import os
import signal
from pathlib import Path

from kubernetes import client

from tests.faults.wire import kill
from tests.waiting import eventually

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


def test_the_next_start_ends_the_processes_that_were_left_and_runs_the_pod_again(cluster):
    core = client.CoreV1Api(cluster.api_client)
    eventually(lambda: core.list_namespaced_service_account("default").items)
    core.create_namespaced_pod("default", POD)
    eventually(running(core))
    before = sleepers()
    assert before
    kill(cluster)
    assert sleepers() == before
    cluster.up()
    eventually(lambda: not before & sleepers())
    eventually(lambda: sleepers() and running(core)())


def test_down_after_a_crash_ends_the_processes_that_were_left(cluster):
    core = client.CoreV1Api(cluster.api_client)
    eventually(lambda: core.list_namespaced_service_account("default").items)
    core.create_namespaced_pod("default", POD)
    eventually(running(core))
    kill(cluster)
    cluster.down()
    assert not sleepers()


def test_down_ends_a_daemon_that_hangs_and_its_processes(cluster, monkeypatch):
    core = client.CoreV1Api(cluster.api_client)
    eventually(lambda: core.list_namespaced_service_account("default").items)
    core.create_namespaced_pod("default", POD)
    eventually(running(core))
    monkeypatch.setattr("kubelearn.clusters.daemon._STOP_SECONDS", 0.2)
    monkeypatch.setattr("kubelearn.clusters.daemon._KILL_SECONDS", 0.5)
    monkeypatch.setattr("kubelearn.clusters.daemon._ASK_SECONDS", 0.2)
    os.kill(cluster.status()["pid"], signal.SIGSTOP)
    cluster.down()
    assert not cluster.ready()
    assert not sleepers()


def test_containers_get_a_moment_to_end_when_the_cluster_stops(cluster):
    core = client.CoreV1Api(cluster.api_client)
    eventually(lambda: core.list_namespaced_service_account("default").items)
    script = 'trap "echo goodbye; exit 0" TERM; echo 31415; while :; do sleep 0.1; done'
    polite = json.loads(json.dumps(POD))
    polite["spec"]["containers"][0]["command"] = ["sh", "-c", script]
    core.create_namespaced_pod("default", polite)
    eventually(lambda: "31415" in logs(cluster))
    cluster.down()
    assert "goodbye" in logs(cluster)
    assert not sleepers()


def logs(cluster):
    """What all containers wrote, as it is on disk."""
    return "".join(path.read_text() for path in cluster.folder.nodes.rglob("*.log"))

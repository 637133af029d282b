"""A component that crashes is started again, and goes on from what the API tells it."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from kubelearn.clusters import EmbeddedCluster
from tests.waiting import eventually

LAUNCHER = Path(__file__).with_name("crashing_daemon.py")
PODS = "/api/v1/namespaces/default/pods"
SERVICES = "/api/v1/namespaces/default/services"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
LABELS = {"app": "web"}
COMPONENTS = [
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet@kubelearn-worker",
]


@pytest.fixture
def crashing(state, tmp_path, monkeypatch):
    """A cluster whose components crash on demand, and how to demand it."""
    monkeypatch.setenv("KUBELEARN_CRASHES", str(tmp_path))
    cluster = EmbeddedCluster()
    cluster.folder.prepare()
    command = [sys.executable, str(LAUNCHER), "--state", str(cluster.folder.path)]
    with (tmp_path / "log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
    eventually(cluster.ready, within=60)

    def crash(name: str) -> None:
        before = restarts(cluster, name)
        (tmp_path / name).touch()
        eventually(lambda: restarts(cluster, name) > before)

    yield cluster, crash
    cluster.delete()
    daemon.wait()


def restarts(cluster, name):
    return next(each.restarts for each in cluster.internals.components() if each.name == name)


@pytest.mark.timeout(300)
def test_each_component_goes_on_after_a_crash(crashing, connect):
    cluster, crash = crashing
    wire = connect(cluster)
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    eventually(lambda: wire.send("GET", account)[0] == 200)
    spec = {
        "replicas": 3,
        "selector": {"matchLabels": LABELS},
        "template": {
            "metadata": {"labels": LABELS},
            "spec": {"containers": [{"name": "web", "image": "kubelearn/hello:1.0"}]},
        },
    }
    assert wire.send("POST", DEPLOYMENTS, {"metadata": {"name": "web"}, "spec": spec})[0] == 201
    # A port that the proxy may have whoever runs the test.
    ports = {"selector": LABELS, "ports": [{"port": 8080}]}
    _, service = wire.send("POST", SERVICES, {"metadata": {"name": "web"}, "spec": ports})
    address = service["spec"]["clusterIP"]
    eventually(lambda: len(ready(wire)) == 3, within=90)
    for component in COMPONENTS:
        eventually(lambda: answers(address))
        before = ready(wire)
        # Something to do for everybody, at the moment of the crash.
        gone = min(before)
        wire.send("DELETE", f"{PODS}/{gone}?gracePeriodSeconds=1")
        crash(component)
        eventually(lambda gone=gone: len(ready(wire)) == 3 and gone not in ready(wire), within=90)
        # Nobody else was hurt: a kubelet finds its containers as it left them.
        kept = {name: started for name, started in before.items() if name != gone}
        assert kept.items() <= ready(wire).items(), component
    eventually(lambda: answers(address))


def ready(wire):
    """The pods that are ready, with when their containers started."""
    found = {}
    for pod in wire.send("GET", PODS)[1]["items"]:
        statuses = pod["status"].get("containerStatuses") or [{}]
        if statuses[0].get("ready") and "deletionTimestamp" not in pod["metadata"]:
            found[pod["metadata"]["name"]] = statuses[0]["state"]["running"]["startedAt"]
    return found


def answers(address):
    try:
        with urllib.request.urlopen(f"http://{address}:8080", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False

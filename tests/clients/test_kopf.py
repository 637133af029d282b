"""kopf, a framework for operators in Python: an operator works, and outlives the API server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kubernetes import client

GROUP = "kopf.example.com"
NAMESPACE = "test-kopf"
PLACE = (GROUP, "v1", NAMESPACE, "frogs")
OPERATOR = Path(__file__).with_name("operators") / "frogs.py"
FINALIZER = "kopf.zalando.org/KopfFinalizerMarker"


@pytest.fixture(scope="module")
def custom(cluster):
    return client.CustomObjectsApi(cluster.api_client)


@pytest.fixture(scope="module")
def defined(kubectl, frogs):
    kubectl("apply", "-f", "-", stdin=json.dumps(frogs(GROUP)))
    kubectl("wait", "--for=condition=Established", f"crd/frogs.{GROUP}", "--timeout=30s")
    yield
    kubectl("delete", "crd", f"frogs.{GROUP}")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("kopf") / "operator.log"


@pytest.fixture(scope="module")
def operator(cluster, custom, defined, log):
    """The operator, a process of its own; it ends when it has seen the last frog off."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "kopf", "run", f"--namespace={NAMESPACE}", "--standalone",
             str(OPERATOR)],
            env=os.environ | {"KUBECONFIG": str(cluster.kubeconfig)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        yield process
        custom.delete_collection_namespaced_custom_object(*PLACE)
        deadline = time.monotonic() + 60
        while custom.list_namespaced_custom_object(*PLACE)["items"]:
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0, log.read_text()


@pytest.fixture
def until(log):
    def call(question, *, within=60):
        deadline = time.monotonic() + within
        while not (answer := question()):
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.1)
        return answer

    return call


@pytest.fixture
def create(custom):
    def call(name):
        body = {
            "apiVersion": f"{GROUP}/v1",
            "kind": "Frog",
            "metadata": {"name": name},
            "spec": {"color": "green"},
        }
        return custom.create_namespaced_custom_object(*PLACE, body)

    return call


@pytest.fixture
def status(custom):
    def call(name):
        found = custom.get_namespaced_custom_object(*PLACE, name)
        return found.get("status") or {}

    return call


def test_what_is_created_is_handled_and_reported(operator, create, custom, status, until, kubectl):
    create("kermit")
    until(lambda: status("kermit").get("create") == {"color": "green"})
    frog = custom.get_namespaced_custom_object(*PLACE, "kermit")
    assert FINALIZER in frog["metadata"]["finalizers"]
    assert frog["status"]["conditions"] == [{"type": "Ready", "status": "True"}]
    events = ("get", "events", "--field-selector=reason=Hatched", "-o", "jsonpath={..message}")
    until(lambda: "a green frog" in kubectl(*events))


def test_a_change_is_told_with_old_and_new(operator, custom, status, until):
    custom.patch_namespaced_custom_object(*PLACE, "kermit", {"spec": {"color": "blue"}})
    until(lambda: status("kermit").get("repaint") == {"from": "green", "to": "blue"})


def test_timers_beat_and_daemons_run(operator, status, until):
    beats = until(lambda: status("kermit").get("pulse"))["beats"]
    until(lambda: status("kermit")["pulse"]["beats"] > beats)
    until(lambda: status("kermit").get("croaked"))


def test_the_operator_goes_on_after_the_api_server_was_away(
    cluster, operator, create, status, until
):
    if cluster.backend != "embedded":
        pytest.skip("this cluster's API server cannot be restarted here")
    cluster.internals.stop("kube-apiserver")
    time.sleep(1)
    cluster.internals.start("kube-apiserver")
    create("robin")
    until(lambda: status("robin").get("create") == {"color": "green"}, within=90)
    assert operator.poll() is None


def test_what_is_deleted_waits_for_the_last_handler(operator, custom, until, log):
    custom.delete_namespaced_custom_object(*PLACE, "kermit")

    def names():
        items = custom.list_namespaced_custom_object(*PLACE)["items"]
        return [each["metadata"]["name"] for each in items]

    until(lambda: "kermit" not in names())
    assert "farewell, kermit" in log.read_text()

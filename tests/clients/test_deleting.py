"""`kubectl delete` and `kubectl wait`: what goes, what stays, and how long that takes."""

import time
from threading import Timer

import pytest

POD = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: {name}}}}}
spec:
  terminationGracePeriodSeconds: {grace}
  containers: [{{name: a, image: "busybox:1.37", command: [sleep, "3600"]}}]
"""
NOT_FOUND = 'Error from server (NotFound): pods "{}" not found\n'


@pytest.fixture
def pod(kubectl):
    def make(name, grace=0):
        kubectl("create", "-f", "-", stdin=POD.format(name=name, grace=grace))
        kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s")

    return make


# --- delete --------------------------------------------------------------------------------------


def test_delete_waits_until_the_object_is_gone(kubectl, pod):
    pod("a", grace=1)
    assert kubectl("delete", "pod", "a") == 'pod "a" deleted from test-deleting namespace\n'
    assert kubectl("get", "pod", "a", code=1) == NOT_FOUND.format("a")


def test_delete_need_not_wait(kubectl, pod):
    pod("b", grace=30)
    kubectl("delete", "pod", "b", "--wait=false")
    assert kubectl("get", "pod", "b", "--no-headers").split()[2] == "Terminating"
    said = kubectl("delete", "pod", "b", "--force", "--grace-period=0")
    assert "Warning: Immediate deletion does not wait" in said
    assert kubectl("get", "pod", "b", code=1) == NOT_FOUND.format("b")


def test_now_is_a_second(kubectl, pod):
    pod("c", grace=600)
    began = time.monotonic()
    kubectl("delete", "pod", "c", "--now")
    assert time.monotonic() - began < 60


def test_objects_are_chosen_by_label_field_and_file(kubectl):
    for name in ("one", "two", "three"):
        kubectl("create", "configmap", name)
    kubectl("label", "configmap", "one", "two", "go=yes")
    said = kubectl("delete", "configmaps", "-l", "go=yes")
    assert sorted(line.split('"')[1] for line in said.splitlines()) == ["one", "two"]
    kubectl("delete", "configmaps", "--field-selector=metadata.name=three")
    assert kubectl("delete", "configmaps", "-l", "go=yes") == "No resources found\n"
    manifest = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "four"}}'
    kubectl("create", "-f", "-", stdin=manifest)
    said = kubectl("delete", "-f", "-", stdin=manifest)
    assert said == 'configmap "four" deleted from test-deleting namespace\n'
    assert kubectl("delete", "-f", "-", "--ignore-not-found", stdin=manifest) == ""
    assert "NotFound" in kubectl("delete", "-f", "-", stdin=manifest, code=1)


def test_a_dry_run_deletes_nothing(kubectl):
    kubectl("create", "configmap", "kept")
    for where, note in (("client", "dry run"), ("server", "server dry run")):
        said = kubectl("delete", "configmap", "kept", f"--dry-run={where}")
        assert said == f'configmap "kept" deleted from test-deleting namespace ({note})\n'
    kubectl("get", "configmap", "kept")


@pytest.mark.parametrize(
    ("cascade", "stays"), [("background", 0), ("foreground", 0), ("orphan", 1)]
)
def test_what_an_object_owns_goes_with_it_or_stays(kubectl, cascade, stays):
    kubectl("create", "deployment", cascade, "--image=busybox:1.37", "--replicas=0")
    selector = ("-l", f"app={cascade}")
    kubectl("wait", "--for=create", "rs", *selector, "--timeout=30s")
    kubectl("delete", "deployment", cascade, f"--cascade={cascade}")
    if not stays:
        kubectl("wait", "--for=delete", "rs", *selector, "--timeout=60s")
    found = kubectl("get", "rs", *selector, "-o=jsonpath={.items[*].metadata.ownerReferences}")
    count = len(kubectl("get", "rs", *selector, "-o", "name").split())
    assert (found, count) == ("", stays)


def test_all_deletes_the_kinds_of_that_category(kubectl):
    kubectl("create", "deployment", "web", "--image=busybox:1.37", "--replicas=0")
    kubectl("create", "service", "clusterip", "web", "--tcp=80")
    said = kubectl("delete", "deploy,svc", "--all")
    assert 'deployment.apps "web" deleted' in said
    assert 'service "web" deleted' in said
    kubectl("get", "configmap", "kept")


def test_a_namespace_goes_with_all_that_is_in_it(kubectl):
    kubectl("create", "namespace", "test-gone")
    kubectl("-n", "test-gone", "create", "configmap", "inside")
    assert 'namespace "test-gone" deleted\n' in kubectl("delete", "namespace", "test-gone")
    assert "NotFound" in kubectl("get", "namespace", "test-gone", code=1)
    said = kubectl("delete", "namespace", "kube-system", code=1)
    assert "this namespace may not be deleted" in said


def test_raw_deletes_any_path(kubectl):
    kubectl("create", "configmap", "raw")
    path = "/api/v1/namespaces/test-deleting/configmaps/raw"
    assert '"status":"Success"' in kubectl("delete", "--raw", path)


# --- wait ----------------------------------------------------------------------------------------


@pytest.fixture
def soon(kubectl):
    """Do something in a moment."""
    timers = []

    def start(*words):
        timers.append(Timer(0.3, kubectl, words))
        timers[-1].start()

    yield start
    for timer in timers:
        timer.join()


def test_wait_for_a_condition(kubectl, pod):
    pod("ready")
    said = kubectl("wait", "--for=condition=Ready", "pod", "-l", "app=ready")
    assert said == "pod/ready condition met\n"
    said = kubectl("wait", "--for=condition=Ready=false", "pod/ready", "--timeout=1s", code=1)
    assert said == "error: timed out waiting for the condition on pods/ready\n"
    kubectl("wait", "--for=condition=PodScheduled=true", "pod/ready")
    kubectl("delete", "pod", "ready")


def test_wait_for_a_field(kubectl, soon):
    kubectl("create", "configmap", "slow")
    soon("patch", "configmap", "slow", "-p", '{"data": {"color": "red"}}')
    said = kubectl("wait", "--for=jsonpath={.data.color}=red", "cm/slow", "--timeout=30s")
    assert said == "configmap/slow condition met\n"
    assert kubectl("wait", "--for=jsonpath={.data.color}", "cm/slow").endswith("condition met\n")


def test_wait_for_something_to_come_and_to_go(kubectl, soon):
    soon("create", "configmap", "later")
    said = kubectl("wait", "--for=create", "configmap/later", "--timeout=30s")
    assert said == "configmap/later condition met\n"
    soon("delete", "configmap", "later")
    said = kubectl("wait", "--for=delete", "configmap/later", "--timeout=30s")
    # It may be gone before anybody waits.
    assert said in ("configmap/later condition met\n", "")
    assert kubectl("wait", "--for=delete", "configmap/later") == ""


def test_wait_for_what_is_not_there_is_an_error(kubectl):
    said = kubectl("wait", "--for=condition=Ready", "pod/none", code=1)
    assert said == NOT_FOUND.format("none")
    said = kubectl("wait", "--for=create", "configmap/none", "--timeout=1s", code=1)
    assert said == "error: timed out waiting for the condition\n"

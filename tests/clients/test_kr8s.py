"""kr8s, a small client for Python: what its users do every day."""

from __future__ import annotations

import threading
import time

import kr8s
import pytest
from kr8s.objects import ConfigMap, CustomResourceDefinition, Deployment, Pod, new_class

pytestmark = [
    # It names the releases of Kubernetes that it was tested with.
    pytest.mark.filterwarnings("ignore:Kubernetes version .* is not supported:UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def api(cluster):
    return kr8s.api(kubeconfig=str(cluster.kubeconfig))


@pytest.fixture
def named(api, namespace):
    """An object of a class, by its name and whatever else it holds."""

    def make(cls, name, **content):
        return cls({"metadata": {"name": name, "namespace": namespace}, **content}, api=api)

    return make


@pytest.fixture(scope="module")
def frog_class(api, frogs):
    definition = CustomResourceDefinition(frogs("kr8s.example.com"), api=api)
    definition.create()
    # It reads conditions only where there are some.
    while not definition.raw.status.conditions:
        definition.refresh()
    definition.wait("condition=Established")
    yield new_class(kind="Frog", version="kr8s.example.com/v1", namespaced=True, scalable=True)
    definition.delete()


def pod_spec(script):
    shell = {"name": "a", "image": "busybox:1.37", "command": ["sh", "-c", script]}
    return {"terminationGracePeriodSeconds": 1, "containers": [shell]}


def test_objects_are_created_patched_labelled_and_deleted(named, api, namespace):
    settings = named(ConfigMap, "settings", data={"a": "1"})
    settings.create()
    settings.patch({"data": {"b": "2"}})
    settings.label(team="blue")
    settings.annotate({"note": "x"})
    found = ConfigMap.get("settings", namespace=namespace, api=api)
    assert found.data == {"a": "1", "b": "2"}
    assert (found.labels["team"], found.annotations["note"]) == ("blue", "x")
    listed = api.get("configmaps", namespace=namespace, label_selector={"team": "blue"})
    assert [each.name for each in listed] == ["settings"]
    settings.delete()
    settings.wait("delete", timeout=30)
    with pytest.raises(kr8s.NotFoundError):
        ConfigMap.get("settings", namespace=namespace, api=api)


def test_a_pod_is_waited_for_its_log_read_and_a_command_run_in_it(named):
    pod = named(Pod, "shell", spec=pod_spec("echo hello; sleep 600"))
    pod.create()
    pod.wait("condition=Ready", timeout=60)
    assert list(pod.logs()) == ["hello"]
    done = pod.exec(["sh", "-c", "echo out; echo bad >&2"])
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"bad\n", 0)
    pod.delete()
    pod.wait("delete", timeout=60)


def test_a_deployment_is_scaled_and_its_pods_are_found(named):
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod_spec("sleep 600")}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    web = named(Deployment, "web", spec=spec)
    web.create()
    web.wait("condition=Available", timeout=60)
    web.scale(2)
    deadline = time.monotonic() + 60
    while len(web.pods()) < 2 or not web.ready():
        assert time.monotonic() < deadline
        web.refresh()
    web.delete()


def test_changes_are_watched(named, api, namespace):
    seen = []

    def follow():
        for event, each in api.watch("configmaps", namespace=namespace):
            seen.append((event, each.name))
            if each.name == "watched" and event == "DELETED":
                return

    watcher = threading.Thread(target=follow, daemon=True)
    watcher.start()
    watched = named(ConfigMap, "watched")
    watched.create()
    deadline = time.monotonic() + 30
    while ("ADDED", "watched") not in seen:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    watched.delete()
    watcher.join(timeout=30)
    assert ("DELETED", "watched") in seen


def test_custom_resources_are_objects_like_any_other(named, frog_class, api, namespace):
    frog = named(frog_class, "kermit", spec={"color": "green"})
    frog.create()
    assert frog.spec.replicas == 1
    frog.patch({"spec": {"color": "blue"}})
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    frog.patch(ready, subresource="status")
    frog.wait("condition=Ready", timeout=30)
    frog.scale(3)
    assert [each.spec.replicas for each in api.get("frogs.kr8s.example.com", namespace=namespace)]
    frog.refresh()
    assert (frog.spec.color, frog.spec.replicas) == ("blue", 3)
    frog.delete()

"""lightkube, a small typed client for Python: what its users do every day."""

from __future__ import annotations

import threading

import pytest
from lightkube import ApiError, Client, KubeConfig
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.autoscaling_v1 import ScaleSpec
from lightkube.models.core_v1 import Container, PodSpec, PodTemplateSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Pod
from lightkube.types import PatchType

GROUP = "lightkube.example.com"
NAMESPACE = "test-lightkube"
Frog = create_namespaced_resource(GROUP, "v1", "Frog", "frogs")


@pytest.fixture(scope="module")
def client(cluster, kubectl):
    config = KubeConfig.from_file(str(cluster.kubeconfig))
    with Client(config, namespace=NAMESPACE, field_manager="tests") as opened:
        yield opened


@pytest.fixture(scope="module")
def defined(client, frogs):
    client.create(CustomResourceDefinition.from_dict(frogs(GROUP)))
    name = f"frogs.{GROUP}"
    client.wait(CustomResourceDefinition, name, for_conditions=["Established"])
    yield
    client.delete(CustomResourceDefinition, name)


def named(name, **labels):
    return ObjectMeta(name=name, namespace=NAMESPACE, labels=labels)


def pod_spec(script):
    shell = Container(name="a", image="busybox:1.37", command=["sh", "-c", script])
    return PodSpec(containers=[shell], terminationGracePeriodSeconds=1)


def test_objects_are_created_replaced_patched_applied_and_deleted(client):
    made = client.create(ConfigMap(metadata=named("settings", team="blue"), data={"a": "1"}))
    made.data["b"] = "2"
    client.replace(made)
    client.patch(ConfigMap, "settings", {"data": {"c": "3"}}, patch_type=PatchType.MERGE)
    wish = ConfigMap(metadata=named("settings"), data={"d": "4"})
    applied = client.apply(wish)
    assert applied.data == {"a": "1", "b": "2", "c": "3", "d": "4"}
    listed = client.list(ConfigMap, labels={"team": "blue"})
    assert [each.metadata.name for each in listed] == ["settings"]
    client.delete(ConfigMap, "settings")
    with pytest.raises(ApiError) as caught:
        client.get(ConfigMap, "settings")
    assert (caught.value.status.code, caught.value.status.reason) == (404, "NotFound")


def test_a_conflict_of_appliers_is_an_error_unless_forced(client):
    client.apply(ConfigMap(metadata=named("shared"), data={"a": "1"}), field_manager="one")
    wish = ConfigMap(metadata=named("shared"), data={"a": "2"})
    with pytest.raises(ApiError) as caught:
        client.apply(wish, field_manager="two")
    assert caught.value.status.code == 409
    assert client.apply(wish, field_manager="two", force=True).data == {"a": "2"}
    client.delete(ConfigMap, "shared")


def test_a_pod_is_waited_for_and_its_log_read(client):
    client.create(Pod(metadata=named("shell"), spec=pod_spec("echo hello; sleep 600")))
    client.wait(Pod, "shell", for_conditions=["Ready"])
    assert [line.strip() for line in client.log("shell")] == ["hello"]
    client.delete(Pod, "shell")


def test_a_deployment_is_scaled_through_its_subresource(client):
    template = PodTemplateSpec(metadata=ObjectMeta(labels={"app": "web"}), spec=pod_spec("sleep 9"))
    spec = DeploymentSpec(
        replicas=1, selector=LabelSelector(matchLabels={"app": "web"}), template=template
    )
    client.create(Deployment(metadata=named("web"), spec=spec))
    scale = Deployment.Scale(metadata=named("web"), spec=ScaleSpec(replicas=2))
    assert client.replace(scale).spec.replicas == 2
    assert client.get(Deployment, "web").spec.replicas == 2
    client.delete(Deployment, "web")


def test_changes_are_watched(client):
    seen = []
    started = threading.Event()

    def follow():
        for event, _ in client.watch(ConfigMap, fields={"metadata.name": "watched"}):
            seen.append(event)
            started.set()
            if event == "DELETED":
                return

    watcher = threading.Thread(target=follow, daemon=True)
    watcher.start()
    client.create(ConfigMap(metadata=named("watched")))
    assert started.wait(timeout=30)
    client.delete(ConfigMap, "watched")
    watcher.join(timeout=30)
    assert seen == ["ADDED", "DELETED"]


def test_custom_resources_are_objects_like_any_other(client, defined):
    client.create(Frog(metadata=named("kermit"), spec={"color": "green"}))
    assert client.get(Frog, "kermit").spec == {"color": "green", "replicas": 1}
    client.patch(Frog, "kermit", {"spec": {"color": "blue"}}, patch_type=PatchType.MERGE)
    status = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    client.patch(Frog.Status, "kermit", status, patch_type=PatchType.MERGE)
    client.wait(Frog, "kermit", for_conditions=["Ready"])
    wish = Frog(metadata=named("kermit"), spec={"color": "blue", "replicas": 3})
    wish.apiVersion, wish.kind = f"{GROUP}/v1", "Frog"
    assert client.apply(wish, force=True).spec == {"color": "blue", "replicas": 3}
    assert [each.metadata.name for each in client.list(Frog)] == ["kermit"]
    client.delete(Frog, "kermit")

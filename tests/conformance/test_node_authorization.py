"""What a kubelet may do: with its own Node, and with what the pods that run there need."""

from __future__ import annotations

import pytest
from kubernetes import client

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def kubelet(api):
    """A client that acts as the kubelet of a node."""
    made = []

    def build(node):
        made.append(other := client.ApiClient(api.configuration))
        identity = {"Impersonate-User": f"system:node:{node}", "Impersonate-Group": "system:nodes"}
        other.default_headers = {**api.default_headers, **identity}
        return client.CoreV1Api(other)

    yield build
    for each in made:
        each.close()


@pytest.fixture
def placed(core, namespace, pods, machines):
    """A pod with a Secret, its node, and another node."""
    for name in ("used", "other"):
        core.create_namespaced_secret(namespace, {"metadata": {"name": name}})
    pods.run(envFrom=[{"secretRef": {"name": "used"}}])
    node = pods.ready().spec.node_name
    return node, next(name for name in machines if name != node)


def test_it_reads_the_secrets_of_its_pods_and_no_others(kubelet, placed, namespace, refused):
    node, elsewhere = placed
    secret = kubelet(node).read_namespaced_secret("used", namespace)
    assert secret.metadata.name == "used"
    for name, secret_name in ((node, "other"), (elsewhere, "used")):
        status = refused(kubelet(name).read_namespaced_secret, secret_name, namespace)
        assert (status["code"], status["reason"]) == (403, "Forbidden")
        assert f"no relationship found between node '{name}' and this object" in status["message"]
    status = refused(kubelet(node).list_namespaced_secret, namespace)
    assert status["code"] == 403


def test_it_changes_its_own_node_and_no_other(kubelet, machines, refused):
    node, elsewhere = machines[:2]
    own = kubelet(node)
    label = {"metadata": {"labels": {"example.com/conformance": "yes"}}}
    own.patch_node(node, label)
    own.patch_node(node, {"metadata": {"labels": {"example.com/conformance": None}}})
    status = refused(own.patch_node, elsewhere, label)
    assert status["message"] == (
        f'nodes "{elsewhere}" is forbidden: node "{node}" is not allowed to modify node '
        f'"{elsewhere}"'
    )


def test_it_cannot_draw_pods_to_itself(kubelet, machines, refused):
    node = machines[0]
    taints = {"spec": {"taints": [{"key": "example.com/a", "effect": "NoSchedule"}]}}
    status = refused(kubelet(node).patch_node, node, taints)
    assert f'node "{node}" is not allowed to modify taints' in status["message"]
    role = "node-role.kubernetes.io/conformance"
    status = refused(kubelet(node).patch_node, node, {"metadata": {"labels": {role: ""}}})
    assert f"is not allowed to modify labels: {role}" in status["message"]


def test_it_sees_its_own_pods_only(kubelet, placed, refused):
    node, elsewhere = placed
    own = kubelet(node)
    found = own.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={node}")
    assert {pod.spec.node_name for pod in found.items} == {node}
    selector = f"spec.nodeName={elsewhere}"
    status = refused(own.list_pod_for_all_namespaces, field_selector=selector)
    assert "can only list/watch pods with spec.nodeName field selector" in status["message"]


def test_it_makes_no_pods(kubelet, machines, namespace, refused):
    node = machines[0]
    spec = {"nodeName": node, "containers": [{"name": "a", "image": "busybox:1.37"}]}
    body = {"metadata": {"name": "p"}, "spec": spec}
    status = refused(kubelet(node).create_namespaced_pod, namespace, body)
    assert f'node "{node}" can only create mirror pods' in status["message"]

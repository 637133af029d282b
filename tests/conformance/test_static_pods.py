"""Static pods: a file on a node makes them, and the API only shows them."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.needs_nodes

FOLDER = "/etc/kubernetes/manifests"


@pytest.fixture
def on_node(pods, machines):
    """Run a script on the last node, whose manifests folder it sees as /manifests."""
    count = 0

    def call(script):
        nonlocal count
        count += 1
        name = f"hand-{count}"
        volume = {"name": "v", "hostPath": {"path": FOLDER, "type": "DirectoryOrCreate"}}
        spec = {"nodeName": machines[-1], "volumes": [volume]}
        mount = {"name": "v", "mountPath": "/manifests"}
        pods.run(script, name=name, spec=spec, volumeMounts=[mount])
        assert pods.finished(name).status.phase == "Succeeded"

    return call


@pytest.fixture
def static_pod(on_node, namespace, machines):
    """A static pod of the test's own namespace; gives its mirror's name."""
    container = {"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"]}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    meta = {"name": "static", "namespace": namespace}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
    file = f"/manifests/{namespace}.json"
    # A file becomes visible at once, or it could be read half written.
    on_node(f"echo '{json.dumps(pod)}' > {file}.new && mv {file}.new {file}")
    yield f"static-{machines[-1]}"
    on_node(f"rm -f {file}")


@pytest.mark.timeout(240)
def test_a_static_pod_has_a_mirror_that_comes_back(
    core, namespace, machines, pods, static_pod, eventually
):
    mirror = pods.ready(static_pod)
    annotations = mirror.metadata.annotations
    assert annotations["kubernetes.io/config.source"] == "file"
    assert annotations["kubernetes.io/config.mirror"] == annotations["kubernetes.io/config.hash"]
    owner = mirror.metadata.owner_references[0]
    assert (owner.kind, owner.name) == ("Node", machines[-1])
    pods.delete(static_pod)

    def another():
        found = pods.get(static_pod)
        return found.status.phase == "Running" and found.metadata.uid != mirror.metadata.uid

    # The kubelet looks again when it next syncs the pod, which may be after a minute and a half.
    eventually(another, within=150)
    again = pods.get(static_pod)
    before, after = (pod.status.container_statuses[0].container_id for pod in (mirror, again))
    assert after == before


def test_it_ends_with_its_file(core, namespace, pods, static_pod, on_node, eventually, gone):
    pods.ready(static_pod)
    on_node(f"rm /manifests/{namespace}.json")
    eventually(lambda: gone(core.read_namespaced_pod, static_pod, namespace))


def test_a_mirror_can_be_neither_debugged_nor_resized(core, namespace, pods, static_pod, refused):
    pods.ready(static_pod)
    body = {"spec": {"ephemeralContainers": [{"name": "d", "image": "busybox:1.37"}]}}
    status = refused(core.patch_namespaced_pod_ephemeralcontainers, static_pod, namespace, body)
    assert "static pods do not support ephemeral containers" in status["message"]
    body = {"metadata": {"annotations": {"kubernetes.io/config.mirror": None}}}
    status = refused(core.patch_namespaced_pod, static_pod, namespace, body)
    assert "may not remove or update mirror pod annotation" in status["message"]

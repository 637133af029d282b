"""What the files of a manifests folder come to."""

import json
import os
from datetime import UTC, datetime

import pytest

from kubelearn.embedded.kubelet.manifests import InvalidManifest, Manifests, static_pod

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def manifest(*, name="web", **spec):
    containers = [{"name": "a", "image": "i"}]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}}
    return json.dumps({**pod, "spec": {"containers": containers, **spec}})


@pytest.fixture
def read(tmp_path):
    """The pod that a manifest makes on the node `Worker`."""

    def call(text):
        return static_pod(text.encode(), source=tmp_path / "web.yaml", node="Worker", now=NOW)

    return call


@pytest.fixture
def manifests(tmp_path):
    return Manifests(tmp_path, node="worker")


def test_a_static_pod_belongs_to_its_node(read):
    pod = read(manifest())
    meta, annotations = pod["metadata"], pod["metadata"]["annotations"]
    assert (meta["name"], meta["namespace"]) == ("web-worker", "default")
    assert pod["spec"]["nodeName"] == "Worker"
    assert pod["spec"]["tolerations"] == [{"operator": "Exists", "effect": "NoExecute"}]
    assert annotations["kubernetes.io/config.source"] == "file"
    assert annotations["kubernetes.io/config.seen"] == "2026-01-01T12:00:00.000000Z"
    assert annotations["kubernetes.io/config.hash"] == meta["uid"]


def test_another_content_is_another_pod(read):
    first, again, other = (
        read(text) for text in (manifest(), manifest(), manifest(hostNetwork=True))
    )
    assert first["metadata"]["uid"] == again["metadata"]["uid"] != other["metadata"]["uid"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("just: words", "this is no Pod of v1"),
        (manifest(name=""), "name is needed for the pod"),
        (manifest(containers=[{"name": "a"}]), "each container needs a name and an image"),
        (manifest(serviceAccountName="x"), "static pods may not reference serviceaccounts"),
        (
            manifest(containers=[{"name": "a", "image": "i", "envFrom": [{"secretRef": {}}]}]),
            "static pods may not reference secrets",
        ),
        (
            manifest(volumes=[{"name": "v", "configMap": {"name": "c"}}]),
            "static pods may not reference configMap volumes",
        ),
        (
            manifest(volumes=[{"name": "v", "projected": {"sources": [{"secret": {}}]}}]),
            "static pods may not reference secret volumes",
        ),
    ],
)
def test_what_needs_the_api_or_is_no_pod_is_refused(read, text, words):
    with pytest.raises(InvalidManifest, match=words):
        read(text)


def test_volumes_of_the_node_are_fine(read):
    fields = [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]
    volumes = [
        {"name": "v", "hostPath": {"path": "/v"}},
        {"name": "w", "projected": {"sources": [{"downwardAPI": {"items": fields}}]}},
    ]
    assert read(manifest(volumes=volumes))["spec"]["volumes"] == volumes


def test_the_folder_is_read_anew_where_a_file_has_changed(manifests):
    file = manifests.folder / "web.yaml"
    file.write_text(manifest())
    (manifests.folder / ".hidden").write_text(manifest(name="hidden"))
    first = manifests.read(NOW)
    assert list(first) == ["default/web-worker"]
    assert manifests.read(NOW)["default/web-worker"] is first["default/web-worker"]
    file.write_text(manifest(hostNetwork=True))
    os.utime(file, ns=(1, 1))
    assert manifests.read(NOW)["default/web-worker"]["spec"]["hostNetwork"]
    file.unlink()
    assert manifests.read(NOW) == {}


def test_a_file_that_cannot_be_used_is_told_once(manifests, caplog):
    (manifests.folder / "bad.yaml").write_text("a: [")
    assert manifests.read(NOW) == manifests.read(NOW) == {}
    assert len([each for each in caplog.messages if "bad.yaml" in each]) == 1

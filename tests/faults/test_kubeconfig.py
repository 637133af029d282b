"""A kubeconfig whose cluster is dead, damaged or not ours ends in a message with the next step."""

import socket

import pytest
import yaml

from kubelearn.clusters import KubeconfigCluster, connect
from kubelearn.errors import ClusterError, NotAvailable


def kubeconfig(path, server):
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "far", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": {"token": "secret"}}],
        "contexts": [{"name": "far", "context": {"cluster": "far", "user": "me"}}],
        "current-context": "far",
    }
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture
def dead(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        server = f"https://127.0.0.1:{free.getsockname()[1]}"
    return kubeconfig(tmp_path / "config", server), server


def test_a_dead_cluster_is_named_with_its_server_and_the_next_step(dead, monkeypatch):
    path, server = dead
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.setenv("KUBELEARN_BACKEND", "kubeconfig")
    with pytest.raises(ClusterError) as refused:
        connect()
    assert server in str(refused.value)
    assert "KUBELEARN_BACKEND" in refused.value.hint


@pytest.mark.parametrize("text", ["", "{", "- a\n- b\n", "current-context: far\n"])
def test_a_damaged_kubeconfig_is_named(tmp_path, text):
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(ClusterError, match="not a usable kubeconfig"):
        KubeconfigCluster(path)


def test_a_missing_kubeconfig_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nothing"))
    with pytest.raises(ClusterError, match="nothing cannot be read"):
        connect("kubeconfig")


def test_a_cluster_that_is_not_ours_stays_closed(dead):
    cluster = KubeconfigCluster(dead[0])
    for forbidden in (
        cluster.down,
        cluster.reset,
        cluster.logs,
        cluster.internals.components,
        lambda: cluster.internals.stop_node("a"),
    ):
        with pytest.raises(NotAvailable, match="not run by kubelearn"):
            forbidden()

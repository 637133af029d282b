"""Which cluster `connect` takes, and that it says why."""

import pytest

from kubelearn.clusters import EmbeddedCluster, choose, connect
from kubelearn.errors import ClusterError


def test_without_a_cluster_it_starts_the_embedded_one_and_says_so(state, capsys):
    cluster = connect()
    assert cluster.backend == "embedded"
    assert cluster.ready()
    printed = capsys.readouterr().out
    assert "API server" in printed
    assert "needs nothing but Python" in printed


def test_a_cluster_that_runs_is_taken(state, capsys):
    EmbeddedCluster("mine", nodes=1).up()
    capsys.readouterr()
    cluster = connect()
    assert cluster.name == "mine"
    assert "runs already" in capsys.readouterr().out


def test_a_kind_cluster_that_does_not_answer_is_not_taken(state):
    folder = state / "kind" / "stopped"
    folder.mkdir(parents=True)
    # Nothing listens at port 1.
    (folder / "kubeconfig").write_text(
        "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"
        "users: [{name: u, user: {}}]\n"
        "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
        "current-context: x\n"
    )
    assert choose().backend == "embedded"


def test_the_environment_decides(state, monkeypatch, capsys):
    monkeypatch.setenv("KUBELEARN_BACKEND", "embedded")
    cluster = choose()
    assert cluster.backend == "embedded"
    assert cluster.why == "KUBELEARN_BACKEND=embedded"


def test_what_is_asked_for_counts_more_than_the_environment(state, monkeypatch):
    monkeypatch.setenv("KUBELEARN_BACKEND", "kubeconfig")
    assert choose("embedded").backend == "embedded"


def test_kind_is_taken_when_it_is_asked_for(state, monkeypatch):
    monkeypatch.setenv("KUBELEARN_BACKEND", "kind")
    cluster = choose()
    assert (cluster.backend, cluster.name) == ("kind", "kubelearn")
    assert cluster.why == "KUBELEARN_BACKEND=kind"


def test_kind_without_docker_says_why_and_that_there_is_another_way(state, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(ClusterError, match="Docker"):
        connect("kind")


def test_an_unknown_back_end_is_refused_with_those_there_are(state, monkeypatch):
    monkeypatch.setenv("KUBELEARN_BACKEND", "cloud")
    with pytest.raises(ClusterError, match="embedded, kubeconfig"):
        connect()

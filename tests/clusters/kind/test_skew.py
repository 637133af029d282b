"""Whether kubectl fits the cluster."""

import pytest

from kubelearn.clusters.kind import skew


@pytest.mark.parametrize("client", ["v1.35.0", "v1.36.9", "v1.37.1", "", "v0.0.0-master"])
def test_one_minor_version_apart_is_what_kubernetes_supports(client):
    assert skew.warning("v1.36.3", client) == ""


@pytest.mark.parametrize("client", ["v1.34.2", "v1.38.0"])
def test_more_than_that_is_said_with_both_versions(client):
    text = skew.warning("v1.36.3", client)
    assert client in text
    assert "v1.36.3" in text


def test_kubectl_is_asked_for_its_version(monkeypatch, tmp_path):
    kubectl = tmp_path / "kubectl"
    kubectl.write_text('#!/bin/sh\necho \'{"clientVersion": {"gitVersion": "v1.28.4"}}\'\n')
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert "kubectl is v1.28.4" in skew.warning("v1.36.3")


def test_without_kubectl_there_is_nothing_to_say(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert skew.warning("v1.36.3") == ""

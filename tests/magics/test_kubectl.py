"""`%kubectl`: the real one, where there is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def installed(kubectl_path, monkeypatch):
    """A machine with kubectl."""
    folder = str(Path(kubectl_path).parent)
    monkeypatch.setenv("PATH", os.pathsep.join([folder, os.environ["PATH"]]))


def test_it_acts_on_the_cluster_and_in_the_namespace_of_the_notebook(run, installed):
    assert run("%kubectl create configmap mine") == "configmap/mine created\n"
    assert run("%kubectl get configmap mine -o name") == "configmap/mine\n"
    assert "NotFound" in run("%kubectl get configmap mine -n default")


def test_the_cell_is_its_input(run, installed):
    said = run("%%kubectl apply -f -\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: fed}\n")
    assert said == "configmap/fed created\n"


def test_names_of_python_can_be_used(run, shell, installed):
    shell.user_ns["who"] = "kube-root-ca.crt"
    assert run("%kubectl get configmap {who} -o name") == "configmap/kube-root-ca.crt\n"


def test_a_failure_ends_the_cell_with_the_exit_code_and_no_traceback(run, installed):
    said = run("%kubectl get pod nobody")
    assert said.startswith('Error from server (NotFound): pods "nobody" not found\n')
    assert "ClusterError: kubectl ended with exit code 1" in said
    assert "Traceback" not in said


def test_a_machine_without_it_is_told_what_to_type(run, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    said = run("%kubectl get pods")
    assert "kubectl is not installed on this machine\n  → conda install" in said


def test_a_quote_left_open_is_a_message(run):
    assert "close the quotes" in run("%kubectl get 'pods")

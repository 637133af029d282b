"""What kind fails with, in a learner's words. The texts are kind 0.33's and Docker 20.10's own."""

from pathlib import Path

import pytest

from kubelearn.clusters.kind.command import Kind, explain
from kubelearn.errors import ClusterError

LOG = Path("/state/kind.log")
PULL = """\
ERROR: failed to create cluster: failed to pull image "kindest/node:v1.37.0@sha256:a1ed": command \
"docker pull kindest/node:v1.37.0@sha256:a1ed" failed with error: exit status 1

Command Output: Error response from daemon: Get "https://registry.example/v2/": dial tcp: lookup \
registry.example on 10.0.0.53:53: no such host
"""
PORT = """\
ERROR: failed to create cluster: command "docker run" failed with error: exit status 125
Command Output: 9c89f235e6fa
docker: Error response from daemon: driver failed programming external connectivity on endpoint \
k-control-plane (1cd081067796): Bind for 127.0.0.1:38472 failed: port is already allocated
"""
LISTEN = """\
docker: Error response from daemon: driver failed programming external connectivity on endpoint \
k-control-plane: Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: address already \
in use
"""
OTHER = """\
Creating cluster "k" ...
 ✗ Starting control-plane 🕹️
ERROR: failed to create cluster: failed to init node with kubeadm: exit status 1

Command Output: I1126 16:08:01 init.go
"""


def fake_kind(folder, monkeypatch, script):
    for name in ("kind", "docker"):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_an_image_that_is_not_to_be_had_is_named_with_dockers_reason():
    error = explain(PULL, LOG)
    assert "node image kindest/node:v1.37.0 " in error.message
    assert "no such host" in error.message
    assert "--image" in error.hint


@pytest.mark.parametrize(("said", "port"), [(PORT, "38472"), (LISTEN, "8080")])
def test_a_port_that_is_taken_is_named(said, port):
    assert explain(said, LOG).message == f"port {port} of this machine is taken"


def test_any_other_failure_is_told_in_kinds_words_with_the_place_of_the_rest():
    error = explain(OTHER, LOG)
    assert error.message.endswith("failed to init node with kubeadm: exit status 1")
    assert str(LOG) in error.hint


def test_a_kind_that_dies_without_a_word_is_no_traceback():
    assert explain("", LOG).message == "kind failed: it said nothing"


def test_each_step_that_is_done_is_said_with_its_time(tmp_path, monkeypatch):
    output = " • Preparing nodes 📦 📦  ...\n ✓ Preparing nodes 📦 📦\n ✓ Installing CNI 🔌\n"
    fake_kind(tmp_path, monkeypatch, f"cat >{tmp_path}/config; printf '{output}'")
    said = []
    Kind("k", log=tmp_path / "kind.log").create(
        "nodes: []",
        image="",
        kubeconfig=tmp_path / "kubeconfig",
        done=lambda *told: said.append(told),
    )
    assert [step for step, _ in said] == ["Preparing nodes", "Installing CNI"]
    assert all(result.endswith(" s") for _, result in said)
    assert (tmp_path / "config").read_text() == "nodes: []"
    assert "Preparing" in (tmp_path / "kind.log").read_text()


def test_what_kind_says_beside_an_answer_is_not_part_of_it(tmp_path, monkeypatch):
    fake_kind(tmp_path, monkeypatch, "echo warning >&2; echo answer")
    assert Kind("k", log=tmp_path / "kind.log").kubeconfig() == "answer\n"


def test_a_failure_is_an_error_of_ours(tmp_path, monkeypatch):
    fake_kind(tmp_path, monkeypatch, "echo 'ERROR: unknown cluster' >&2; exit 1")
    with pytest.raises(ClusterError, match="unknown cluster"):
        Kind("k", log=tmp_path / "kind.log").kubeconfig()

"""What the doctor finds, and what it says about it."""

import os

import pytest

from kubelearn.clusters import EmbeddedCluster
from kubelearn.clusters.doctor import Check, doctor, examine, text


def named(name):
    [found] = [check for check in examine() if check.name == name]
    return found


def test_whatever_is_not_good_has_a_meaning_and_a_next_step(state):
    for check in examine():
        assert check.found
        if check.state != "good":
            assert check.meaning
            assert check.next


def test_what_is_missing_is_told_with_the_line_to_type():
    found = Check("dot", "missing", "not found", "Graphs look simpler.", "apt-get install graphviz")
    lines = text([found]).splitlines()
    assert lines[0].startswith("\N{EN DASH} dot")
    assert [line.strip() for line in lines[1:3]] == [
        "Graphs look simpler.",
        "→ apt-get install graphviz",
    ]
    assert "can run the embedded cluster" in lines[-1]


def test_what_is_bad_keeps_the_cluster_from_starting():
    found = text([Check("disk", "bad", "3 MB free", "It is full.", "rm something")])
    assert found.startswith("✘ disk")
    assert "must be mended first" in found


def test_a_state_folder_that_cannot_be_written_is_bad(monkeypatch):
    monkeypatch.setenv("KUBELEARN_STATE", "/dev/null/nothing")
    check = named("state folder")
    assert check.state == "bad"
    assert "KUBELEARN_STATE" in check.next


def test_programs_that_are_not_on_the_path_are_missing(state, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    for name in ("kubectl", "dot", "docker", "kind", "chromium", "busybox"):
        assert named(name).state == "missing"


def test_a_docker_that_does_not_answer_is_missing(state, monkeypatch, tmp_path):
    for name in ("docker", "kubectl"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    assert named("docker").state == "missing"
    assert "does not run" in named("docker").found


def test_a_docker_that_answers_says_its_version(state, docker_engine):
    assert named("docker").found == f"answers, version {docker_engine.version()['Version']}"


def test_a_kubectl_of_another_time_is_told_apart(state, monkeypatch, tmp_path):
    kubectl = tmp_path / "kubectl"
    kubectl.write_text('#!/bin/sh\necho \'{"clientVersion": {"gitVersion": "v1.20.1"}}\'\n')
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert named("kubectl").state == "missing"
    assert "v1.20.1" in named("kubectl").meaning


def test_a_taken_port_is_no_problem(state, taken_port):
    assert named("port").found == "6443 is taken, the next free one will do"


def test_a_cluster_that_runs_is_seen(state):
    EmbeddedCluster(nodes=1).up()
    assert "runs already" in named("cluster").found


def test_a_notebook_gets_it_printed(state, capsys):
    doctor()
    assert "Python" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["Python", "operating system", "addresses", "disk"])
def test_this_machine_does_it(state, name):
    assert named(name).state == "good"

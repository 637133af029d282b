"""Every reason why there is no Docker Engine, and the way out of each."""

import os
import socket

import pytest

from kubelearn.containers import dockerengine
from kubelearn.errors import ContainerError


@pytest.fixture
def socket_path(tmp_path, monkeypatch):
    """Where an engine would listen."""
    path = tmp_path / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    return path


def refused():
    with pytest.raises(ContainerError) as caught:
        dockerengine.connect()
    return str(caught.value)


def program(folder, name):
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)


def test_without_docker_it_says_where_to_get_it(socket_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert "not installed" in refused()


def test_a_docker_that_is_stopped_is_to_be_started(socket_path, tmp_path, monkeypatch):
    program(tmp_path, "docker")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "does not run" in refused()
    assert "systemctl start docker" in refused()


def test_a_socket_that_nobody_listens_at_any_more_is_the_same(socket_path, tmp_path, monkeypatch):
    program(tmp_path, "docker")
    monkeypatch.setenv("PATH", str(tmp_path))
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(socket_path))
    assert "does not run" in refused()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_outside_its_group_is_told_how_to_join(socket_path):
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(socket_path))
        engine.listen()
        socket_path.chmod(0o600)
        os.seteuid(65534)
        try:
            text = refused()
        finally:
            os.seteuid(0)
    assert "may not use its socket" in text
    assert "usermod -aG docker" in text


def test_an_engine_elsewhere_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    assert "does not answer at tcp://127.0.0.1:9" in refused()


def test_the_engine_of_this_machine_answers(docker_engine):
    assert docker_engine.ping()

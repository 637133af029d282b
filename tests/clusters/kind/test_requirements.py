"""What a machine lacks is said before kind begins, with the way out."""

import socket

import pytest

from kubelearn.clusters.kind import requirements
from kubelearn.clusters.kind.requirements import Engine
from kubelearn.errors import ClusterError

LOCAL = Engine(memory=16000, cgroup_v1=False, local=True)


def elsewhere(memory):
    return Engine(memory=memory, cgroup_v1=False, local=False)


def program(folder, name):
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def test_without_kind_it_says_where_to_get_it(monkeypatch, tmp_path):
    program(tmp_path, "docker")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match=r"kind is not installed\n.*quick-start"):
        requirements.require_programs()


def test_without_the_docker_command_kind_can_do_nothing(monkeypatch, tmp_path):
    program(tmp_path, "kind")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="needs the program docker"):
        requirements.require_programs()


def test_too_little_memory_for_three_nodes_may_be_enough_for_one():
    with pytest.raises(ClusterError, match=r"3 nodes .* 1000 MB .* 850 MB\n.*--nodes 1"):
        requirements.require_memory(elsewhere(850), 3)
    requirements.require_memory(elsewhere(850), 1)


def test_too_little_memory_for_any_node_is_said_without_a_number():
    with pytest.raises(ClusterError) as caught:
        requirements.require_memory(elsewhere(300), 1)
    assert "--nodes" not in caught.value.hint


def test_an_engine_that_tells_no_memory_is_believed():
    requirements.require_memory(elsewhere(0), 3)


@pytest.mark.parametrize(("limit", "enough"), [("128", True), ("64", False)])
def test_the_limit_of_inotify_has_to_do_for_all_nodes(monkeypatch, tmp_path, limit, enough):
    file = tmp_path / "max_user_instances"
    file.write_text(limit)
    monkeypatch.setattr(requirements, "_INOTIFY", file)
    if enough:
        requirements.require_inotify(LOCAL, 3)
        return
    with pytest.raises(ClusterError, match=r"too many open files(?s:.*)sysctl"):
        requirements.require_inotify(LOCAL, 3)


def test_the_limit_of_another_machine_is_not_known_here(monkeypatch, tmp_path):
    file = tmp_path / "max_user_instances"
    file.write_text("1")
    monkeypatch.setattr(requirements, "_INOTIFY", file)
    requirements.require_inotify(elsewhere(16000), 3)


def test_a_port_that_is_taken_is_named_with_the_way_to_its_owner():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ClusterError, match=rf"port {port} .* taken\n.*ss -ltnp.*{port}"):
            requirements.require_ports([port])
    requirements.require_ports([port])

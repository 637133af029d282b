"""Control groups, with the real kernel where it lets us, and their arithmetic."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from kubelearn.containers import cgroups
from kubelearn.containers.cgroups import Cgroups
from kubelearn.containers.runtime import Resources


@pytest.fixture
def groups(tmp_path):
    """A runtime's group, which is gone after the test."""
    found = Cgroups.find(tmp_path)
    if found is None:
        pytest.skip("this machine lets us have no control groups")
    yield found
    found.remove()


@pytest.fixture
def member():
    """Start a process in a group; it is reaped after the test."""
    started = []

    def start(group):
        enter = 'for door; do echo 0 > "$door"; done; echo in; exec sleep 60'
        command = ["sh", "-c", enter, "sh", *map(str, group.doors)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "in\n"
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_group_counts_and_kills_what_is_in_it(groups, member):
    group = groups.make("c1")
    group.set(Resources(memory_limit=2**26, cpu_limit=500, cpu_request=100))
    process = member(group)
    used = group.stats()
    assert used.memory_bytes > 0
    assert used.cpu_seconds > 0
    assert not group.ran_out_of_memory()
    group.kill()
    assert process.wait(20) == -9
    group.remove()
    assert not any(door.exists() for door in group.doors)


def test_what_a_runtime_left_is_killed_and_removed(tmp_path, groups, member):
    group = groups.make("c1")
    process = member(group)
    cgroups.remove_all(tmp_path / "another")
    assert process.poll() is None
    # Who is killed is there until its parent takes note.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(process.wait, 20)
        cgroups.remove_all(tmp_path)
    assert process.returncode == -9
    assert not any(door.exists() for door in group.doors)


def test_another_folder_has_another_group(tmp_path, groups):
    other = Cgroups.find(tmp_path / "other")
    try:
        assert {*other.make("c").doors}.isdisjoint(groups.make("c").doors)
    finally:
        other.remove()

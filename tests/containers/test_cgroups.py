"""Control groups, with the real kernel where it lets us, and their arithmetic."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from kubelearn.containers import cgroups
from kubelearn.containers.cgroups import V1, V2, Cgroups
from kubelearn.containers.runtime import Resources
from kubelearn.errors import ContainerError


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
    assert group.stats().memory_bytes >= 0
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


@pytest.fixture
def folder(tmp_path):
    """Files that look like a group."""
    return lambda *names: [(tmp_path / name).touch() for name in names] and tmp_path


def test_version_1_has_shares_and_a_quota(folder):
    place = folder("cpu.shares", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
    group = V1(dict.fromkeys(["memory", "cpu"], place))
    group.set(Resources(memory_limit=2**20, cpu_limit=1500, cpu_request=500))
    found = {each.name: each.read_text() for each in place.iterdir()}
    assert found == {
        "cpu.shares": "512",
        "cpu.cfs_period_us": "100000",
        "cpu.cfs_quota_us": "150000",
        "memory.limit_in_bytes": "1048576",
        "memory.memsw.limit_in_bytes": "1048576",
    }


def test_version_2_has_a_weight_and_ends_as_a_whole(folder):
    place = folder("cpu.weight")
    group = V2(dict.fromkeys(["memory", "cpu"], place))
    group.set(Resources(cpu_request=1000))
    found = {each.name: each.read_text() for each in place.iterdir()}
    assert found == {
        "cpu.weight": "39",
        "cpu.max": "max 100000",
        "memory.max": "max",
        "memory.oom.group": "1",
        "memory.swap.max": "0",
    }


def test_what_is_used_leaves_out_idle_files(folder):
    place = folder("memory.current")
    (place / "memory.current").write_text("5000\n")
    (place / "memory.stat").write_text("anon 3000\ninactive_file 1500\n")
    (place / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    (place / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    group = V2(dict.fromkeys(["memory", "cpu"], place))
    assert (group.stats().cpu_seconds, group.stats().memory_bytes) == (2.5, 3500)
    assert group.ran_out_of_memory()


def test_a_limit_that_the_kernel_refuses_is_told(tmp_path):
    group = V2({"memory": tmp_path / "gone", "cpu": tmp_path / "gone"})
    group.remove()
    with pytest.raises(ContainerError, match="a memory limit of 4096 bytes cannot be set"):
        group.set(Resources(memory_limit=4096))

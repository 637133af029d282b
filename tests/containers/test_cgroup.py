"""The groups of one container, in files that look like the kernel's."""

from __future__ import annotations

import pytest

from kubelearn.containers.cgroup import V1, V2
from kubelearn.containers.runtime import Resources
from kubelearn.errors import ContainerError


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

from __future__ import annotations

import pytest

from kubelearn.embedded.kubelet.emptydir import overuse
from kubelearn.embedded.kubelet.volumes import PodVolumes, Volumes


@pytest.fixture
def limited(make_pod):
    return make_pod(volumes=[{"name": "scratch", "emptyDir": {"sizeLimit": "64Ki"}}])


def test_a_pod_that_writes_too_much_is_told_so(tmp_path, limited):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/file").write_bytes(b"x" * 2**15)
    assert overuse(limited, lambda volume: tmp_path) == ""
    (tmp_path / "file").write_bytes(b"x" * 2**16)
    assert overuse(limited, lambda volume: tmp_path) == (
        'Usage of EmptyDir volume "scratch" exceeds the limit "64Ki". '
    )


def test_without_a_limit_nothing_is_too_much(tmp_path, make_pod):
    (tmp_path / "file").write_bytes(b"x" * 2**16)
    pod = make_pod(volumes=[{"name": "a", "emptyDir": {}}, {"name": "b", "hostPath": {}}])
    assert overuse(pod, lambda volume: tmp_path) == ""


async def test_it_is_looked_at_every_ten_seconds(api, clock, tmp_path, limited, in_memory):
    volumes = Volumes(api, folder=tmp_path, runtime=in_memory, clock=clock, allocatable={})
    of_pod = PodVolumes(volumes, recorder=None, clock=clock)
    await of_pod.ensure(limited)
    assert await of_pod.overuse(limited) == ("", 10)
    [folder] = tmp_path.glob("pods/*/volumes/*/scratch")
    (folder / "file").write_bytes(b"x" * 2**17)
    await clock.advance(4)
    assert await of_pod.overuse(limited) == ("", 6)
    await clock.advance(6)
    message, _ = await of_pod.overuse(limited)
    assert message.startswith("Usage of EmptyDir")


async def test_one_in_memory_is_as_large_as_its_limit_and_goes_with_its_pod(
    api, clock, tmp_path, pod_of, in_memory
):
    volumes = Volumes(
        api, folder=tmp_path, runtime=in_memory, clock=clock, allocatable={"memory": "1Gi"}
    )
    sources = {
        "limited": {"medium": "Memory", "sizeLimit": "64Ki"},
        "whole": {"medium": "Memory"},
    }
    pod = pod_of(volumes=[{"name": name, "emptyDir": each} for name, each in sources.items()])
    await volumes.set_up(pod)
    await volumes.set_up(pod)
    found = {path.name: size for path, size in in_memory.mounted.items()}
    assert found == {"limited": (2**16, -1), "whole": (2**30, -1)}
    await volumes.tear_down(pod)
    assert not in_memory.mounted

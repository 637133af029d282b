from __future__ import annotations

import pytest

from kubelearn.embedded.metricsserver.points import Batch, Point, read_points
from kubelearn.embedded.metricsserver.storage import Storage

POD = ("default", "web")


@pytest.fixture
def storage():
    return Storage(15.0)


def batch(moment, cpu, *, memory=1024, start=0.0, **more):
    containers = {"a": Point(moment, cpu, memory, start), **more}
    return Batch(nodes={"n": Point(moment, cpu, memory)}, pods={POD: containers})


def test_cpu_is_a_difference_over_time_and_memory_is_the_last_word(storage) -> None:
    storage.store(batch(100.0, 5.0))
    assert storage.pod(POD) is None
    assert not storage.ready
    storage.store(batch(110.0, 10.0, memory=2048))
    used = storage.pod(POD)["a"]
    assert used.quantities() == {"cpu": "500m", "memory": "2Ki"}
    assert (used.moment, used.window) == (110.0, 10.0)
    assert storage.node("n").cpu_nanocores == 500_000_000
    assert storage.ready


def test_a_young_container_is_measured_from_its_start(storage) -> None:
    storage.store(batch(112.0, 6.0, start=100.0))
    used = storage.pod(POD)["a"]
    assert (used.cpu_nanocores, used.window) == (500_000_000, 12.0)


@pytest.mark.parametrize("age", [9.0, 15.0])
def test_but_not_too_young_a_one_nor_one_that_had_time_for_two_points(storage, age) -> None:
    storage.store(batch(100.0 + age, 6.0, start=100.0))
    assert storage.pod(POD) is None


def test_a_restart_begins_anew(storage) -> None:
    storage.store(batch(100.0, 50.0, start=1.0))
    storage.store(batch(115.0, 0.5, start=114.0))
    assert storage.pod(POD) is None
    storage.store(batch(130.0, 2.0, start=114.0))
    assert storage.pod(POD)["a"].cpu_nanocores == 100_000_000


def test_a_counter_that_falls_tells_nothing(storage) -> None:
    storage.store(batch(100.0, 50.0))
    storage.store(batch(115.0, 40.0))
    assert storage.pod(POD) == {}
    assert storage.node("n") is None


def test_a_pod_is_told_when_all_its_containers_are_known(storage) -> None:
    storage.store(batch(100.0, 5.0))
    storage.store(batch(115.0, 6.0, b=Point(115.0, 1.0, 1)))
    assert storage.pod(POD) is None


def test_a_point_that_comes_twice_keeps_the_one_before(storage) -> None:
    storage.store(batch(100.0, 5.0))
    storage.store(batch(110.0, 10.0))
    storage.store(batch(110.0, 10.0))
    assert storage.pod(POD)["a"].window == 10.0


def test_what_is_gone_is_forgotten(storage) -> None:
    storage.store(batch(100.0, 5.0))
    storage.store(batch(110.0, 10.0))
    storage.store(Batch())
    assert storage.pod(POD) is None
    assert storage.node("n") is None


def test_points_are_read_from_what_a_kubelet_says() -> None:
    text = """\
# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="a",namespace="d",pod="web"} 1.5 1767268800250
container_cpu_usage_seconds_total{container="b",namespace="d",pod="web"} 9 1767268800250
container_memory_working_set_bytes{container="a",namespace="d",pod="web"} 2.5e6 1767268800250
container_start_time_seconds{container="a",namespace="d",pod="web"} 1767268000 1767268800250
pod_cpu_usage_seconds_total{namespace="d",pod="web"} 7 1767268800250
pod_memory_working_set_bytes{namespace="d",pod="web"} 7 1767268800250
node_cpu_usage_seconds_total 12 1767268800250
node_memory_working_set_bytes 3e+06 1767268800250
scrape_error 0
"""
    found = Batch()
    read_points(text, "n", found)
    assert found.nodes == {"n": Point(1767268800.25, 12.0, 3_000_000)}
    assert found.pods == {("d", "web"): {"a": Point(1767268800.25, 1.5, 2_500_000, 1767268000.0)}}

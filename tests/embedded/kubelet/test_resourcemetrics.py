"""What the kubelet says about use."""

from __future__ import annotations

from datetime import UTC, datetime

from kubelearn.containers.runtime import ContainerStats
from kubelearn.embedded.kubelet.resourcemetrics import ResourceMetrics

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Used:
    """A runtime without containers of pods; the figures are a test's."""

    def __init__(self):
        self.stats = {}

    async def container_stats(self):
        return self.stats

    def list_pod_sandboxes(self):
        return []


def value(text, name):
    [line] = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


async def test_a_node_does_not_forget_what_containers_used_that_are_gone() -> None:
    runtime = Used()
    metrics = ResourceMetrics(runtime)
    runtime.stats = {"a": ContainerStats(5.0, 100), "b": ContainerStats(1.0, 50)}
    text = await metrics.render(NOW)
    assert value(text, "node_cpu_usage_seconds_total") == 6.0
    assert value(text, "node_memory_working_set_bytes") == 150.0
    runtime.stats = {"b": ContainerStats(2.0, 50)}
    text = await metrics.render(NOW)
    assert value(text, "node_cpu_usage_seconds_total") == 7.0
    assert value(text, "node_memory_working_set_bytes") == 50.0


async def test_a_busy_container_is_seen(machine, pod_of) -> None:
    await machine.run(pod_of("while :; do :; done"))
    await machine.phase("Running")
    metrics = ResourceMetrics(machine.runtime)
    label = '{container="app",namespace="default",pod="p"}'
    name = f"container_cpu_usage_seconds_total{label}"
    while value(text := await metrics.render(machine.clock.now()), name) < 0.1:
        pass
    assert value(text, f"container_memory_working_set_bytes{label}") > 100_000
    assert value(text, 'pod_cpu_usage_seconds_total{namespace="default",pod="p"}') >= 0.1
    assert "# TYPE container_start_time_seconds gauge" in text

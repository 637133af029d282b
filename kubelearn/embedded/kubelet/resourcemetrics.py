"""What the node's containers use, as `/metrics/resource` tells it to the metrics server.

Stands for k8s.io/kubernetes `pkg/kubelet/metrics/collectors/resource_metrics.go`, whose names and
labels these are, in the text form of Prometheus. A node here is a part of one machine, so its use
is that of its containers. Left out: swap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from kubelearn.containers.runtime import ContainerState, ContainerStats, Runtime

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_KINDS = {
    "container_cpu_usage_seconds_total": (
        "counter",
        "[STABLE] Cumulative cpu time consumed by the container in core-seconds",
    ),
    "container_memory_working_set_bytes": (
        "gauge",
        "[STABLE] Current working set of the container in bytes",
    ),
    "container_start_time_seconds": (
        "gauge",
        "[STABLE] Start time of the container since unix epoch in seconds",
    ),
    "node_cpu_usage_seconds_total": (
        "counter",
        "[STABLE] Cumulative cpu time consumed by the node in core-seconds",
    ),
    "node_memory_working_set_bytes": (
        "gauge",
        "[STABLE] Current working set of the node in bytes",
    ),
    "pod_cpu_usage_seconds_total": (
        "counter",
        "[STABLE] Cumulative cpu time consumed by the pod in core-seconds",
    ),
    "pod_memory_working_set_bytes": (
        "gauge",
        "[STABLE] Current working set of the pod in bytes",
    ),
    "resource_scrape_error": (
        "gauge",
        "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise",
    ),
}


@dataclass(frozen=True, slots=True)
class _Sample:
    name: str
    value: float
    labels: Mapping[str, str]

    def line(self, moment: datetime) -> str:
        pairs = ",".join(f'{name}="{value}"' for name, value in self.labels.items())
        labels = f"{{{pairs}}}" if pairs else ""
        return f"{self.name}{labels} {self.value:.17g} {moment.timestamp() * 1000:.0f}"


class ResourceMetrics:
    """The figures of one node; what containers used that are gone still counts for it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._seen: dict[str, float] = {}
        self._past = 0.0

    async def render(self, now: datetime) -> str:
        """All figures, as they are now."""
        used = await self._runtime.container_stats()
        samples = [*self._samples(used), _Sample("resource_scrape_error", 0, {})]
        lines = []
        for name, (kind, help_text) in _KINDS.items():
            found = [each for each in samples if each.name == name]
            if found:
                lines += [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]
                lines += [each.line(now) for each in found]
        return "\n".join(lines) + "\n"

    def _samples(self, used: Mapping[str, ContainerStats]) -> Iterator[_Sample]:
        for sandbox in self._runtime.list_pod_sandboxes():
            pod = {"namespace": sandbox.config.namespace, "pod": sandbox.config.name}
            inside = []
            for status in self._runtime.list_containers(sandbox.id):
                stats = used.get(status.id)
                if status.state is not ContainerState.RUNNING or stats is None:
                    continue
                inside.append(stats)
                container = {"container": status.config.name, **pod}
                yield from _amounts("container", stats, container)
                if status.started_at:
                    started = status.started_at.timestamp()
                    yield _Sample("container_start_time_seconds", started, container)
            if inside:
                yield from _amounts("pod", _total(inside), pod)
        yield from _amounts("node", self._node(used), {})

    def _node(self, used: Mapping[str, ContainerStats]) -> ContainerStats:
        """The node's own counter must not fall when a container ends."""
        now = {container_id: stats.cpu_seconds for container_id, stats in used.items()}
        for container_id in self._seen.keys() - now.keys():
            self._past += self._seen[container_id]
        self._seen = now
        total = _total(used.values())
        return ContainerStats(total.cpu_seconds + self._past, total.memory_bytes)


def _total(stats: Iterable[ContainerStats]) -> ContainerStats:
    found = list(stats)
    return ContainerStats(
        sum(each.cpu_seconds for each in found), sum(each.memory_bytes for each in found)
    )


def _amounts(what: str, stats: ContainerStats, labels: Mapping[str, str]) -> Iterator[_Sample]:
    yield _Sample(f"{what}_cpu_usage_seconds_total", stats.cpu_seconds, labels)
    yield _Sample(f"{what}_memory_working_set_bytes", stats.memory_bytes, labels)

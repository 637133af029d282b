"""What the server counts: `/metrics`, as Prometheus reads it.

Stands for k8s.io/apiserver `pkg/endpoints/metrics/metrics.go`; names, labels and buckets are
upstream's. Counting is done with each request and has to cost next to nothing, so the library that
writes the answer is loaded with the first one. Left out: most of upstream's some two hundred
families, and requests that are not for resources.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from kubelearn.embedded.apiserver.health import VERSION
from kubelearn.embedded.apiserver.negotiation import patch_type
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.requestinfo import RequestInfo
from kubelearn.embedded.apiserver.status import StatusError
from kubelearn.embedded.clock import Clock

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_MEDIA = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0,
    10.0, 15.0, 20.0, 30.0, 45.0, 60.0,
)  # fmt: skip
_TARGET = ("verb", "group", "version", "resource", "subresource", "scope", "component")
_REQUEST = ("verb", "dry_run", *_TARGET[1:])
_VERBS = {"create": "POST", "update": "PUT"}
_CONNECT = frozenset({"attach", "exec", "portforward", "proxy"})
_READING = frozenset({"get", "list", "watch"})
_BUILD = {
    "major": "major",
    "minor": "minor",
    "git_version": "gitVersion",
    "git_commit": "gitCommit",
    "git_tree_state": "gitTreeState",
    "build_date": "buildDate",
    "go_version": "goVersion",
    "compiler": "compiler",
    "platform": "platform",
}

Target = tuple[str, ...]
"""What a request is about: the values of the labels `_TARGET`."""

Seats = Callable[[], Mapping[Target, int]]
"""How many requests each priority level serves at once."""

Objects = Callable[[], Mapping[Target, int]]
"""How many objects are stored, by group and resource."""


class Metrics:
    """Counts requests, and tells what it counted."""

    def __init__(self, *, clock: Clock, objects: Objects, seats: Seats) -> None:
        self._clock = clock
        self._seats = seats
        self._objects = objects
        self._requests: Counter[tuple[Target, str, int]] = Counter()
        self._latencies: dict[tuple[Target, str], _Latency] = {}
        self._in_flight: Counter[Target] = Counter()
        self._long_running: Counter[Target] = Counter()

    def begin(self, request: Request) -> Callable[[int], None]:
        """A request comes; to be told the code of its answer when that is over."""
        started = self._clock.monotonic()
        target = _target(request)
        if target[0] in ("CONNECT", "WATCH"):
            running, key = self._long_running, target
        else:
            kind = "readOnly" if request.info.verb in _READING else "mutating"
            running, key = self._in_flight, (kind,)
        running[key] += 1

        def end(code: int) -> None:
            running[key] -= 1
            self._count(target, request, code, self._clock.monotonic() - started)

        return end

    def _count(self, target: Target, request: Request, code: int, seconds: float) -> None:
        dry_run = request.query.get("dryRun", "")
        self._requests[target, dry_run, code] += 1
        latency = self._latencies.get((target, dry_run))
        if latency is None:
            latency = self._latencies[target, dry_run] = _Latency()
        latency.observe(seconds)

    def serve(self) -> web.Response:
        """All that was counted, in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        registry = CollectorRegistry()
        registry.register(self)
        ProcessCollector(registry=registry)
        return web.Response(body=generate_latest(registry), headers={"Content-Type": _MEDIA})

    def collect(self) -> Iterator[Metric]:
        """The families of metrics, as the library asks for them."""
        from prometheus_client.core import GaugeMetricFamily

        yield self._counted()
        yield self._timed()
        for name, text, names, samples in self._gauges():
            gauge = GaugeMetricFamily(name, text, labels=names)
            for values, number in samples.items():
                gauge.add_metric(values, number)
            yield gauge

    def _counted(self) -> Metric:
        from prometheus_client.core import CounterMetricFamily

        family = CounterMetricFamily(
            "apiserver_request_total",
            "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, "
            "group, version, resource, scope, component, and HTTP response code.",
            labels=(*_REQUEST, "code"),
        )
        for (target, dry_run, code), number in self._requests.items():
            family.add_metric((target[0], dry_run, *target[1:], str(code)), number)
        return family

    def _timed(self) -> Metric:
        from prometheus_client.core import HistogramMetricFamily

        family = HistogramMetricFamily(
            "apiserver_request_duration_seconds",
            "[STABLE] Response latency distribution in seconds for each verb, dry run value, "
            "group, version, resource, subresource, scope and component.",
            labels=_REQUEST,
        )
        for (target, dry_run), latency in self._latencies.items():
            values = (target[0], dry_run, *target[1:])
            family.add_metric(values, [*latency.buckets()], latency.sum)
        return family

    def _gauges(self) -> Iterator[tuple[str, str, tuple[str, ...], Mapping[Target, int]]]:
        yield (
            "apiserver_current_inflight_requests",
            "[STABLE] Maximal number of currently used inflight request limit of this apiserver "
            "per request kind in last second.",
            ("request_kind",),
            {(kind,): self._in_flight[kind,] for kind in ("mutating", "readOnly")},
        )
        yield (
            "apiserver_longrunning_requests",
            "[STABLE] Gauge of all active long-running apiserver requests broken out by verb, "
            "group, version, resource, scope and component. Not all requests are tracked this way.",
            _TARGET,
            self._long_running,
        )
        yield (
            "apiserver_flowcontrol_nominal_limit_seats",
            "[BETA] Nominal number of execution seats configured for each priority level",
            ("priority_level",),
            self._seats(),
        )
        yield (
            "apiserver_resource_objects",
            "[ALPHA] Number of stored objects at the time of last check split by kind. In case of "
            "a fetching error, the value will be -1.",
            ("group", "resource"),
            self._objects(),
        )
        yield (
            "kubernetes_build_info",
            "[BETA] A metric with a constant '1' value labeled by major, minor, git version, git "
            "commit, git tree state, build date, Go version, and compiler from which Kubernetes "
            "was built, and platform on which it is running.",
            tuple(_BUILD),
            {tuple(VERSION[name] for name in _BUILD.values()): 1},
        )


class _Latency:
    """A histogram: how many took how long, and the sum of all."""

    def __init__(self) -> None:
        self._counts = [0] * (len(_BUCKETS) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        self._counts[bisect_left(_BUCKETS, seconds)] += 1
        self.sum += seconds

    def buckets(self) -> Iterator[tuple[str, float]]:
        """Pairs of a limit and how many took no longer."""
        total = 0
        for limit, count in zip((*map(str, _BUCKETS), "+Inf"), self._counts, strict=True):
            total += count
            yield limit, total


def _target(request: Request) -> Target:
    info = request.info
    group, version, resource = info.group, info.version, info.resource
    where = (group, version, resource, info.subresource, _scope(info), "apiserver")
    return (_verb(request), *where)


def _verb(request: Request) -> str:
    info = request.info
    if info.subresource in _CONNECT:
        return "CONNECT"
    if info.verb == "patch" and _is_apply(request):
        return "APPLY"
    return _VERBS.get(info.verb, info.verb.upper())


def _is_apply(request: Request) -> bool:
    try:
        return patch_type(request.content_type) == "apply"
    except StatusError:
        return False


def _scope(info: RequestInfo) -> str:
    if info.name or info.verb == "create":
        return "resource"
    return "namespace" if info.namespace else "cluster"

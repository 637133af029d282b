"""Keeps the data path as Services and EndpointSlices say: pkg/proxy/iptables `proxier.go`.

One for the whole cluster, where a real one has one a node: all nodes are this machine.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Mapping

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.controller import rest_after
from kubelearn.embedded.endpointslices import service_keys
from kubelearn.embedded.events import EventRecorder
from kubelearn.embedded.informer import Informers
from kubelearn.embedded.proxy.datapath import DataPath, Problem
from kubelearn.embedded.proxy.rules import rules_of
from kubelearn.embedded.stopwatch import Stopwatch
from kubelearn.embedded.workqueue import WorkQueue
from kubelearn.objects import ENDPOINT_SLICES, SERVICES, Object, key

_log = logging.getLogger(__name__)

# Addresses that could not be had are tried again; upstream's `syncPeriod` does the same.
_RETRY_SECONDS = 30.0
# Node ports answer here, whatever the nodes are.
_NO_NODES: Mapping[str, str] = {"127.0.0.1": ""}
# The API server's own Service; nobody looks there for what a learner should know.
_UNTOLD = "default/kubernetes"


class Proxy:
    """The control loop; the listening is the `DataPath`'s, which goes on when this is stopped."""

    def __init__(
        self,
        client: Client,
        *,
        datapath: DataPath,
        clock: Clock,
        node_addresses: Mapping[str, str] = _NO_NODES,
    ) -> None:
        self._client = client
        self._datapath = datapath
        self._clock = clock
        self._node_addresses = node_addresses
        self._queue = WorkQueue(clock, name="kube-proxy")
        self._told: dict[str, set[str]] = {}

    async def run(self) -> None:
        """Follow the API until cancelled."""
        informers = Informers(self._client, clock=self._clock)
        self._services = informers.get(SERVICES)
        self._slices = informers.get(ENDPOINT_SLICES)
        self._slices.add_index("service", service_keys)
        self._services.follow(self._mark, gone=self._mark)
        self._slices.follow(self._mark_slice, gone=self._mark_slice)
        events = EventRecorder(self._client, "kube-proxy", clock=self._clock)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(informers.run(), name="kube-proxy informers")
                group.create_task(self._work(events), name="kube-proxy sync")
                group.create_task(self._retry(), name="kube-proxy retry")
        finally:
            self._queue.close()
            events.close()

    def _mark(self, service: Object) -> None:
        self._queue.add(key(service))

    def _mark_slice(self, piece: Object) -> None:
        for service_key in service_keys(piece):
            self._queue.add(service_key)

    async def _work(self, events: EventRecorder) -> None:
        await self._services.synced.wait()
        await self._slices.synced.wait()
        # What went away while this proxy was stopped, no handler will tell.
        for service_key in self._datapath.services():
            self._queue.add(service_key)
        while True:
            service_key = await self._queue.get()
            work = Stopwatch(self._sync(service_key, events), clock=self._clock)
            await work
            # A Service with thousands of endpoints changes often, and costs much each time;
            # upstream's `minSyncPeriod` is for the same.
            self._queue.done(service_key, rest=rest_after(work))

    async def _sync(self, service_key: str, events: EventRecorder) -> None:
        service = self._services.get(service_key)
        slices = self._slices.by_index("service", service_key)
        rules = (
            list(rules_of(service, slices, node_addresses=self._node_addresses)) if service else []
        )
        problems = await self._datapath.apply(service_key, rules)
        texts = {_explain(problem) for problem in problems}
        if service and service_key != _UNTOLD:
            for text in sorted(texts - self._told.get(service_key, set())):
                _log.warning("%s: %s", service_key, text)
                events.event(service, "Warning", "AddressNotAvailable", text)
        if texts:
            self._told[service_key] = texts
        else:
            self._told.pop(service_key, None)

    async def _retry(self) -> None:
        while True:
            await self._clock.sleep(_RETRY_SECONDS)
            for service_key in self._told:
                self._queue.add(service_key)


def _explain(problem: Problem) -> str:
    address, code = problem.address, problem.error.errno
    if code in (errno.EACCES, errno.EPERM):
        cause = f"{address} may not be opened by an ordinary user"
        remedy = f"sudo sysctl net.ipv4.ip_unprivileged_port_start={address.port} allows it"
    elif code == errno.EADDRINUSE:
        cause = f"{address} is taken by another program of this machine"
        remedy = f"ss -ltunp 'sport = :{address.port}' shows which"
    else:
        cause = f"{address} cannot be opened: {problem.error.strerror}"
        remedy = "the API server's proxy (services/NAME/proxy) reaches the Service all the same"
    instead = f"; the Service answers at {problem.instead} instead" if problem.instead else ""
    return f"{cause}{instead}. {remedy}"

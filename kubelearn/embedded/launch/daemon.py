"""The life of one cluster: started in order, asked and changed through a socket, stopped.

Stands for `kubeadm init` and for systemd.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
from collections.abc import Awaitable, Iterable, Sequence
from pathlib import Path

from kubelearn.containers.clusterimages import ClusterImages
from kubelearn.containers.probe import Choice
from kubelearn.embedded.apiserver.audit import AuditLog
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.launch import garbage, identities, kubeconfig, tls
from kubelearn.embedded.launch.clusterconfiguration import ClusterConfiguration
from kubelearn.embedded.launch.component import Component, Loop
from kubelearn.embedded.launch.control import ControlServer
from kubelearn.embedded.launch.controlplane import ControlPlane
from kubelearn.embedded.launch.hollow import HollowNode
from kubelearn.embedded.launch.inside import Inside
from kubelearn.embedded.launch.loopcontrol import routes
from kubelearn.embedded.launch.loops import Loops
from kubelearn.embedded.launch.machines import CONTROL_PLANE, Machines
from kubelearn.embedded.launch.node import Node
from kubelearn.embedded.launch.report import Report
from kubelearn.embedded.proxy import DataPath
from kubelearn.embedded.state import Settings, StateFolder
from kubelearn.embedded.store import Store
from kubelearn.errors import NotAvailable, NotFound, Unreachable
from kubelearn.objects import NODES, Object, is_ready, timestamp

_log = logging.getLogger(__name__)

_COMPACT_SECONDS = 60
_NODES_SECONDS = 10
# So many nodes that registering them is work, which takes each of them about so long.
_FEW, _SECONDS_A_NODE = 20, 0.1
# How long containers have to end when the whole cluster stops. A machine that shuts down does not
# grant each pod its full period either.
_GRACE_SECONDS = 2.0


class Daemon:
    """The cluster in one folder. `run` lasts until it is shut down."""

    def __init__(
        self,
        folder: StateFolder,
        settings: Settings,
        *,
        runtime: Choice | None,
        clock: Clock,
        random: random.Random,
    ) -> None:
        self._cluster = ClusterConfiguration(folder, settings, clock=clock, random=random)
        self._runtime = runtime
        self._clock = clock
        self._started = clock.now()
        self._ready = False
        self._ending = asyncio.Event()
        self._audit_log = AuditLog(folder.audit, now=clock.now)
        self._datapath = DataPath(clock=clock, random=random, node_of=self._cluster.node_of)
        self._loops = Loops()
        self._components: dict[str, Component] = {}
        self._nodes: dict[str, Node | HollowNode] = {}
        self._machines: Machines | None = None

    async def run(self, report: Report) -> None:
        """Start everything in order, tell when the API answers, and work until shut down."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.shut_down)
        tls.save_memory()
        store = await Store.open(self._cluster.folder.store, clock=self._clock)
        inside = Inside(
            store, nodes=self._nodes, components=self._components, datapath=self._datapath
        )
        control = ControlServer(self, inside, self._cluster.folder, more=routes(self._loops))
        compaction = Loop("etcd", lambda: self._compact(store), clock=self._clock)
        collection = Loop("garbage", lambda: garbage.collect(self._clock), clock=self._clock)
        try:
            await compaction.start()
            await control.start()
            self._wire(store)
            report.step("store", f"{store.count('/registry/') or 'no'} objects")
            await asyncio.gather(*(node.clean_up() for node in self._nodes.values()))
            await self._start(report)
            report.ready()
            await collection.start()
            await self._ending.wait()
        finally:
            self._ready = False
            await self._stop()
            await collection.stop()
            await compaction.stop()
            await control.stop()
            await store.close()
            self._audit_log.close()

    async def _start(self, report: Report) -> None:
        for component in self._components.values():
            await component.start()
            if component.name == "kube-apiserver":
                self._write_kubeconfig()
                report.step("API server", self._cluster.server)
        self._ready = True
        report.step("nodes", _listed(await self._await_nodes()))
        await self._mark_control_plane()

    async def _stop(self) -> None:
        # The nodes first, while there is an API server to tell; what was started first stops last.
        await _all(node.power_off(grace=_GRACE_SECONDS) for node in self._nodes.values())
        for component in reversed(self._components.values()):
            await _all([component.stop()])
        await self._datapath.close()

    async def _await_nodes(self) -> list[str]:
        """The nodes that are Ready; waits for all of them, but not for ever."""
        count = len(self._nodes)
        deadline = self._clock.monotonic() + max(_NODES_SECONDS, count * _SECONDS_A_NODE)
        async with self._cluster.client(identities.ADMIN, "kubelearn") as client:
            while True:
                try:
                    found = (await client.list(NODES))["items"]
                except Unreachable:  # stopped already
                    return []
                ready = [node["metadata"]["name"] for node in found if is_ready(node)]
                waited = self._clock.monotonic() > deadline or self._ending.is_set()
                if waited or len(ready) >= count:
                    return ready
                await self._clock.sleep(0.02 if count <= _FEW else 1.0)

    async def _mark_control_plane(self) -> None:
        """Give its node the role; a kubelet may not give itself one."""
        labels = {"metadata": {"labels": {CONTROL_PLANE: ""}}}
        async with self._cluster.client(identities.ADMIN, "kubelearn") as client:
            with contextlib.suppress(NotFound, Unreachable):
                await client.patch(NODES, next(iter(self._nodes)), labels)

    # --- what the control socket offers ---

    def status(self) -> Object:
        """Name, server, process id, memory, nodes."""
        return {
            "name": self._cluster.folder.name,
            "ready": self._ready,
            "server": self._cluster.server,
            "pid": os.getpid(),
            "started": timestamp(self._started),
            "memory": _resident_bytes(),
            "nodes": list(self._nodes),
            "runtime": str(self._runtime or "fake: nothing runs"),
        }

    def describe_components(self) -> list[Object]:
        """Each component's name, node and state."""
        return [component.describe() for component in self._components.values()]

    async def switch_component(self, name: str, *, on: bool) -> None:
        """Start or stop a component. Raises NotAvailable."""
        component = self._components.get(name)
        if component is None:
            known = ", ".join(self._components)
            raise NotAvailable(f"there is no component {name!r}", hint=f"one of: {known}")
        await (component.start() if on else component.stop())

    async def load_image(self, name: str) -> None:
        """Bring an image of the image store to all nodes. Raises ContainerError, NotAvailable."""
        await self._node_images().load(name)

    def remove_image(self, name: str) -> None:
        """Take an image off all nodes. Raises NotAvailable."""
        self._node_images().remove(name)

    def _node_images(self) -> ClusterImages:
        if self._machines is None:
            raise NotAvailable("there are no nodes yet", hint="kubelearn status")
        return self._machines.images()

    async def switch_node(self, name: str, *, on: bool) -> None:
        """Start or stop a node with all that runs on it. Raises NotAvailable."""
        node = self._nodes.get(name)
        if node is None:
            known = ", ".join(self._nodes)
            raise NotAvailable(f"there is no node {name!r}", hint=f"one of: {known}")
        await (node.start() if on else node.power_off())

    def shut_down(self) -> None:
        """End the cluster soon."""
        self._ending.set()

    # --- wiring ---

    def _wire(self, store: Store) -> None:
        plane = ControlPlane(
            self._cluster,
            store=store,
            audit_log=self._audit_log,
            datapath=self._datapath,
            loops=self._loops,
        )
        machines = self._machines = Machines(self._cluster, runtime=self._runtime)
        self._components |= plane.components | machines.components
        self._nodes |= machines.nodes

    async def _compact(self, store: Store) -> None:
        while True:
            await self._clock.sleep(_COMPACT_SECONDS)
            await store.compact()

    def _write_kubeconfig(self) -> None:
        kubeconfig.write(
            self._cluster.folder.kubeconfig,
            name=self._cluster.folder.name,
            server=self._cluster.server,
            pki=self._cluster.folder.pki,
            user=identities.ADMIN,
        )


async def _all(actions: Iterable[Awaitable[None]]) -> None:
    """Do all of these at once; one that fails keeps no other from being done."""
    for failure in await asyncio.gather(*actions, return_exceptions=True):
        if failure is not None:
            _log.error("while stopping: %r", failure, exc_info=failure)


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _FEW:
        return ", ".join(names)
    return f"{len(names)}, from {names[0]} to {names[-1]}"


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

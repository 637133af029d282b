"""One cluster, wired: the store, the API server over it, and everything that talks to that.

Stands for `kubeadm init` and for the machines. Each component is a client of the API server with a
certificate of its own; none of them holds another one.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import os
import random
import signal
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from kubelearn.containers.clusterimages import ClusterImages
from kubelearn.containers.images import ImageStore
from kubelearn.containers.probe import NAMESPACES, Choice
from kubelearn.embedded import dns, localpath
from kubelearn.embedded.addresses import Block, free_port
from kubelearn.embedded.apiserver import ApiServer
from kubelearn.embedded.apiserver.audit import Audit, AuditLog, Policy
from kubelearn.embedded.audittrail import POLICY
from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.controllers.certificates.authority import Authority
from kubelearn.embedded.controllers.manager import ControllerManager
from kubelearn.embedded.kubelet import Kubelet, NodeConfig
from kubelearn.embedded.launch import garbage, identities, kubeconfig, tls
from kubelearn.embedded.launch.addons import install_metrics_server
from kubelearn.embedded.launch.clusterimages import cluster_images
from kubelearn.embedded.launch.component import Component, Loop, Switch
from kubelearn.embedded.launch.control import ControlServer
from kubelearn.embedded.launch.hollow import HollowNode, HollowPlayer
from kubelearn.embedded.launch.inside import Inside
from kubelearn.embedded.launch.loopcontrol import routes
from kubelearn.embedded.launch.loops import Loops
from kubelearn.embedded.launch.node import Node, make_runtime
from kubelearn.embedded.launch.report import Report
from kubelearn.embedded.metricsserver import MetricsServer
from kubelearn.embedded.proxy import DataPath, Proxy
from kubelearn.embedded.scheduler import Scheduler
from kubelearn.embedded.state import Settings, StateFolder
from kubelearn.embedded.store import Store
from kubelearn.errors import NotAvailable, NotFound, Unreachable
from kubelearn.objects import NODES, Object, is_ready, timestamp

_log = logging.getLogger(__name__)

_KUBELET_PORT = 10250
_METRICS_PORT = 4443
_DNS_PORT = 10053
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
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
        self._folder = folder
        self._settings = settings
        self._runtime = runtime
        self._clock = clock
        self._random = random
        self._block = Block(settings.block)
        self._server = f"https://{identities.HOST}:{settings.port}"
        self._started = clock.now()
        self._ready = False
        self._ending = asyncio.Event()
        self._audit_log = AuditLog(folder.audit, now=clock.now)
        self._datapath = DataPath(clock=clock, random=random, node_of=self._node_of)
        self._loops = Loops()
        self._components: dict[str, Component] = {}
        self._nodes: dict[str, Node | HollowNode] = {}
        self._images: ClusterImages | None = None

    async def run(self, report: Report) -> None:
        """Start everything in order, tell when the API answers, and work until shut down."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.shut_down)
        tls.save_memory()
        store = await Store.open(self._folder.store, clock=self._clock)
        inside = Inside(
            store, nodes=self._nodes, components=self._components, datapath=self._datapath
        )
        control = ControlServer(self, inside, self._folder, more=routes(self._loops))
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
                report.step("API server", self._server)
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
        async with self._client(identities.ADMIN, "kubelearn") as client:
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
        labels = {"metadata": {"labels": {_CONTROL_PLANE: ""}}}
        async with self._client(identities.ADMIN, "kubelearn") as client:
            with contextlib.suppress(NotFound, Unreachable):
                await client.patch(NODES, next(iter(self._nodes)), labels)

    # --- what the control socket offers ---

    def status(self) -> Object:
        """Name, server, process id, memory, nodes."""
        return {
            "name": self._folder.name,
            "ready": self._ready,
            "server": self._server,
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
        if self._images is None:
            raise NotAvailable(
                "nodes without machines have no images", hint="kubelearn up --runtime process"
            )
        return self._images

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

    # --- wiring, in the order of the start ---

    def _wire(self, store: Store) -> None:
        apiserver = self._apiserver(store)
        control_plane, *_ = names = self._settings.node_names(self._folder.name)
        self._add_switch(
            "etcd", control_plane, _etcd(apiserver, on=True), _etcd(apiserver, on=False)
        )
        self._add_switch("kube-apiserver", control_plane, apiserver.start, apiserver.stop)
        self._add("kube-controller-manager", self._controllers, node=control_plane)
        self._add("kube-scheduler", self._scheduler, node=control_plane)
        self._add("kube-proxy", self._proxy, node=control_plane)
        self._add("local-path-provisioner", self._local_path, node=control_plane)
        if not self._settings.hollow:  # nothing is used there
            self._add("metrics-server", self._metrics_server, node=control_plane)
        self._add("coredns", self._dns, node=control_plane)
        if self._settings.hollow:
            self._add_hollow_nodes(names)
            return
        assert self._runtime
        rooted = self._runtime.runtime == NAMESPACES
        images = self._images = cluster_images(self._folder, rooted=rooted)
        port = free_port(self._node_addresses(), _KUBELET_PORT)
        for number, name in enumerate(names, start=1):
            self._nodes[name] = self._node(name, number, images=images, port=port)

    def _apiserver(self, store: Store) -> ApiServer:
        return ApiServer(
            store,
            host=identities.HOST,
            port=self._settings.port,
            tls=tls.server(self._folder.pki, identities.APISERVER, certificate_required=False),
            kubelet_tls=tls.client(self._folder.pki, identities.APISERVER_KUBELET_CLIENT),
            proxy_certificate=(
                self._folder.pki / f"{identities.FRONT_PROXY_CLIENT}.crt",
                self._folder.pki / f"{identities.FRONT_PROXY_CLIENT}.key",
            ),
            service_account_key=(self._folder.pki / "sa.key").read_bytes(),
            service_cidr=self._block.service_cidr,
            clock=self._clock,
            random=self._random,
            audit=Audit(
                Policy.read(POLICY),
                self._audit_log.write,
                clock=self._clock,
                random=self._random,
            ),
            components={
                name: partial(self._is_running, f"kube-{name}")
                for name in ("scheduler", "controller-manager")
            },
        )

    def _is_running(self, name: str) -> bool:
        return self._components[name].running

    def _node(self, name: str, number: int, *, images: ImageStore, port: int) -> Node:
        ip, pod_cidr, folder = (
            self._block.node_ip(number),
            self._block.pod_cidr(number),
            self._folder.nodes / name,
        )
        assert self._runtime
        runtime = make_runtime(
            self._runtime,
            folder / "containers",
            pod_cidr=pod_cidr,
            host_ip=ip,
            clock=self._clock,
            random=self._random,
        )
        config = NodeConfig(
            name=name,
            ip=ip,
            pod_cidr=pod_cidr,
            folder=folder / "kubelet",
            taints=self._taints(number),
            port=port,
            cluster_dns=self._block.dns_service_ip,
        )

        async def run() -> None:
            async with self._client(identities.kubelet_client(name), "kubelet") as client:
                await Kubelet(
                    client,
                    node=config,
                    runtime=runtime,
                    images=images,
                    tls=tls.server(
                        self._folder.pki,
                        identities.kubelet_server(name),
                        certificate_required=True,
                    ),
                    clock=self._clock,
                    random=self._random,
                ).run()

        kubelet = self._add(f"kubelet@{name}", run, node=name)
        return Node(name, ip=ip, runtime=runtime, kubelet=kubelet)

    def _labels(self, number: int) -> dict[str, str]:
        return {_CONTROL_PLANE: ""} if number == 1 else {}

    def _taints(self, number: int) -> list[Object]:
        # With one node there is nowhere else to go, so kind leaves the taint out too.
        tainted = number == 1 and self._settings.nodes > 1
        return [{"key": _CONTROL_PLANE, "effect": "NoSchedule"}] if tainted else []

    def _add_hollow_nodes(self, names: Sequence[str]) -> None:
        address = self._block.node_ip(1)
        port = free_port([address], _KUBELET_PORT)
        player = HollowPlayer(
            [
                NodeConfig(
                    name=name,
                    ip=address,
                    pod_cidr=self._block.hollow_pod_cidr(number),
                    folder=self._folder.nodes / name,
                    labels=self._labels(number),
                    taints=self._taints(number),
                    port=port,
                )
                for number, name in enumerate(names, start=1)
            ],
            client=lambda: self._client(identities.kubelet_client(identities.HOLLOW), "kubelet"),
            certificate=lambda: tls.server(
                self._folder.pki,
                identities.kubelet_server(identities.HOLLOW),
                certificate_required=True,
            ),
            clock=self._clock,
            random=self._random,
        )
        self._add("kubelet", player.run, node=names[0])
        self._nodes |= player.nodes

    async def _controllers(self) -> None:
        certificate, key = ((self._folder.pki / f"ca.{end}").read_bytes() for end in ("crt", "key"))
        agent = "kube-controller-manager"
        async with (
            self._client(identities.CONTROLLER_MANAGER, agent) as client,
            self._client(identities.FRONT_PROXY_CLIENT, agent) as proxy,
        ):
            self._loops.manager = ControllerManager(
                client,
                clock=self._clock,
                random=self._random,
                root_ca=certificate.decode(),
                authority=Authority(certificate, key),
                client_of=lambda account: proxy.on_behalf_of(*identities.service_account(account)),
            )
            try:
                await self._loops.manager.run()
            finally:
                self._loops.manager = None

    async def _scheduler(self) -> None:
        async with self._client(identities.SCHEDULER, "kube-scheduler") as client:
            self._loops.scheduler = Scheduler(
                client,
                clock=self._clock,
                random=self._random,
                decisions=self._loops.decisions,
            )
            try:
                await self._loops.scheduler.run()
            finally:
                self._loops.scheduler = None

    async def _proxy(self) -> None:
        async with self._client(identities.PROXY, "kube-proxy") as client:
            await Proxy(
                client,
                datapath=self._datapath,
                clock=self._clock,
                node_addresses={identities.HOST: "", **self._names_by_address()},
            ).run()

    async def _local_path(self) -> None:
        async with self._client(identities.ADMIN, "kubelearn") as administrator:
            await localpath.install(administrator)
        async with self._client(identities.LOCAL_PATH, "local-path-provisioner") as client:
            await localpath.provision(client, clock=self._clock, random=self._random)

    async def _metrics_server(self) -> None:
        host = self._block.node_ip(1)
        port = free_port([host], _METRICS_PORT)
        pki = self._folder.pki
        authority = base64.b64encode((pki / "ca.crt").read_bytes()).decode()
        async with self._client(identities.ADMIN, "kubelearn") as client:
            await install_metrics_server(client, host=host, port=port, authority=authority)
        name = identities.METRICS_SERVER
        async with self._client(identities.METRICS_SERVER_CLIENT, name) as client:
            await MetricsServer(
                client,
                clock=self._clock,
                host=host,
                port=port,
                serving=tls.server(pki, name, certificate_required=True),
                scraping=tls.client(pki, identities.METRICS_SERVER_CLIENT),
            ).run()

    async def _dns(self) -> None:
        host = self._block.node_ip(1)
        port = free_port([host], _DNS_PORT)
        async with self._client(identities.ADMIN, "kubelearn") as administrator:
            await dns.install(administrator, ip=self._block.dns_service_ip, server=(host, port))
        async with self._client(identities.DNS, "coredns") as client:
            await dns.DnsServer(
                client, host=host, port=port, clock=self._clock, random=self._random
            ).run()

    async def _compact(self, store: Store) -> None:
        while True:
            await self._clock.sleep(_COMPACT_SECONDS)
            await store.compact()

    def _node_addresses(self) -> list[str]:
        count = 1 if self._settings.hollow else self._settings.nodes
        return [self._block.node_ip(number) for number in range(1, count + 1)]

    def _names_by_address(self) -> dict[str, str]:
        return dict(zip(self._node_addresses(), self._nodes, strict=False))

    def _node_of(self, ip: str) -> str | None:
        number = self._block.node_of(ip)
        return None if number is None else self._names_by_address().get(self._block.node_ip(number))

    def _add(self, name: str, run: Callable[[], Awaitable[None]], *, node: str) -> Component:
        component = Loop(name, run, clock=self._clock, node=node)
        self._components[name] = component
        return component

    def _add_switch(
        self,
        name: str,
        node: str,
        on: Callable[[], Awaitable[None]],
        off: Callable[[], Awaitable[None]],
    ) -> None:
        self._components[name] = Switch(name, on=on, off=off, node=node)

    def _client(self, identity: str, program: str) -> Client:
        context = tls.client(self._folder.pki, identity)
        return Client(self._server, tls=context, user_agent=f"{program}/kubelearn")

    def _write_kubeconfig(self) -> None:
        kubeconfig.write(
            self._folder.kubeconfig,
            name=self._folder.name,
            server=self._server,
            pki=self._folder.pki,
            user=identities.ADMIN,
        )


async def _all(actions: Iterable[Awaitable[None]]) -> None:
    """Do all of these at once; one that fails keeps no other from being done."""
    for failure in await asyncio.gather(*actions, return_exceptions=True):
        if failure is not None:
            _log.error("while stopping: %r", failure, exc_info=failure)


def _etcd(apiserver: ApiServer, *, on: bool) -> Callable[[], Awaitable[None]]:
    # The store lives in the API server's process; to take "etcd" away is to make it not answer.
    async def switch() -> None:
        apiserver.storage_available = on

    return switch


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _FEW:
        return ", ".join(names)
    return f"{len(names)}, from {names[0]} to {names[-1]}"


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

"""The cluster as one process: everything is wired here, started in order, supervised and stopped.

Stands for kubeadm, systemd and the machines. `python -m kubelearn.embedded.launch FOLDER` is what
`kubelearn up` starts; its first line on standard output says that the API server is ready, or why
it is not.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import gc
import json
import logging
import os
import random
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kubelearn.containers.process import ProcessRuntime
from kubelearn.embedded import pki
from kubelearn.embedded.addresses import Block, free_block
from kubelearn.embedded.apiserver import ApiServer
from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock, SystemClock
from kubelearn.embedded.component import Component
from kubelearn.embedded.control import ControlServer
from kubelearn.embedded.controllers.manager import ControllerManager
from kubelearn.embedded.kubelet import Kubelet, NodeConfig
from kubelearn.embedded.proxy import Proxy
from kubelearn.embedded.scheduler import Scheduler
from kubelearn.embedded.state import ClusterConfig, ClusterFolder, write
from kubelearn.embedded.store import Store
from kubelearn.errors import ClusterError, KubelearnError, NotAvailable, StateError
from kubelearn.objects import Object

_log = logging.getLogger(__name__)

HOST = "127.0.0.1"
_FIRST_PORT, _PORTS = 6443, 100
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
_COMPACT_SECONDS = 300


@dataclass(frozen=True)
class _Node:
    name: str
    runtime: ProcessRuntime
    kubelet: Component


class Daemon:
    """One cluster in one process."""

    def __init__(
        self, folder: ClusterFolder, config: ClusterConfig, *, claim: socket.socket, clock: Clock
    ) -> None:
        self._folder = folder
        self._config = config
        self._claim = claim
        self._clock = clock
        self._block = Block(config.block)
        self._pki = pki.Pki(folder.pki, now=clock.now())
        self._random = random.Random()
        self._server = f"https://{HOST}:{config.port}"
        self._started = clock.now()
        self._ending = asyncio.Event()
        self._components: dict[str, Component] = {}
        self._nodes: dict[str, _Node] = {}
        self._clients: list[Client] = []

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything, call `on_ready` when the API answers, and work until shut down."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.shut_down)
        store = await Store.open(self._folder.store, clock=self._clock)
        apiserver = self._apiserver(store)
        control = ControlServer(self, self._folder.control)
        try:
            await apiserver.start()
            await control.start()
            self._write_kubeconfig()
            on_ready()
            await self._start_components(store)
            # What lives now lives long: the collector need not look at it again and again.
            gc.collect()
            gc.freeze()
            await self._ending.wait()
        finally:
            await self._stop_components()
            await control.stop()
            await apiserver.stop()
            await store.close()

    # --- what the control socket offers ---

    def status(self) -> Object:
        """Name, server, uptime, process id, memory."""
        return {
            "name": self._config.name,
            "server": self._server,
            "pid": os.getpid(),
            "started": self._started.isoformat(),
            "nodes": self._config.node_names(),
            "memory": _resident_bytes(),
        }

    def components(self) -> list[Object]:
        """Each component's name, node and state."""
        return [
            {"name": each.name, "node": each.node, "state": each.state}
            for each in self._components.values()
        ]

    async def switch(self, component: str, *, on: bool) -> None:
        """Stop or start a component."""
        found = self._components.get(component)
        if found is None:
            raise NotAvailable(
                f"there is no component {component!r}",
                hint="one of: " + ", ".join(self._components),
            )
        if on:
            found.start()
        else:
            await found.stop()

    async def switch_node(self, node: str, *, on: bool) -> None:
        """Stop or start a node: its kubelet and every container on it."""
        found = self._nodes.get(node)
        if found is None:
            raise NotAvailable(
                f"there is no node {node!r}", hint="one of: " + ", ".join(self._nodes)
            )
        if on:
            found.kubelet.start()
        else:
            await found.kubelet.stop()
            await found.runtime.shut_down()

    def shut_down(self) -> None:
        """End the cluster soon."""
        self._ending.set()

    # --- wiring ---

    def _apiserver(self, store: Store) -> ApiServer:
        identity = pki.Identity(
            "apiserver",
            "kube-apiserver",
            hosts=(
                HOST,
                self._block.api_ip,
                "localhost",
                "kubernetes",
                "kubernetes.default",
                "kubernetes.default.svc",
                "kubernetes.default.svc.cluster.local",
            ),
        )
        return ApiServer(
            store,
            host=HOST,
            port=self._config.port,
            tls=self._pki.server_context(identity),
            kubelet_tls=self._pki.client_context(pki.KUBELET_CLIENT),
            service_cidr=self._block.service_cidr,
            clock=self._clock,
            random=self._random,
        )

    async def _start_components(self, store: Store) -> None:
        for index, name in enumerate(self._config.node_names(), start=1):
            self._nodes[name] = await self._node(name, index)
        control_plane = self._config.node_names()[0]
        self._add("kube-controller-manager", self._run_controllers, node=control_plane)
        self._add("kube-scheduler", self._run_scheduler, node=control_plane)
        self._add("kube-proxy", self._run_proxy)
        self._add("compaction", lambda: self._compact(store))
        for component in self._components.values():
            component.start()

    async def _stop_components(self) -> None:
        await asyncio.gather(*(each.stop() for each in self._components.values()))
        await asyncio.gather(*(node.runtime.shut_down() for node in self._nodes.values()))
        await asyncio.gather(*(client.close() for client in self._clients))

    def _add(self, name: str, run: Callable[[], Awaitable[None]], *, node: str = "") -> Component:
        component = Component(name, run, clock=self._clock, node=node)
        self._components[name] = component
        return component

    async def _node(self, name: str, index: int) -> _Node:
        ip, cidr = self._block.node_ip(index), self._block.pod_cidr(index)
        folder = self._folder.nodes / name
        identity = pki.node(name, ip)
        client = self._client(identity)
        runtime = ProcessRuntime(
            folder / "containers", pod_cidr=cidr, host_ip=ip, now=self._clock.now
        )
        await runtime.clean_up()
        node = NodeConfig(
            name=name,
            ip=ip,
            pod_cidr=cidr,
            folder=folder / "kubelet",
            labels={_CONTROL_PLANE: ""} if index == 1 else {},
            taints=[{"key": _CONTROL_PLANE, "effect": "NoSchedule"}] if index == 1 else [],
        )
        tls = self._pki.server_context(identity, require_client=True)

        async def run() -> None:
            await Kubelet(
                client,
                node=node,
                runtime=runtime,
                tls=tls,
                clock=self._clock,
                random=self._random,
            ).run()

        return _Node(name, runtime, self._add(f"kubelet@{name}", run, node=name))

    async def _run_controllers(self) -> None:
        async with self._client(pki.component("kube-controller-manager")) as client:
            authority = self._pki.authority.read_text()
            await ControllerManager(
                client, clock=self._clock, random=self._random, root_ca=authority
            ).run()

    async def _run_scheduler(self) -> None:
        async with self._client(pki.component("kube-scheduler")) as client:
            await Scheduler(client, clock=self._clock, random=self._random).run()

    async def _run_proxy(self) -> None:
        async with self._client(pki.component("kube-proxy")) as client:
            nodes = [self._block.node_ip(i) for i in range(1, self._config.nodes + 1)]
            await Proxy(
                client, clock=self._clock, random=self._random, node_addresses=[HOST, *nodes]
            ).run()

    async def _compact(self, store: Store) -> None:
        # As kube-apiserver does (storage/etcd3/compact.go): forget what is older than one round.
        while True:
            old = store.revision
            await self._clock.sleep(_COMPACT_SECONDS)
            await store.compact(old)

    def _client(self, identity: pki.Identity) -> Client:
        client = Client(
            self._server,
            tls=self._pki.client_context(identity),
            user_agent=f"{identity.name}/kubelearn",
        )
        self._clients.append(client)
        return client

    def _write_kubeconfig(self) -> None:
        text = self._pki.kubeconfig(pki.ADMIN, cluster=self._config.name, server=self._server)
        write(self._folder.kubeconfig, text)


# --- the process -----------------------------------------------------------------------------


def main() -> None:
    """Run the cluster in the given folder; report on standard output, once."""
    parser = argparse.ArgumentParser(prog="kubelearn.embedded.launch")
    parser.add_argument("folder", type=Path)
    folder = ClusterFolder(parser.parse_args().folder)
    os.umask(0o077)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s"
    )
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    try:
        with folder.locked("daemon.lock", wait=False) as mine:
            if not mine:
                raise ClusterError(
                    f"cluster {folder.path.name} runs already", hint="kubelearn status"
                )
            config, claim = prepare(folder)
            clock = SystemClock()
            daemon = Daemon(folder, config, claim=claim, clock=clock)
            asyncio.run(daemon.run(lambda: _report({"ready": True})))
    except KubelearnError as error:
        _report({"ready": False, "message": error.message, "hint": error.hint})
        sys.exit(1)


def prepare(folder: ClusterFolder) -> tuple[ClusterConfig, socket.socket]:
    """The cluster's choices with port and addresses settled, and the claim on the addresses."""
    config = folder.config()
    if config is None:
        raise StateError(f"{folder.path} holds no cluster", hint="kubelearn up")
    if config.block:
        claim = Block(config.block).claim()
        if claim is None:
            raise ClusterError(
                f"the addresses 127.{config.block}.0.0/16 of cluster {config.name} are in use",
                hint="kubelearn down --delete --name "
                f"{config.name}   # and up again: it gets other addresses, but starts empty",
            )
    else:
        others = {found.block for each in ClusterFolder.all() if (found := each.config())}
        block, claim = free_block(others)
        config = replace(config, block=block.number)
    config = replace(config, port=_port(config))
    folder.save(config)
    return config, claim


def _port(config: ClusterConfig) -> int:
    if config.port:
        if not _is_free(config.port):
            raise ClusterError(
                f"port {config.port} on {HOST} is taken by another program",
                hint=f"ss -ltnp 'sport = :{config.port}'   # shows it; or: kubelearn up --port 0",
            )
        return config.port
    for port in range(_FIRST_PORT, _FIRST_PORT + _PORTS):
        if _is_free(port):
            return port
    raise ClusterError(f"no port from {_FIRST_PORT} on is free", hint="kubelearn up --port PORT")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise ClusterError(
                    f"port {port} may not be used by an ordinary user",
                    hint="kubelearn up --port 6443   # any port from 1024 on",
                ) from error
            return False
        return True


def _report(message: Object) -> None:
    print(json.dumps(message), flush=True)
    # Whoever started this waits for the end of the pipe.
    os.dup2(2, 1)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()

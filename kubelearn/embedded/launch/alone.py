"""One component by itself, against any API server: what each is in Kubernetes, a program.

Stands for `cmd/kube-scheduler`, `cmd/kube-controller-manager`, `cmd/kubelet` and `cmd/kube-proxy`,
and for local-path-provisioner. Left out: leader election, so only one of a kind may run, and nearly
all flags.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import random
import signal
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kubelearn.containers.machineimages import MachineImages
from kubelearn.containers.probe import NAMESPACES, Choice, choose
from kubelearn.containers.stock import StockImages
from kubelearn.embedded import localpath
from kubelearn.embedded.addresses import claim_any, free_port
from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock, SystemClock
from kubelearn.embedded.controllers.manager import ControllerManager
from kubelearn.embedded.kubeconfig import Kubeconfig
from kubelearn.embedded.kubelet import Kubelet, NodeConfig
from kubelearn.embedded.launch import pki
from kubelearn.embedded.launch.component import Loop
from kubelearn.embedded.launch.identities import Identity
from kubelearn.embedded.launch.node import Node, make_runtime
from kubelearn.embedded.proxy import DataPath, Proxy
from kubelearn.embedded.scheduler import Scheduler
from kubelearn.embedded.state import images_home
from kubelearn.errors import ClusterError, NotFound
from kubelearn.objects import NODES

_log = logging.getLogger(__name__)

_KUBELET_PORT = 10250
_GRACE_SECONDS = 2.0
_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


@dataclass(frozen=True)
class Machine:
    """The node that a kubelet is to be, with a folder for its files.

    Without a certificate the kubelet signs one itself, as upstream's does; an API server that
    checks kubelets' certificates then refuses to fetch logs from it.
    """

    name: str
    folder: Path
    certificate: Path | None = None
    key: Path | None = None


def run(component: Callable[[Kubeconfig], Awaitable[None]], kubeconfig: Path) -> None:
    """Run one of the components below until SIGINT or SIGTERM. Raises ClusterError."""
    config = Kubeconfig.read(kubeconfig)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s"
    )

    async def until_told() -> None:
        task = asyncio.ensure_future(component(config))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    asyncio.run(until_told())


async def scheduler(config: Kubeconfig) -> None:
    """Bind pods to nodes."""
    async with Client.from_kubeconfig(config, user_agent="kube-scheduler/kubelearn") as client:
        await Scheduler(client, clock=SystemClock(), random=random.Random()).run()


async def controller_manager(config: Kubeconfig) -> None:
    """Run all controllers; pods will trust the authority that the kubeconfig names."""
    agent = "kube-controller-manager/kubelearn"
    async with Client.from_kubeconfig(config, user_agent=agent) as client:
        await ControllerManager(
            client, clock=SystemClock(), random=random.Random(), root_ca=config.authority
        ).run()


async def proxy(config: Kubeconfig) -> None:
    """Answer at the addresses of Services, as far as this machine lets us have them."""
    clock = SystemClock()
    datapath = DataPath(clock=clock, random=random.Random())
    async with Client.from_kubeconfig(config, user_agent="kube-proxy/kubelearn") as client:
        try:
            await Proxy(client, datapath=datapath, clock=clock).run()
        finally:
            await datapath.close()


async def local_path_provisioner(config: Kubeconfig) -> None:
    """Make volumes for claims of the class `standard`, which is made if it was never there."""
    agent = "local-path-provisioner/kubelearn"
    async with Client.from_kubeconfig(config, user_agent=agent) as client:
        await localpath.install(client)
        await localpath.provision(client, clock=SystemClock(), random=random.Random())


def kubelet(machine: Machine) -> Callable[[Kubeconfig], Awaitable[None]]:
    """Be a node. Its containers end with this program, for they are its children."""

    async def run_kubelet(config: Kubeconfig) -> None:
        _make_private(machine.folder)
        clock = SystemClock()
        async with (
            Client.from_kubeconfig(config, user_agent="kubelet/kubelearn") as client,
            _placed(client, machine) as place,
        ):
            choice = await asyncio.to_thread(choose, machine.folder)
            _log.info("runtime %s", choice)
            node = _node(client, config, machine=machine, place=place, choice=choice, clock=clock)
            await node.clean_up()
            await node.start()
            try:
                await asyncio.Event().wait()
            finally:
                await node.power_off(grace=_GRACE_SECONDS)

    return run_kubelet


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ClusterError(
            f"the folder {folder} cannot be used: {error.strerror}",
            hint="--folder FOLDER   # another one, of yours",
        ) from error


def _node(
    client: Client,
    config: Kubeconfig,
    *,
    machine: Machine,
    place: NodeConfig,
    choice: Choice,
    clock: Clock,
) -> Node:
    runtime = make_runtime(
        choice,
        machine.folder / "containers",
        pod_cidr=place.pod_cidr,
        host_ip=place.ip,
        clock=clock,
        random=random.Random(),
    )
    agent = Kubelet(
        client,
        node=place,
        runtime=runtime,
        images=_images(choice, machine.folder / "images"),
        tls=_server_tls(config, machine, place.ip),
        clock=clock,
        random=random.Random(),
    )
    loop = Loop("kubelet", agent.run, clock=clock, node=machine.name)
    return Node(machine.name, ip=place.ip, runtime=runtime, kubelet=loop)


def _images(choice: Choice, folder: Path) -> StockImages:
    roots = MachineImages(images_home() / "machine") if choice.runtime == NAMESPACES else None
    return StockImages(folder, roots=roots)


@asynccontextmanager
async def _placed(client: Client, machine: Machine) -> AsyncIterator[NodeConfig]:
    """Where on the loopback network the node is: where it was, else in a block of its own."""
    ip, pod_cidr = await _known_place(client, machine.name)
    claimed = None
    if not (ip and pod_cidr):
        block, claimed = claim_any(sum(os.fsencode(machine.name)))
        ip, pod_cidr = block.node_ip(1), block.pod_cidr(1)
    try:
        yield NodeConfig(
            name=machine.name,
            ip=ip,
            pod_cidr=pod_cidr,
            folder=machine.folder / "kubelet",
            port=free_port([ip], _KUBELET_PORT),
        )
    finally:
        if claimed:
            claimed.release()


async def _known_place(client: Client, name: str) -> tuple[str, str]:
    """The address and the pods' range that the Node has, if they are of this machine."""
    try:
        node = await client.get(NODES, name)
    except NotFound:
        return "", ""
    addresses = node.get("status", {}).get("addresses", [])
    ip = next((each["address"] for each in addresses if each["type"] == "InternalIP"), "")
    if ip and ipaddress.ip_address(ip) not in _LOOPBACK:
        raise ClusterError(
            f"node {name} is another machine, {ip}", hint="--node NAME   # one that is new"
        )
    return ip, node["spec"].get("podCIDR", "")


def _server_tls(config: Kubeconfig, machine: Machine, ip: str) -> ssl.SSLContext:
    certificate, key = machine.certificate, machine.key
    if not (certificate and key):
        folder = machine.folder / "pki"
        name = Identity("kubelet", f"system:node:{machine.name}", hosts=[ip, machine.name])
        pki.prepare(folder, [name], now=datetime.now(UTC))
        certificate, key = folder / "kubelet.crt", folder / "kubelet.key"
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=config.authority)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ClusterError(
            f"the kubelet's certificate {certificate} or its key {key} cannot be used: {error}",
            hint="leave both out: the kubelet then signs its own",
        ) from error
    context.verify_mode = ssl.CERT_REQUIRED
    return context

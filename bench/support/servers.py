"""API servers to measure: ours, alone or in a whole cluster, and the real one."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from support.connection import Connection
from support.etcd import etcd_command
from support.processes import cpu_seconds, free_port, megabytes

from kubelearn.clusters import EmbeddedCluster
from kubelearn.embedded.addresses import Block
from kubelearn.embedded.launch import identities, kubeconfig, pki, tls


@dataclasses.dataclass
class Server:
    """A server that runs: where, with which credentials, in which processes."""

    address: tuple[str, int]
    context: ssl.SSLContext
    kubeconfig: Path
    processes: list[int]

    def connect(self) -> Connection:
        """A connection of one's own."""
        return Connection(self.address, self.context)

    def megabytes(self) -> float:
        """The resident memory of all its processes."""
        return megabytes(*self.processes)

    def cpu(self) -> float:
        """The seconds of processor time that they have used."""
        return cpu_seconds(*self.processes)


@contextlib.contextmanager
def whole(folder: Path) -> Iterator[Server]:
    """An embedded cluster as learners have it: 3 nodes, with all components."""
    with embedded(folder, nodes=3) as (_, server):
        yield server


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[Server]:
    """The API server of an embedded cluster, with all other components stopped."""
    with embedded(folder, nodes=1) as (cluster, server):
        for component in cluster.internals.components():
            if component.name not in ("etcd", "kube-apiserver"):
                cluster.internals.stop(component.name)
        yield server


@contextlib.contextmanager
def embedded(folder: Path, *, nodes: int) -> Iterator[tuple[EmbeddedCluster, Server]]:
    """An embedded cluster in a folder of its own."""
    os.environ["KUBELEARN_STATE"] = str(folder)
    cluster = EmbeddedCluster("bench", nodes=nodes)
    cluster.up(say=lambda *_: None)
    try:
        status = cluster.status() or {}
        host, port = status["server"].removeprefix("https://").split(":")
        context = tls.client(cluster.folder.pki, identities.ADMIN)
        yield cluster, Server((host, int(port)), context, cluster.kubeconfig, [status["pid"]])
    finally:
        cluster.delete(say=lambda *_: None)


@contextlib.contextmanager
def upstream(folder: Path, *, programs: Path) -> Iterator[Server]:
    """A real kube-apiserver with a real etcd, with certificates as ours have them."""
    store, peer, port = free_port(), free_port(), free_port()
    certificates = folder / "pki"
    pki.prepare(certificates, identities.of_cluster(["node"], Block(1)), now=datetime.now(UTC))
    commands = [
        etcd_command(programs / "etcd", folder / "etcd", client=store, peer=peer),
        apiserver_command(programs, certificates, store, port),
    ]
    processes = []
    try:
        for command in commands:
            log = (folder / f"{Path(command[0]).name}.log").open("wb")
            processes.append(subprocess.Popen(command, stdout=log, stderr=log))
            log.close()
        address = ("127.0.0.1", port)
        config = folder / "kubeconfig"
        kubeconfig.write(
            config,
            name="upstream",
            server=f"https://127.0.0.1:{port}",
            pki=certificates,
            user=identities.APISERVER_KUBELET_CLIENT,
        )
        # Of the group that may do everything before kubeadm gives our administrator a role.
        context = tls.client(certificates, identities.APISERVER_KUBELET_CLIENT)
        server = Server(address, context, config, [each.pid for each in processes])
        until_ready(server, processes, folder)
        yield server
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def apiserver_command(programs: Path, certificates: Path, store: int, port: int) -> list[str]:
    options = {
        "etcd-servers": f"http://127.0.0.1:{store}",
        "bind-address": "127.0.0.1",
        "secure-port": port,
        "client-ca-file": certificates / "ca.crt",
        "tls-cert-file": certificates / "apiserver.crt",
        "tls-private-key-file": certificates / "apiserver.key",
        "service-account-key-file": certificates / "apiserver.crt",
        "service-account-signing-key-file": certificates / "apiserver.key",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-cluster-ip-range": "10.96.0.0/16",
        "authorization-mode": "Node,RBAC",
        "endpoint-reconciler-type": "none",
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    return [str(programs / "kube-apiserver"), *words]


def until_ready(server: Server, processes: list[subprocess.Popen[bytes]], folder: Path) -> None:
    while all(process.poll() is None for process in processes):
        with contextlib.suppress(OSError), contextlib.closing(server.connect()) as connection:
            if connection.send("GET", "/readyz", checked=False)[0] == 200:
                return
        time.sleep(0.2)
    logs = [path.read_text()[-1000:] for path in folder.glob("*.log")]
    raise SystemExit("the real API server does not start:\n" + "\n".join(logs))

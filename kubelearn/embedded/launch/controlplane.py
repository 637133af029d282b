"""The control plane: the API server over the store, and the components beside it.

Stands for the static pods that `kubeadm init` writes, and for the add-ons. Each component is a
client of the API server with a certificate of its own; none of them holds another one.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from kubelearn.embedded import dns, localpath
from kubelearn.embedded.addresses import free_port
from kubelearn.embedded.apiserver import ApiServer
from kubelearn.embedded.apiserver.audit import Audit, AuditLog, Policy
from kubelearn.embedded.audittrail import POLICY
from kubelearn.embedded.controllers.certificates.authority import Authority
from kubelearn.embedded.controllers.manager import ControllerManager
from kubelearn.embedded.launch import identities, tls
from kubelearn.embedded.launch.addons import install_metrics_server
from kubelearn.embedded.launch.clusterconfiguration import ClusterConfiguration
from kubelearn.embedded.launch.component import Component, Loop, Switch
from kubelearn.embedded.launch.loops import Loops
from kubelearn.embedded.metricsserver import MetricsServer
from kubelearn.embedded.proxy import DataPath, Proxy
from kubelearn.embedded.scheduler import Scheduler
from kubelearn.embedded.store import Store

_METRICS_PORT = 4443
_DNS_PORT = 10053


class ControlPlane:
    """The components of a cluster's first node; `loops` are told of those that run."""

    def __init__(
        self,
        cluster: ClusterConfiguration,
        *,
        store: Store,
        audit_log: AuditLog,
        datapath: DataPath,
        loops: Loops,
    ) -> None:
        self._cluster = cluster
        self._audit_log = audit_log
        self._datapath = datapath
        self._loops = loops
        self.components = {each.name: each for each in self._made(store)}
        """In the order in which they are to start."""

    def _made(self, store: Store) -> Iterator[Component]:
        apiserver, node = self._apiserver(store), self._cluster.node_names[0]
        on, off = _etcd(apiserver, on=True), _etcd(apiserver, on=False)
        yield Switch("etcd", on=on, off=off, node=node)
        yield Switch("kube-apiserver", on=apiserver.start, off=apiserver.stop, node=node)
        loops = {
            "kube-controller-manager": self._controllers,
            "kube-scheduler": self._scheduler,
            "kube-proxy": self._proxy,
            "local-path-provisioner": self._local_path,
            "metrics-server": self._metrics_server,
            "coredns": self._dns,
        }
        if self._cluster.settings.hollow:  # nothing is used there
            del loops["metrics-server"]
        for name, run in loops.items():
            yield Loop(name, run, clock=self._cluster.clock, node=node)

    def _apiserver(self, store: Store) -> ApiServer:
        pki = self._cluster.folder.pki
        return ApiServer(
            store,
            host=identities.HOST,
            port=self._cluster.settings.port,
            tls=tls.server(pki, identities.APISERVER, certificate_required=False),
            kubelet_tls=tls.client(pki, identities.APISERVER_KUBELET_CLIENT),
            proxy_certificate=(
                pki / f"{identities.FRONT_PROXY_CLIENT}.crt",
                pki / f"{identities.FRONT_PROXY_CLIENT}.key",
            ),
            service_account_key=(pki / "sa.key").read_bytes(),
            service_cidr=self._cluster.block.service_cidr,
            clock=self._cluster.clock,
            random=self._cluster.random,
            audit=Audit(
                Policy.read(POLICY),
                self._audit_log.write,
                clock=self._cluster.clock,
                random=self._cluster.random,
            ),
            components={
                name: partial(self._is_running, f"kube-{name}")
                for name in ("scheduler", "controller-manager")
            },
        )

    def _is_running(self, name: str) -> bool:
        return self.components[name].running

    async def _controllers(self) -> None:
        certificate, key = (
            (self._cluster.folder.pki / f"ca.{end}").read_bytes() for end in ("crt", "key")
        )
        agent = "kube-controller-manager"
        async with (
            self._cluster.client(identities.CONTROLLER_MANAGER, agent) as client,
            self._cluster.client(identities.FRONT_PROXY_CLIENT, agent) as proxy,
        ):
            self._loops.manager = ControllerManager(
                client,
                clock=self._cluster.clock,
                random=self._cluster.random,
                root_ca=certificate.decode(),
                authority=Authority(certificate, key),
                client_of=lambda account: proxy.on_behalf_of(*identities.service_account(account)),
            )
            try:
                await self._loops.manager.run()
            finally:
                self._loops.manager = None

    async def _scheduler(self) -> None:
        async with self._cluster.client(identities.SCHEDULER, "kube-scheduler") as client:
            self._loops.scheduler = Scheduler(
                client,
                clock=self._cluster.clock,
                random=self._cluster.random,
                decisions=self._loops.decisions,
            )
            try:
                await self._loops.scheduler.run()
            finally:
                self._loops.scheduler = None

    async def _proxy(self) -> None:
        async with self._cluster.client(identities.PROXY, "kube-proxy") as client:
            await Proxy(
                client,
                datapath=self._datapath,
                clock=self._cluster.clock,
                node_addresses={identities.HOST: "", **self._cluster.names_by_address()},
            ).run()

    async def _local_path(self) -> None:
        async with self._cluster.client(identities.ADMIN, "kubelearn") as administrator:
            await localpath.install(administrator)
        async with self._cluster.client(identities.LOCAL_PATH, "local-path-provisioner") as client:
            await localpath.provision(
                client, clock=self._cluster.clock, random=self._cluster.random
            )

    async def _metrics_server(self) -> None:
        host = self._cluster.block.node_ip(1)
        port = free_port([host], _METRICS_PORT)
        pki = self._cluster.folder.pki
        authority = base64.b64encode((pki / "ca.crt").read_bytes()).decode()
        async with self._cluster.client(identities.ADMIN, "kubelearn") as client:
            await install_metrics_server(client, host=host, port=port, authority=authority)
        name = identities.METRICS_SERVER
        async with self._cluster.client(identities.METRICS_SERVER_CLIENT, name) as client:
            await MetricsServer(
                client,
                clock=self._cluster.clock,
                host=host,
                port=port,
                serving=self._cluster.serving(name),
                scraping=tls.client(pki, identities.METRICS_SERVER_CLIENT),
            ).run()

    async def _dns(self) -> None:
        host = self._cluster.block.node_ip(1)
        port = free_port([host], _DNS_PORT)
        async with self._cluster.client(identities.ADMIN, "kubelearn") as administrator:
            await dns.install(
                administrator, ip=self._cluster.block.dns_service_ip, server=(host, port)
            )
        async with self._cluster.client(identities.DNS, "coredns") as client:
            await dns.DnsServer(
                client, host=host, port=port, clock=self._cluster.clock, random=self._cluster.random
            ).run()


def _etcd(apiserver: ApiServer, *, on: bool) -> Callable[[], Awaitable[None]]:
    # The store lives in the API server's process; to take "etcd" away is to make it not answer.
    async def switch() -> None:
        apiserver.storage_available = on

    return switch

"""kube-apiserver: the one door to the store, over HTTP and TLS.

Stands for k8s.io/apiserver `pkg/server` and k8s.io/kubernetes `pkg/controlplane`. A request passes
the handler chain (`handlerchain`), is routed (`routing`) and, if it writes, passes admission and
validation on its way to the store (`registry`).
"""

from __future__ import annotations

import asyncio
import ipaddress
import random as randomness
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aiohttp import web

from kubelearn.embedded.apiserver import builtin
from kubelearn.embedded.apiserver.access import Access
from kubelearn.embedded.apiserver.admission.plugins import standard_admission
from kubelearn.embedded.apiserver.aggregator import Aggregator
from kubelearn.embedded.apiserver.apiextensions.controller import Definitions
from kubelearn.embedded.apiserver.audit import Audit
from kubelearn.embedded.apiserver.authentication import TokenAuthenticator
from kubelearn.embedded.apiserver.authorization import Authorizer
from kubelearn.embedded.apiserver.bootstrap import bootstrap
from kubelearn.embedded.apiserver.catalog import Catalog
from kubelearn.embedded.apiserver.componentstatuses import ComponentStatuses
from kubelearn.embedded.apiserver.eventttl import EventTTL
from kubelearn.embedded.apiserver.flowcontrol.bootstrap import bootstrap_flow_control
from kubelearn.embedded.apiserver.flowcontrol.controller import FlowControl
from kubelearn.embedded.apiserver.handlerchain import HandlerChain
from kubelearn.embedded.apiserver.health import Health
from kubelearn.embedded.apiserver.ipaddresses import IPAddresses
from kubelearn.embedded.apiserver.kubelets import Kubelets
from kubelearn.embedded.apiserver.kubernetesservice import KubernetesService, service_ip
from kubelearn.embedded.apiserver.metrics import Metrics
from kubelearn.embedded.apiserver.noise import http_log
from kubelearn.embedded.apiserver.paths import Paths
from kubelearn.embedded.apiserver.rbac.bootstrap import bootstrap_roles
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.routes import make_router
from kubelearn.embedded.apiserver.serviceaccounts.jwt import SigningKey
from kubelearn.embedded.apiserver.streams import Streams
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store import Store

# Selectors make long paths, and client certificates in headers long ones too.
_LINE_LIMIT = 64 * 2**10
_HEADERS = 256
_BACKLOG = 1024
_SHUTDOWN_SECONDS = 1.0


class ApiServer:
    """The API server over one store. `start` it, later `stop` it; then it can start again."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        random: randomness.Random,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        service_cidr: str = "127.64.128.0/17",
        tokens: Sequence[TokenAuthenticator] = (),
        kubelet_tls: ssl.SSLContext | None = None,
        service_account_key: bytes | None = None,
        authorizers: Sequence[Authorizer] = (),
        proxy_certificate: tuple[Path, Path] | None = None,
        audit: Audit | None = None,
        components: Mapping[str, Callable[[], bool]] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.storage_available = True
        """Whether "etcd" answers; switched off by lessons that take it away."""
        self._tls = tls
        self._clock = clock
        signing_key = SigningKey(service_account_key)
        access = Access(
            store, signing_key=signing_key, tokens=tokens, authorizers=authorizers, clock=clock
        )
        self.kinds = builtin.built_in()
        self.registries = Registries(
            self.kinds,
            store=store,
            clock=clock,
            random=random,
            service_cidr=ipaddress.IPv4Network(service_cidr),
            admission=standard_admission(
                store, self.kinds, policy=access.policy, authorizer=access.authorizer, random=random
            ),
        )
        self._aggregator = Aggregator(
            self.registries, clock=clock, random=random, certificate=proxy_certificate
        )
        self._loops: list[asyncio.Task[None]] = []
        self._flows = FlowControl(self.registries)
        metrics = Metrics(clock=clock, objects=self.registries.count, seats=self._flows.seats)
        self._kubelets = Kubelets(self.registries, tls=kubelet_tls)
        self._streams = Streams()
        self._definitions = Definitions(self.registries, self._streams)
        self._router = make_router(
            self.registries,
            access=access,
            components=ComponentStatuses({**(components or {}), "etcd-0": self._etcd}),
            kubelets=self._kubelets,
            signing_key=signing_key,
            streams=self._streams,
        )
        paths = Paths(
            self.kinds,
            catalog=Catalog(self.kinds, clock=clock, address=self._address),
            health=Health(etcd=self._etcd),
            metrics=metrics,
            signing_key=signing_key,
            address=service_ip(self.registries),
        )
        self._chain = HandlerChain(
            resources=self._serve_resource,
            paths=paths.serve,
            access=access,
            audit=audit,
            flows=self._flows,
            metrics=metrics,
            etcd=self._etcd,
            clock=clock,
        )
        self._runner: web.ServerRunner | None = None

    def _address(self) -> str:
        return f"{self.host}:{self.port}"

    def _etcd(self) -> bool:
        return self.storage_available

    async def _serve_resource(self, request: Request) -> web.StreamResponse:
        """Answer a request for a resource, or let the API behind this one do it."""
        backend = self._aggregator.backend(request.info.group, request.info.version)
        return await (backend.forward(request) if backend else self._router.serve(request))

    # --- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, then make what every cluster has; `port` is the real one afterwards."""
        self._runner = web.ServerRunner(
            self._server(), handle_signals=False, shutdown_timeout=_SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        listener = socket.create_server((self.host, self.port), backlog=_BACKLOG)
        self.port = listener.getsockname()[1]
        # Whoever connects before this is done waits for it.
        own_service = KubernetesService(self.registries, address=self.host, port=self.port)
        await self._make_ready(own_service)
        await web.SockSite(self._runner, listener, ssl_context=self._tls).start()
        self._start_loops(own_service)

    def _server(self) -> web.Server:
        return web.Server(
            self._chain.handle,
            access_log=None,
            # As in Go, a body is what was sent, whatever its Content-Encoding says.
            auto_decompress=False,
            logger=http_log,
            keepalive_timeout=300,
            max_line_size=_LINE_LIMIT,
            max_field_size=_LINE_LIMIT,
            max_headers=_HEADERS,
        )

    async def _make_ready(self, own_service: KubernetesService) -> None:
        """Make the objects of every cluster, and take up what is stored."""
        await bootstrap(self.registries, client_ca=_authorities(self._tls))
        await own_service.ensure()
        await bootstrap_roles(self.registries)
        await bootstrap_flow_control(self.registries)
        self._flows.load()
        self._streams.open(since=self.registries.store.revision)
        await self._definitions.start()

    def _start_loops(self, own_service: KubernetesService) -> None:
        loops = {
            "aggregator": self._aggregator.run(),
            "flow-control": self._flows.run(),
            "event-ttl": EventTTL(self.registries.resource("events"), clock=self._clock).run(),
            "ipaddresses": IPAddresses(self.registries).run(),
            "kubernetes-service": own_service.run(),
        }
        self._loops = [asyncio.create_task(loop, name=name) for name, loop in loops.items()]

    async def stop(self) -> None:
        """End all streams, let short requests finish, close."""
        self._streams.close()
        for task in self._loops:
            task.cancel()
        if self._loops:
            await asyncio.wait(self._loops)
        self._loops = []
        await self._aggregator.close()
        await self._definitions.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._kubelets.close()


def _authorities(tls: ssl.SSLContext | None) -> str:
    """Those who sign clients' certificates, in PEM."""
    found = tls.get_ca_certs(binary_form=True) if tls else []
    return "".join(map(ssl.DER_cert_to_PEM_cert, found))

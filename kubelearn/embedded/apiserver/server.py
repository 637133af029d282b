"""kube-apiserver: the one door to the store, over HTTP and TLS.

Stands for k8s.io/apiserver `pkg/server` and k8s.io/kubernetes `pkg/controlplane`. A request passes
the handler chain (`handlerchain`), is routed (`routing`) and, if it writes, passes admission and
validation on its way to the store (`registry`).
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import random as randomness
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aiohttp import web

from kubelearn.embedded.apiserver import builtin
from kubelearn.embedded.apiserver.admission.plugins import standard_admission
from kubelearn.embedded.apiserver.aggregator import Aggregator
from kubelearn.embedded.apiserver.apiextensions.controller import Definitions
from kubelearn.embedded.apiserver.audit import Audit
from kubelearn.embedded.apiserver.authentication import (
    Authenticator,
    TokenAuthenticator,
)
from kubelearn.embedded.apiserver.authorization import (
    Authorizer,
    SystemAuthorizer,
    Union,
)
from kubelearn.embedded.apiserver.bootstrap import bootstrap
from kubelearn.embedded.apiserver.catalog import Catalog
from kubelearn.embedded.apiserver.componentstatuses import ComponentStatuses
from kubelearn.embedded.apiserver.decoding import Decoder
from kubelearn.embedded.apiserver.eventttl import EventTTL
from kubelearn.embedded.apiserver.flowcontrol.bootstrap import bootstrap_flow_control
from kubelearn.embedded.apiserver.flowcontrol.controller import FlowControl
from kubelearn.embedded.apiserver.handlerchain import HandlerChain
from kubelearn.embedded.apiserver.health import Health
from kubelearn.embedded.apiserver.ipaddresses import IPAddresses
from kubelearn.embedded.apiserver.kubelets import Kubelets
from kubelearn.embedded.apiserver.kubernetesservice import KubernetesService, service_ip
from kubelearn.embedded.apiserver.metrics import Metrics
from kubelearn.embedded.apiserver.nodes.authorizer import NodeAuthorizer
from kubelearn.embedded.apiserver.nodes.graph import NodeGraph
from kubelearn.embedded.apiserver.noise import http_log
from kubelearn.embedded.apiserver.paths import Paths
from kubelearn.embedded.apiserver.rbac.authorizer import RbacAuthorizer
from kubelearn.embedded.apiserver.rbac.bootstrap import bootstrap_roles
from kubelearn.embedded.apiserver.rbac.policy import Policy
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.resources import Resources
from kubelearn.embedded.apiserver.reviews import handler
from kubelearn.embedded.apiserver.reviews.access import AccessReviews
from kubelearn.embedded.apiserver.reviews.authentication import AuthenticationReviews
from kubelearn.embedded.apiserver.routing import Router
from kubelearn.embedded.apiserver.serviceaccounts.authenticator import ServiceAccountTokens
from kubelearn.embedded.apiserver.serviceaccounts.jwt import SigningKey
from kubelearn.embedded.apiserver.streams import Streams
from kubelearn.embedded.apiserver.subresources import Subresources
from kubelearn.embedded.apiserver.subresources.binding import Bindings
from kubelearn.embedded.apiserver.subresources.eviction import Evictions
from kubelearn.embedded.apiserver.subresources.logs import Logs
from kubelearn.embedded.apiserver.subresources.parts import Parts
from kubelearn.embedded.apiserver.subresources.proxy import Proxies
from kubelearn.embedded.apiserver.subresources.scale import Scales
from kubelearn.embedded.apiserver.subresources.token import TokenRequests
from kubelearn.embedded.apiserver.subresources.tunnels import Tunnels
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store import Store

log = logging.getLogger(__name__)

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
        self._signing_key = SigningKey(service_account_key)
        accounts = ServiceAccountTokens(self._signing_key, store=store, clock=clock)
        self._authenticator = Authenticator([*tokens, accounts])
        policy = Policy(store)
        self._authorizer = Union(
            [
                SystemAuthorizer(),
                NodeAuthorizer(policy, NodeGraph(store)),
                RbacAuthorizer(policy),
                *authorizers,
            ]
        )
        self._components = ComponentStatuses({**(components or {}), "etcd-0": self._etcd})
        self._who = AuthenticationReviews(accounts, tokens, clock=clock)
        self._may = AccessReviews(self._authorizer, policy)
        self.kinds = builtin.built_in()
        self.registries = Registries(
            self.kinds,
            store=store,
            clock=clock,
            random=random,
            service_cidr=ipaddress.IPv4Network(service_cidr),
            admission=standard_admission(
                store, self.kinds, policy=policy, authorizer=self._authorizer, random=random
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
        self._router = self._routes()
        paths = Paths(
            self.kinds,
            catalog=Catalog(self.kinds, clock=clock, address=self._address),
            health=Health(etcd=self._etcd),
            metrics=metrics,
            signing_key=self._signing_key,
            address=service_ip(self.registries),
        )
        self._chain = HandlerChain(
            resources=self._serve_resource,
            paths=paths.serve,
            authenticator=self._authenticator,
            authorizer=self._authorizer,
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

    def _routes(self) -> Router:
        resources = Resources(decoder=Decoder(self.kinds), streams=self._streams)
        parts, bindings = Parts(resources), Bindings(resources)
        tunnels = Tunnels(self._kubelets, self._streams, self._authorizer)
        token_requests = TokenRequests(resources, self.registries, self._signing_key)
        proxies = Proxies(self.registries, self._kubelets, self._streams)
        subresources = Subresources(
            {
                "status": parts.status,
                "scale": Scales(resources).serve,
                "certificatesigningrequests/approval": parts.approval,
                "namespaces/finalize": parts.finalize,
                "nodes/proxy": proxies.node,
                "pods/attach": tunnels.attach,
                "pods/binding": bindings.serve,
                "pods/ephemeralcontainers": parts.ephemeral_containers,
                "pods/eviction": Evictions(resources, self.registries).serve,
                "pods/exec": tunnels.exec,
                "pods/log": Logs(self._kubelets, self._streams).serve,
                "pods/portforward": tunnels.port_forward,
                "pods/proxy": proxies.pod,
                "pods/resize": parts.resize,
                "serviceaccounts/token": token_requests.serve,
                "services/proxy": proxies.service,
            }
        )
        reviews = {
            "localsubjectaccessreviews": self._may.local,
            "selfsubjectaccessreviews": self._may.own,
            "selfsubjectreviews": self._who.subject,
            "selfsubjectrulesreviews": self._may.rules,
            "subjectaccessreviews": self._may.other,
            "tokenreviews": self._who.token,
        }
        handlers = {plural: handler(resources, review) for plural, review in reviews.items()}
        handlers["componentstatuses"] = self._components.serve
        return Router(self.registries, resources, subresources, unstored=handlers)

    # --- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, then make what every cluster has; `port` is the real one afterwards."""
        server = web.Server(
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
        self._runner = web.ServerRunner(
            server, handle_signals=False, shutdown_timeout=_SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        listener = socket.create_server((self.host, self.port), backlog=_BACKLOG)
        self.port = listener.getsockname()[1]
        # Whoever connects before this is done waits for it.
        await bootstrap(self.registries, client_ca=_authorities(self._tls))
        own_service = KubernetesService(self.registries, address=self.host, port=self.port)
        await own_service.ensure()
        await bootstrap_roles(self.registries)
        await bootstrap_flow_control(self.registries)
        self._flows.load()
        self._streams.open(since=self.registries.store.revision)
        await self._definitions.start()
        await web.SockSite(self._runner, listener, ssl_context=self._tls).start()
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

"""kube-apiserver: the one door to the store, over HTTP and TLS.

Stands for k8s.io/apiserver `pkg/server` (`config.go`, `handler.go`). A request passes, in order,
authentication, impersonation, authorization, routing and, if it writes, admission, validation and
the store. Who comes when too many are there already waits, or is sent away.
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

from kubelearn.embedded.apiserver import builtin, response
from kubelearn.embedded.apiserver.admission import Admission, limitranger
from kubelearn.embedded.apiserver.admission.certificates import (
    CertificateAuthorization,
    note_circumstances,
    restrict_subject,
)
from kubelearn.embedded.apiserver.admission.ingressclass import default_ingress_class
from kubelearn.embedded.apiserver.admission.namespacelifecycle import namespace_lifecycle
from kubelearn.embedded.apiserver.admission.nodetaint import node_taint
from kubelearn.embedded.apiserver.admission.podresize import check_pod_resize
from kubelearn.embedded.apiserver.admission.podsecurity import pod_security
from kubelearn.embedded.apiserver.admission.podtopologylabels import pod_topology_labels
from kubelearn.embedded.apiserver.admission.priority import priority
from kubelearn.embedded.apiserver.admission.resourcequota import resource_quota
from kubelearn.embedded.apiserver.admission.runtimeclass import (
    check_runtime_class,
    set_runtime_class,
)
from kubelearn.embedded.apiserver.admission.serviceaccount import service_account
from kubelearn.embedded.apiserver.admission.storageclass import (
    claim_resize,
    default_storage_class,
)
from kubelearn.embedded.apiserver.admission.storageprotection import storage_protection
from kubelearn.embedded.apiserver.admission.tolerations import default_toleration_seconds
from kubelearn.embedded.apiserver.aggregator import Aggregator
from kubelearn.embedded.apiserver.apiextensions.controller import Definitions
from kubelearn.embedded.apiserver.audit import CLIENT_CLOSED, Audit
from kubelearn.embedded.apiserver.authentication import (
    Authenticator,
    Certificate,
    TokenAuthenticator,
)
from kubelearn.embedded.apiserver.authorization import (
    Authorizer,
    SystemAuthorizer,
    Union,
    attributes_of,
    refusal,
)
from kubelearn.embedded.apiserver.bootstrap import bootstrap
from kubelearn.embedded.apiserver.catalog import NOT_FOUND, Catalog
from kubelearn.embedded.apiserver.componentstatuses import ComponentStatuses
from kubelearn.embedded.apiserver.decoding import Decoder
from kubelearn.embedded.apiserver.eventttl import EventTTL
from kubelearn.embedded.apiserver.flowcontrol.bootstrap import bootstrap_flow_control
from kubelearn.embedded.apiserver.flowcontrol.controller import FlowControl, mark, takes_long
from kubelearn.embedded.apiserver.flowcontrol.levels import Rejected
from kubelearn.embedded.apiserver.health import VERSION, Health
from kubelearn.embedded.apiserver.impersonation import impersonated
from kubelearn.embedded.apiserver.ipaddresses import IPAddresses
from kubelearn.embedded.apiserver.kubelets import Kubelets
from kubelearn.embedded.apiserver.kubernetesservice import KubernetesService
from kubelearn.embedded.apiserver.metrics import Metrics
from kubelearn.embedded.apiserver.nodes.authorizer import NodeAuthorizer
from kubelearn.embedded.apiserver.nodes.graph import NodeGraph
from kubelearn.embedded.apiserver.nodes.restriction import node_deletion, node_restriction
from kubelearn.embedded.apiserver.noise import http_log
from kubelearn.embedded.apiserver.policies import MutatingPolicies, ValidatingPolicies
from kubelearn.embedded.apiserver.rbac.authorizer import RbacAuthorizer
from kubelearn.embedded.apiserver.rbac.bootstrap import bootstrap_roles
from kubelearn.embedded.apiserver.rbac.escalation import NoEscalation
from kubelearn.embedded.apiserver.rbac.policy import Policy
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.request import Request, read_request
from kubelearn.embedded.apiserver.resources import Resources
from kubelearn.embedded.apiserver.reviews import handler
from kubelearn.embedded.apiserver.reviews.access import AccessReviews
from kubelearn.embedded.apiserver.reviews.authentication import AuthenticationReviews
from kubelearn.embedded.apiserver.routing import Router
from kubelearn.embedded.apiserver.serviceaccounts import openid
from kubelearn.embedded.apiserver.serviceaccounts.authenticator import ServiceAccountTokens
from kubelearn.embedded.apiserver.serviceaccounts.jwt import SigningKey
from kubelearn.embedded.apiserver.status import StatusError, internal, unknown
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
from kubelearn.embedded.apiserver.webhooks import Webhooks
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store import Store, StoreFailed

log = logging.getLogger(__name__)

# Selectors make long paths, and client certificates in headers long ones too.
_LINE_LIMIT = 64 * 2**10
_HEADERS = 256
_BACKLOG = 1024
# Seconds, for clients that come when all seats are taken.
_RETRY_AFTER = "1"
_SHUTDOWN_SECONDS = 1.0
_AUTHORIZATION = "authorization.k8s.io"
_DECISIONS = {True: "allow", False: "forbid"}


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
        self._audit = audit
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
        etcd = {"etcd-0": lambda: self.storage_available}
        self._components = ComponentStatuses({**(components or {}), **etcd})
        self._who = AuthenticationReviews(accounts, tokens, clock=clock)
        self._may = AccessReviews(self._authorizer, policy)
        self.kinds = builtin.built_in()
        self.registries = Registries(
            self.kinds,
            store=store,
            clock=clock,
            random=random,
            service_cidr=ipaddress.IPv4Network(service_cidr),
            admission=Admission(
                Webhooks(store, random=random),
                mutating_policies=MutatingPolicies(store, find=self.kinds.for_object),
                validating_policies=ValidatingPolicies(store, find=self.kinds.for_object),
                mutating=[
                    namespace_lifecycle,
                    note_circumstances,
                    limitranger.set_defaults,
                    service_account,
                    node_restriction,
                    node_taint,
                    priority,
                    default_toleration_seconds,
                    default_storage_class,
                    storage_protection,
                    set_runtime_class,
                    default_ingress_class,
                    pod_topology_labels,
                    NoEscalation(policy, self._authorizer),
                ],
                validating=[
                    limitranger.check_limits,
                    pod_security,
                    check_runtime_class,
                    CertificateAuthorization(self._authorizer),
                    restrict_subject,
                    claim_resize,
                    check_pod_resize,
                ],
                final=[resource_quota],
                deleting=[node_deletion],
            ),
        )
        self._aggregator = Aggregator(
            self.registries, clock=clock, random=random, certificate=proxy_certificate
        )
        self._loops: list[asyncio.Task[None]] = []
        self._flows = FlowControl(self.registries)
        self._metrics = Metrics(clock=clock, objects=self.registries.count, seats=self._flows.seats)
        self._kubelets = Kubelets(self.registries, tls=kubelet_tls)
        self._streams = Streams()
        self._definitions = Definitions(self.registries, self._streams)
        self._router = self._routes()
        self._catalog = Catalog(self.kinds, clock=clock, address=lambda: f"{self.host}:{self.port}")
        self._health = Health(etcd=lambda: self.storage_available)
        self._runner: web.ServerRunner | None = None

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
            self._handle,
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

    # --- requests --------------------------------------------------------------------------

    async def _handle(self, http: web.BaseRequest) -> web.StreamResponse:
        request = read_request(http, now=self._clock.now())
        try:
            answer = await self._serve(request)
        except StatusError as error:
            answer = self._failure(request, error)
        except StoreFailed as error:
            log.error("%s %s: %s", http.method, request.info.path, error)
            answer = self._failure(request, unknown(f"etcdserver: {error.message}"))
        except (ConnectionError, TimeoutError):
            # The client has gone, or takes nothing any more: nobody will see this.
            answer = response.text("", status=CLIENT_CLOSED)
        except Exception as error:
            log.exception("%s %s failed", http.method, request.info.path)
            problem = f"{type(error).__name__} in the API server; its log says more"
            answer = self._failure(request, internal(problem))
        if not http.content.is_eof():
            # Else the client would send its next request after a body that nobody reads.
            answer.force_close()
        if not answer.prepared:
            mark(answer, request.flow)
        if self._audit and request.audit:
            self._audit.finish(request.audit, request, answer)
        return answer

    def _failure(self, request: Request, error: StatusError) -> web.Response:
        request.status, request.answered = error.status(), b""
        return response.warned(request, response.failure(error))

    async def _serve(self, request: Request) -> web.StreamResponse:
        self._authenticate(request)
        flow = request.flow = self._flows.flow_of(request)
        if flow is None or takes_long(request):
            return await self._serve_authorized(request)
        try:
            await flow.level.enter()
        except Rejected:
            text = "Too many requests, please try again later.\n"
            answer = response.text(text, status=429)
            answer.headers["Retry-After"] = _RETRY_AFTER
            return answer
        try:
            return await self._serve_authorized(request)
        finally:
            flow.level.leave()

    async def _serve_authorized(self, request: Request) -> web.StreamResponse:
        info = request.info
        attributes = attributes_of(request.user, info)
        decision = self._authorizer.authorize(attributes)
        request.annotations[f"{_AUTHORIZATION}/decision"] = _DECISIONS[decision.allowed]
        request.annotations[f"{_AUTHORIZATION}/reason"] = decision.reason
        if not decision.allowed:
            raise refusal(attributes, decision)
        if not info.is_resource_request:
            return self._serve_path(request)
        end = self._metrics.begin(request)
        code = CLIENT_CLOSED
        try:
            if not self.storage_available:
                raise unknown("etcdserver: request timed out")
            backend = self._aggregator.backend(info.group, info.version)
            answer = await (backend.forward(request) if backend else self._router.serve(request))
            code = answer.status
        except StatusError as error:
            code = error.code
            raise
        finally:
            end(code)
        return answer

    def _authenticate(self, request: Request) -> None:
        """Find out who sends a request, and whom they act as; raises 401 and 403."""
        http = request.http
        try:
            user = self._authenticator.authenticate(http.headers, _certificate(http.transport))
        except StatusError:
            if self._audit:
                request.audit = self._audit.begin(request, None)
            raise
        if self._audit:
            request.audit = self._audit.begin(request, user)
        request.user = impersonated(user, http.headers, self._authorizer)
        if request.audit:
            request.audit.acts_as(request.user)

    def _serve_path(self, request: Request) -> web.StreamResponse:
        """Answer a request that is not for a resource."""
        first = request.info.path.strip("/").partition("/")[0]
        match first:
            case "healthz" | "livez" | "readyz":
                return self._health.serve(request)
            case "metrics":
                return self._metrics.serve()
            case "version":
                return response.document(request, VERSION)
            case "api" | "apis" | "openapi":
                return self._catalog.serve(request)
            case "":
                return response.document(request, {"paths": self._paths()})
        address = f"{self.host}:{self.port}"
        if found := openid.serve(request, self._signing_key, address=address):
            return found
        return response.text(NOT_FOUND, status=404)

    def _paths(self) -> list[str]:
        found = [
            "/api",
            "/api/v1",
            "/apis",
            "/healthz",
            "/livez",
            "/metrics",
            "/openapi/v2",
            "/openapi/v3",
            "/readyz",
        ]
        for group, versions in self.kinds.groups().items():
            if group:
                found += [f"/apis/{group}", *(f"/apis/{group}/{each}" for each in versions)]
        return sorted([*found, "/version"])


def _certificate(transport: asyncio.Transport | None) -> Certificate | None:
    """What a client shows, if it shows a certificate."""
    content = transport.get_extra_info("peercert") if transport else None
    if not (transport and content):
        return None
    return Certificate(content, transport.get_extra_info("ssl_object").getpeercert(True))


def _authorities(tls: ssl.SSLContext | None) -> str:
    """Those who sign clients' certificates, in PEM."""
    found = tls.get_ca_certs(binary_form=True) if tls else []
    return "".join(map(ssl.DER_cert_to_PEM_cert, found))

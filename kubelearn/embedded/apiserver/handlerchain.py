"""What every request passes, whatever it is for.

Stands for `DefaultBuildHandlerChain` in k8s.io/apiserver `pkg/server/config.go`: authentication,
audit, impersonation, priority and fairness, authorization, metrics; and whatever goes wrong becomes
a `Status`. Who comes when too many are there already waits, or is sent away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from kubelearn.embedded.apiserver import response
from kubelearn.embedded.apiserver.access import Access
from kubelearn.embedded.apiserver.audit import CLIENT_CLOSED, Audit
from kubelearn.embedded.apiserver.authentication import Certificate, User
from kubelearn.embedded.apiserver.authorization import attributes_of, refusal
from kubelearn.embedded.apiserver.flowcontrol.controller import FlowControl, mark, takes_long
from kubelearn.embedded.apiserver.flowcontrol.levels import Rejected
from kubelearn.embedded.apiserver.impersonation import impersonated
from kubelearn.embedded.apiserver.metrics import Metrics
from kubelearn.embedded.apiserver.request import Request, read_request
from kubelearn.embedded.apiserver.status import StatusError, internal, unknown
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store import StoreFailed

log = logging.getLogger(__name__)

# Seconds, for clients that come when all seats are taken.
_RETRY_AFTER = "1"
_AUTHORIZATION = "authorization.k8s.io"
_DECISIONS = {True: "allow", False: "forbid"}


class HandlerChain:
    """Lets requests through to `resources` and `paths`, or answers why not."""

    def __init__(
        self,
        *,
        resources: Callable[[Request], Awaitable[web.StreamResponse]],
        paths: Callable[[Request], web.StreamResponse],
        access: Access,
        audit: Audit | None,
        flows: FlowControl,
        metrics: Metrics,
        etcd: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self._resources = resources
        self._paths = paths
        self._authenticator = access.authenticator
        self._authorizer = access.authorizer
        self._audit = audit
        self._flows = flows
        self._metrics = metrics
        self._etcd = etcd
        self._clock = clock

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
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
            return self._paths(request)
        end = self._metrics.begin(request)
        code = CLIENT_CLOSED
        try:
            if not self._etcd():
                raise unknown("etcdserver: request timed out")
            answer = await self._resources(request)
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
        user: User | None = None
        try:
            user = self._authenticator.authenticate(http.headers, _certificate(http.transport))
        finally:
            # Also of somebody whom nobody knows.
            if self._audit:
                request.audit = self._audit.begin(request, user)
        request.user = impersonated(user, http.headers, self._authorizer)
        if request.audit:
            request.audit.acts_as(request.user)


def _certificate(transport: asyncio.Transport | None) -> Certificate | None:
    """What a client shows, if it shows a certificate."""
    content = transport.get_extra_info("peercert") if transport else None
    if not (transport and content):
        return None
    return Certificate(content, transport.get_extra_info("ssl_object").getpeercert(True))

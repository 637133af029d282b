"""The audit trail: who did what to which object, in which revision, and when.

Stands for k8s.io/apiserver `pkg/audit` and `pkg/endpoints/filters/audit.go`: `policy` says of which
requests an event is made and how much it holds, `event` is one in the making, and `log` writes it
to a file. Left out: the stages RequestReceived, ResponseStarted (but for requests with wrong
credentials, which have no other) and Panic, webhooks, and the annotations about latency.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from functools import partial

from aiohttp import web

from kubelearn.embedded.apiserver.audit.event import AuditEvent
from kubelearn.embedded.apiserver.audit.log import AuditLog
from kubelearn.embedded.apiserver.audit.policy import Level, Policy
from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.clock import Clock

__all__ = ["Audit", "AuditEvent", "AuditLog", "Policy"]

AUDIT_ID = "Audit-Id"
CLIENT_CLOSED = 499
"""nginx's number for a request whose client has gone; nobody gets it as an answer."""


class Audit:
    """Makes the events that a policy asks for; `write` gets what makes each into a line of JSON."""

    def __init__(
        self,
        policy: Policy,
        write: Callable[[Callable[[], bytes]], None],
        *,
        clock: Clock,
        random: random.Random,
    ) -> None:
        self._policy = policy
        self._write = write
        self._clock = clock
        self._random = random

    def begin(self, request: Request, user: User | None) -> AuditEvent | None:
        """An event for this request, if the policy asks for one."""
        level = self._policy.level(user, request.info)
        if level is Level.NONE:
            return None
        wanted = request.http.headers.get(AUDIT_ID)
        return AuditEvent(
            level,
            audit_id=wanted or str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            user=user,
            received=request.received,
        )

    def finish(self, event: AuditEvent, request: Request, answer: web.StreamResponse) -> None:
        """Write the event of a request that is finished, but for sending a short answer.

        Nothing may change the request any more.
        """
        if not answer.prepared:
            answer.headers[AUDIT_ID] = event.audit_id
        line = partial(
            event.line,
            request.info,
            uri=request.http.raw_path,
            agent=request.user_agent,
            source=request.http.remote or "",
            # A stream that its client left had begun well.
            code=200 if answer.status == CLIENT_CLOSED else answer.status,
            status=request.status,
            answered=request.answered,
            completed=self._clock.now(),
            annotations=request.annotations,
        )
        self._write(line)

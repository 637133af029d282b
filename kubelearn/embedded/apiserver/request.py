"""One request on its way through the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.negotiation import Output, negotiate
from kubelearn.embedded.apiserver.noise import BROKEN_REQUESTS
from kubelearn.embedded.apiserver.requestinfo import RequestInfo, request_info
from kubelearn.embedded.apiserver.status import bad_request, too_large
from kubelearn.objects import Object

if TYPE_CHECKING:
    from kubelearn.embedded.apiserver.audit import AuditEvent
    from kubelearn.embedded.apiserver.flowcontrol.levels import Flow

# Upstream's `MaxRequestBodyBytes`.
MAX_BODY = 3 * 2**20
NO_KIND = Kind("", "", "", "")


@dataclass(slots=True)
class Request:
    """What the server knows of a request; `user` is set once it is authenticated."""

    http: web.BaseRequest
    info: RequestInfo
    query: dict[str, str]
    received: datetime
    user: User = field(default_factory=lambda: User(""))
    warnings: list[str] = field(default_factory=list)
    # The kind that the path names; it may be stored as another version of itself.
    kind: Kind = field(default_factory=lambda: NO_KIND)
    # What it belongs to, and may have to wait for.
    flow: Flow | None = None
    # For the audit trail: its event of this request, if it wants one; the object in the answer, or
    # the `Status`; and what was thought of the request on its way.
    audit: AuditEvent | None = None
    answered: bytes = b""
    status: Object = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.http.method

    @property
    def output(self) -> Output:
        """The form that the answer should have; raises 406."""
        accept = self.http.headers.get("Accept", "")
        return negotiate(accept, streams=self.info.verb in ("list", "watch"))

    @property
    def content_type(self) -> str:
        """What the body says it is; empty when it says nothing."""
        return self.http.headers.get("Content-Type", "")

    @property
    def user_agent(self) -> str:
        """What the client calls itself."""
        return self.http.headers.get("User-Agent", "")

    @property
    def pretty(self) -> bool:
        """Whether people will read the answer: they say so, or use a tool for people."""
        asked = self.query.get("pretty")
        if asked is not None:
            return asked.lower() in ("1", "t", "true")
        return self.user_agent.startswith(("curl", "Wget", "Mozilla/5.0"))

    async def body(self) -> bytes:
        """The whole body; raises 413 when it is over the limit."""
        declared = self.http.content_length
        if declared is not None and declared > MAX_BODY:
            raise too_large(f"limit is {MAX_BODY}")
        chunks, size = [], 0
        try:
            while chunk := await self.http.content.readany():
                chunks.append(chunk)
                size += len(chunk)
                if size > MAX_BODY:
                    raise too_large(f"limit is {MAX_BODY}")
        except (aiohttp.ClientPayloadError, *BROKEN_REQUESTS) as error:
            # The library's own words span several lines.
            problem = " ".join(str(error).split())
            raise bad_request(f"the request body could not be read: {problem}") from None
        return b"".join(chunks)


def read_request(http: web.BaseRequest, *, now: datetime) -> Request:
    """Parse method, path and query; of a repeated parameter the first counts, as in Go."""
    url = http.rel_url
    raw = url.raw_query_string
    query: dict[str, str] = {}
    if raw:
        for name, value in parse_qsl(raw, keep_blank_values=True, errors="replace"):
            query.setdefault(name, value)
    return Request(http, request_info(http.method, url.path, query), query, now)

"""HTTP connections that go on as something else: `Connection: Upgrade`, answered by 101.

Stands for the hijacking of connections in Go's `net/http`, as k8s.io/apimachinery
`pkg/util/httpstream` uses it. aiohttp knows WebSockets only; for any other protocol the connection
is taken from it, by giving its transport another asyncio protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

SPDY = "SPDY/3.1"
PROTOCOL_VERSION = "X-Stream-Protocol-Version"
"""The header in which the two ends agree on what their streams mean."""


@dataclass(frozen=True)
class Connection:
    """The bytes of a connection that is no longer HTTP."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def close(self) -> None:
        """Close, when what is left to send is sent."""
        self.writer.close()


def wanted(request: web.BaseRequest) -> str:
    """The protocol that a client wants to go on with, in lower case; empty for none."""
    if "upgrade" not in request.headers.get("Connection", "").lower():
        return ""
    return request.headers.get("Upgrade", "").lower()


async def accept(
    request: web.BaseRequest, headers: Mapping[str, str]
) -> tuple[web.StreamResponse, Connection]:
    """Answer 101 and take the connection; the response is for aiohttp, and is sent already."""
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the client has gone")
    connection = _take(transport)
    response = web.StreamResponse(status=101, headers={"Connection": "Upgrade", **headers})
    response.force_close()
    await response.prepare(request)
    await response.write_eof()
    return response, connection


async def ask(
    session: aiohttp.ClientSession, url: URL, headers: Mapping[str, str]
) -> tuple[aiohttp.ClientResponse, Connection | None]:
    """Ask a server to go on with another protocol; without a connection if it says no.

    Raises aiohttp.ClientError. Whoever asks speaks first, so no byte is lost on the way.
    """
    answer = await session.post(url, headers=CIMultiDict(headers, Connection="Upgrade"))
    if answer.status != 101 or answer.connection is None or answer.connection.transport is None:
        return answer, None
    return answer, _take(answer.connection.transport)


def _take(transport: asyncio.Transport) -> Connection:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    protocol = _Taken(reader, transport.get_protocol())
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    return Connection(reader, asyncio.StreamWriter(transport, protocol, reader, loop))


class _Taken(asyncio.StreamReaderProtocol):
    """Tells the protocol that had the connection before when it is lost, so that it can forget."""

    def __init__(self, reader: asyncio.StreamReader, before: asyncio.BaseProtocol) -> None:
        super().__init__(reader)
        self._before = before

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        assert isinstance(self._before, asyncio.Protocol)
        self._before.connection_lost(exc)

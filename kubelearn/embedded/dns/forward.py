"""Names outside of the cluster, asked for at the machine's own servers: CoreDNS's `forward`.

`forward . /etc/resolv.conf`, in order and without its health checks. A question is passed on as it
came, under a number of our own.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import cast

_SECONDS = 2.0
_PORT = 53


class Forwarder:
    """Asks the servers of a `resolv.conf`, which may change at any time."""

    def __init__(self, resolv_conf: Path = Path("/etc/resolv.conf"), *, port: int = _PORT) -> None:
        self._resolv_conf = resolv_conf
        self._port = port

    async def ask(self, query: bytes, *, stream: bool) -> bytes | None:
        """The first answer that comes, by UDP or (`stream`) by TCP; None if there is none."""
        exchange = _by_tcp if stream else _by_udp
        for server in self._servers():
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(_SECONDS):
                    return await exchange(query, server, self._port)
        return None

    def _servers(self) -> Sequence[str]:
        try:
            lines = self._resolv_conf.read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            return []
        words = (line.split() for line in lines)
        return [found[1] for found in words if len(found) > 1 and found[0] == "nameserver"]


class _Question(asyncio.DatagramProtocol):
    def __init__(self, query: bytes) -> None:
        self._query = query
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.DatagramTransport, transport).sendto(self._query)

    def datagram_received(self, data: bytes, _: object) -> None:
        if data[:2] == self._query[:2] and not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


async def _by_udp(query: bytes, server: str, port: int) -> bytes:
    loop = asyncio.get_running_loop()
    transport, question = await loop.create_datagram_endpoint(
        lambda: _Question(query), remote_addr=(server, port)
    )
    try:
        return await question.answer
    finally:
        transport.close()


async def _by_tcp(query: bytes, server: str, port: int) -> bytes:
    reader, writer = await asyncio.open_connection(server, port)
    try:
        writer.write(struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        return await reader.readexactly(length)
    finally:
        writer.close()

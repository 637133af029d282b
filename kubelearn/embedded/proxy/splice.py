"""Two connections as one: what comes in here goes out there, as fast as the slower side takes it.

A side that says it has no more to send (`shutdown(SHUT_WR)`) may still receive; so each direction
ends by itself. A connection that breaks is broken off on the other side too.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, cast

Connect = Callable[[Callable[[], "End"], str], Awaitable[None]]
"""Connects a protocol to an endpoint for a client's address. Raises OSError."""

_LINGER_NOT = struct.pack("ii", 1, 0)


class End(asyncio.Protocol):
    """One of the two connections; `other` is the opposite one."""

    def __init__(self, other: End | None = None) -> None:
        self.other = other
        self.transport: asyncio.Transport | None = None
        self._received_all = False
        if other is not None:
            other.other = self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        if self.other and self.other.transport:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        """Nothing more will come from here; whether this side stays open for writing."""
        self._received_all = True
        other = self.other
        if other is None or other.transport is None:
            return False
        if other._received_all:
            other.transport.close()
            return False
        other.transport.write_eof()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Closed by either side, or broken."""
        self.transport = None
        if self.other and self.other.transport:
            if error:
                reset(self.other.transport)
            else:
                self.other.transport.close()

    def pause_writing(self) -> None:
        """This side takes no more for now, so none is taken from the other."""
        if self.other and self.other.transport:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """This side takes more again."""
        if self.other and self.other.transport:
            self.other.transport.resume_reading()


class ClientEnd(End):
    """A client's connection; the one to an endpoint is made when the client has come."""

    def __init__(self, connect: Connect, tasks: set[asyncio.Task[None]]) -> None:
        super().__init__()
        self._connect = connect
        self._tasks = tasks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Look for an endpoint; until there is one, what the client sends waits in the kernel."""
        super().connection_made(transport)
        # A moment later: up to Python 3.11.3 a transport starts to read after this call, paused
        # or not, and what came in early would find no opposite end.
        asyncio.get_running_loop().call_soon(cast(asyncio.Transport, transport).pause_reading)
        task = asyncio.create_task(self._join(), name="kube-proxy connection")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def endpoint(self) -> End:
        """The opposite end."""
        return End(self)

    async def _join(self) -> None:
        client = self.transport
        if client is None:
            return
        address: Any = client.get_extra_info("peername")
        try:
            await self._connect(self.endpoint, address[0] if address else "")
        except OSError:
            # What a packet filter cannot hide either: the endpoint refused.
            reset(client)
            return
        if self.transport is not None:
            self.transport.resume_reading()
        elif self.other and self.other.transport:
            self.other.transport.close()


def reset(transport: asyncio.Transport) -> None:
    """Break a connection off, so that the other side sees an error and not an end."""
    opened = transport.get_extra_info("socket")
    if opened is not None and opened.fileno() >= 0:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()

"""What SPDY is spoken over: a connection, or the messages of a WebSocket."""

from __future__ import annotations

from typing import Protocol

from aiohttp import WSMsgType, web

from kubelearn.embedded.upgrade import Connection


class Pipe(Protocol):
    """What a session is spoken over: a connection, or the binary messages of a WebSocket."""

    async def read(self, size: int) -> bytes:
        """Exactly so many bytes. Raises ConnectionError or EOFError at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Send them; waits while the other side is slow. Raises ConnectionError."""
        ...


class ConnectionPipe:
    """A connection that was upgraded to SPDY."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, size: int) -> bytes:
        """Exactly so many bytes. Raises EOFError if there are fewer before the end."""
        return await self._connection.reader.readexactly(size)

    async def write(self, data: bytes) -> None:
        """Send them."""
        self._connection.writer.write(data)
        await self._connection.writer.drain()


class SocketPipe:
    """The binary messages of a WebSocket; where one ends means nothing."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._buffer = bytearray()

    async def read(self, size: int) -> bytes:
        """Exactly so many bytes. Raises EOFError if there are fewer before the end."""
        while len(self._buffer) < size:
            message = await self._socket.receive()
            if message.type is not WSMsgType.BINARY:
                raise EOFError
            self._buffer += message.data
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    async def write(self, data: bytes) -> None:
        """Send them."""
        await self._socket.send_bytes(data)

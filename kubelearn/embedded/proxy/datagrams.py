"""Datagrams to a Service's address, and the answers back: UDP's part of the data path.

Stands for the connection tracking of a real node's kernel. A client that asked stays with its
endpoint until neither has said anything for a while, or the endpoint is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container
from typing import Any, cast

from kubelearn.embedded.proxy.rules import Address

# As nf_conntrack_udp_timeout_stream, in seconds.
_IDLE = 120.0

Choose = Callable[[str], Address]
"""An endpoint for a client's address. Raises ConnectionRefusedError if there is none."""

Connect = Callable[[Callable[[], "Exchange"], Address, str], Awaitable[None]]
"""Opens a socket to an endpoint for a client's address. Raises OSError."""


class Exchange(asyncio.DatagramProtocol):
    """What one client and one endpoint send each other."""

    def __init__(self, endpoint: Address, reply: Callable[[bytes], None]) -> None:
        self.endpoint = endpoint
        self.refused: Callable[[], None] = self.close
        self.last = b""
        self._reply = reply
        self._waiting: list[bytes] = []
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The endpoint's socket is open: send what has come in so far."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        if self._closed:
            transport.close()
        for data in self._waiting:
            self._transport.sendto(data)

    def send(self, data: bytes) -> None:
        """To the endpoint."""
        self.last = data
        if self._transport:
            self._transport.sendto(data)
        else:
            self._waiting.append(data)

    def datagram_received(self, data: bytes, _: Any) -> None:
        """From the endpoint."""
        self._reply(data)

    def error_received(self, error: Exception) -> None:
        """Nobody listens there."""
        if isinstance(error, ConnectionRefusedError):
            self.refused()

    def close(self) -> None:
        """End it."""
        self._closed = True
        if self._transport:
            self._transport.close()


class Datagrams(asyncio.DatagramProtocol):
    """What listens on one of a Service's addresses."""

    def __init__(
        self, choose: Choose, connect: Connect, *, tasks: set[asyncio.Task[None]], higher: int
    ) -> None:
        self._choose = choose
        self._connect = connect
        self._tasks = tasks
        self._higher = higher
        self._exchanges: dict[Any, Exchange] = {}
        self._timers: dict[Any, asyncio.TimerHandle] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Listening."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, client: Any) -> None:
        """From a client: on to the endpoint that it has, or to a new one."""
        exchange = self._exchanges.get(client)
        if exchange is None:
            try:
                endpoint = self._choose(client[0])
            except ConnectionRefusedError:
                return
            exchange = self._begin(client, endpoint, endpoint)
        if timer := self._timers.pop(client, None):
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[client] = loop.call_later(_IDLE, self._end, client)
        exchange.send(data)

    def _begin(self, client: Any, endpoint: Address, place: Address) -> Exchange:
        """Start an exchange with an endpoint, which is looked for at `place`."""

        def reply(data: bytes) -> None:
            if self._transport:
                self._transport.sendto(data, client)

        def look_higher() -> None:
            # As with connections: the pod may have been kept from such a port.
            exchange.close()
            moved = Address(place.ip, place.port + self._higher)
            self._begin(client, endpoint, moved).send(exchange.last)

        exchange = self._exchanges[client] = Exchange(endpoint, reply)
        exchange.refused = look_higher if place.port < 1024 else lambda: self._end(client)
        task = asyncio.create_task(self._open(exchange, place, client), name="kube-proxy datagrams")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return exchange

    async def _open(self, exchange: Exchange, place: Address, client: Any) -> None:
        try:
            await self._connect(lambda: exchange, place, client[0])
        except OSError:
            self._end(client)

    def _end(self, client: Any) -> None:
        if exchange := self._exchanges.pop(client, None):
            exchange.close()
        if timer := self._timers.pop(client, None):
            timer.cancel()

    def keep(self, endpoints: Container[Address]) -> None:
        """End the exchanges with all other endpoints, as their pods are gone."""
        for client, exchange in list(self._exchanges.items()):
            if exchange.endpoint not in endpoints:
                self._end(client)

    def close(self) -> None:
        """Stop listening."""
        self.keep(())
        if self._transport:
            self._transport.close()

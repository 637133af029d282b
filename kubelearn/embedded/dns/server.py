"""The DNS server: it answers from a copy of the API's Services and EndpointSlices.

Upstream: CoreDNS's server and `plugin/kubernetes/{controller,handler}.go`. It speaks UDP and TCP on
one port of the control plane's node; the Service `kube-dns` leads there, through the proxy.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import struct
from dataclasses import replace
from typing import Any, cast

from kubelearn.dnsmessage import (
    CNAME,
    NOERROR,
    NOTIMP,
    NXDOMAIN,
    PLAIN_SIZE,
    SERVFAIL,
    BadMessage,
    Message,
    Record,
    decode,
    encode,
)
from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.dns import zone
from kubelearn.embedded.dns.forward import Forwarder
from kubelearn.embedded.dns.zone import Found, Zone
from kubelearn.embedded.endpointslices import service_keys
from kubelearn.embedded.informer import Informers
from kubelearn.objects import ENDPOINT_SLICES, NAMESPACES, SERVICES

_log = logging.getLogger(__name__)

# How long a TCP connection may be silent, in seconds.
_IDLE = 10.0
_LARGEST = 65535


class DnsServer:
    """Serves one address. `run` lasts until it is cancelled, and may be called again then."""

    def __init__(
        self,
        client: Client,
        *,
        host: str,
        port: int,
        clock: Clock,
        random: random.Random,
        forwarder: Forwarder | None = None,
    ) -> None:
        self._client = client
        self._host, self._port = host, port
        self._clock = clock
        self._random = random
        self._forwarder = forwarder or Forwarder()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Follow the API and answer until cancelled."""
        informers = Informers(self._client, clock=self._clock)
        services, slices = informers.get(SERVICES), informers.get(ENDPOINT_SLICES)
        namespaces = informers.get(NAMESPACES)
        services.add_index("ip", zone.service_ips)
        slices.add_index("ip", zone.slice_ips)
        slices.add_index("service", service_keys)
        self._zone = Zone(services=services, slices=slices, namespaces=namespaces)
        async with asyncio.TaskGroup() as group:
            group.create_task(informers.run(), name="coredns informers")
            for informer in (services, slices, namespaces):
                await informer.synced.wait()
            await self._serve()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._converse, self._host, self._port)
        async with server:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self), local_addr=(self._host, self._port)
            )
            try:
                await server.serve_forever()
            finally:
                transport.close()
                for task in self._tasks:
                    task.cancel()

    def start(self, transport: asyncio.DatagramTransport, query: bytes, client: Any) -> None:
        """Answer a datagram, now or when somebody else has answered."""

        async def answer() -> None:
            if response := await self.answer(query, stream=False):
                transport.sendto(response, client)

        task = asyncio.create_task(answer(), name="coredns question")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            while True:
                async with asyncio.timeout(_IDLE):
                    (length,) = struct.unpack("!H", await reader.readexactly(2))
                    query = await reader.readexactly(length)
                response = await self.answer(query, stream=True)
                if response is None:
                    break
                writer.write(struct.pack("!H", len(response)) + response)
                await writer.drain()
        writer.close()

    async def answer(self, query: bytes, *, stream: bool) -> bytes | None:
        """The answer to one question; None to what is no question."""
        try:
            question = decode(query)
        except BadMessage as error:
            _log.debug("no question: %s", error)
            return None
        if question.response:
            return None
        limit = _LARGEST if stream else max(question.udp_size or 0, PLAIN_SIZE)
        if question.opcode:
            return encode(question.reply(NOTIMP), limit=limit)
        found = self._zone.find(question.name, question.type)
        if found is None and not zone.is_inside(question.name):
            return await self._forward(question, query, stream=stream)
        return encode(await self._reply(question, found), limit=limit)

    async def _forward(self, question: Message, query: bytes, *, stream: bool) -> bytes:
        number = self._random.randbytes(2)
        answer = await self._forwarder.ask(number + query[2:], stream=stream)
        if answer is None:
            return encode(question.reply(SERVFAIL))
        return query[:2] + answer[2:]

    async def _reply(self, question: Message, found: Found | None) -> Message:
        if found and found.elsewhere:
            behind = await self._ask(found.elsewhere, question.type)
            found = replace(found, answers=(*found.answers, *behind))
        if found and found.answers:
            return question.reply(
                answers=self._shuffled(found.answers), additionals=found.additionals
            )
        serial = int(self._clock.now().timestamp())
        nothing = [self._zone.soa(question.name, serial)]
        return question.reply(NXDOMAIN if found is None else NOERROR, authorities=nothing)

    async def _ask(self, name: str, kind: int) -> tuple[Record, ...]:
        """The records of a name outside of the cluster."""
        query = encode(Message(self._random.getrandbits(16), name, kind))
        answer = await self._forwarder.ask(query, stream=False)
        with contextlib.suppress(BadMessage):
            return decode(answer).answers if answer else ()
        return ()

    def _shuffled(self, records: tuple[Record, ...]) -> list[Record]:
        """Addresses in any order, so that clients which take the first one spread out."""
        aliases = [record for record in records if record.type == CNAME]
        others = [record for record in records if record.type != CNAME]
        self._random.shuffle(others)
        return aliases + others


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, client: Any) -> None:
        self._server.start(self._transport, data, client)

"""port-forward: connections of a client to ports of a pod, many of them over one.

Stands for k8s.io/cri-streaming `pkg/streaming/portforward`, and for containerd's `PortForward`.
Three ways lead here: SPDY on the bare connection, SPDY inside the messages of a WebSocket (kubectl
since 1.31), and two channels of a WebSocket for each port (clients in Python). With SPDY a client
opens two streams for each of its connections, one for the data and one for what went wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from collections.abc import Sequence
from typing import Protocol

from aiohttp import WSMsgType, web

from kubelearn.containers.runtime import Runtime
from kubelearn.embedded import upgrade
from kubelearn.embedded.kubelet import spdy
from kubelearn.embedded.kubelet.inbox import Inbox
from kubelearn.embedded.kubelet.pipe import ConnectionPipe, Pipe, SocketPipe
from kubelearn.errors import ContainerError

_log = logging.getLogger(__name__)

PROTOCOL = "portforward.k8s.io"
TUNNEL = f"SPDY/3.1+{PROTOCOL}"
CHANNELS = "v4.channel.k8s.io"
_CHUNK = 2**16
_PING_SECONDS = 30.0


class Data(Protocol):
    """The client's end of one forwarded connection."""

    async def read(self) -> bytes:
        """The next bytes, nothing at the end. Raises ConnectionError."""
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes. Raises ConnectionError."""
        ...


class Forwarder:
    """Joins clients with the ports of one sandbox."""

    def __init__(self, runtime: Runtime, sandbox_id: str) -> None:
        self._runtime = runtime
        self._sandbox_id = sandbox_id

    async def forward(self, port: int, data: Data) -> str:
        """Carry bytes both ways until the pod ends it; what went wrong, empty if nothing."""
        try:
            reader, writer = await self._runtime.port_forward(self._sandbox_id, port)
        except ContainerError as error:
            where = f"pod {self._sandbox_id}, uid "
            return f"error forwarding port {port} to {where}: {error.message}"
        sending = asyncio.create_task(_send(data, writer), name=f"to port {port}")
        try:
            with contextlib.suppress(ConnectionError):
                while piece := await reader.read(_CHUNK):
                    await data.write(piece)
        finally:
            sending.cancel()
            writer.close()
        return ""


async def _send(data: Data, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await data.read():
            writer.write(piece)
            await writer.drain()
        # The client has said all that it has to say, and may still be waiting for the answer.
        writer.write_eof()


async def serve(request: web.Request, forwarder: Forwarder) -> web.StreamResponse:
    """Forward ports for one client until it goes."""
    kind = upgrade.wanted(request)
    if kind == upgrade.SPDY.lower():
        return await _serve_spdy(request, forwarder)
    if kind != "websocket":
        raise web.HTTPBadRequest(text="Upgrade request required")
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    if TUNNEL in offered:
        return await _serve_tunnel(request, forwarder)
    return await _serve_channels(request, forwarder, _ports(request))


# --- SPDY ---


class _Pairs:
    """Finds the two streams of each connection, and forwards it (`httpStreamHandler`)."""

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self._waiting: dict[str, spdy.Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, stream: spdy.Stream) -> None:
        """Take a stream that the client has opened. Raises ValueError for one without meaning."""
        kind, port = stream.headers.get("streamtype"), int(stream.headers.get("port", ""))
        if kind not in ("error", "data") or not 0 < port < 2**16:
            raise ValueError(f"stream type {kind!r}, port {port}")
        # Old clients give their connections no ids; their pairs are numbered one after the other.
        key = stream.headers.get("requestid") or str(stream.number - 2 * (kind == "data"))
        other = self._waiting.pop(key, None)
        if other is None:
            self._waiting[key] = stream
            return
        if other.headers["streamtype"] == kind:
            raise ValueError(f"{kind} stream already assigned")
        data, errors = (stream, other) if kind == "data" else (other, stream)
        task = asyncio.create_task(self._forward(port, data, errors), name=f"forward port {port}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """The client has gone: end its connections."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _forward(self, port: int, data: spdy.Stream, errors: spdy.Stream) -> None:
        problem = await self._forwarder.forward(port, data)
        with contextlib.suppress(ConnectionError):
            if problem:
                await errors.write(problem.encode())
                await data.reset()
                await errors.reset()
            else:
                await data.finish()
                await errors.finish()
        # What the client still sends has nobody to go to.
        data.end()
        errors.end()


async def _serve_spdy(request: web.Request, forwarder: Forwarder) -> web.StreamResponse:
    headers = {"Upgrade": upgrade.SPDY, upgrade.PROTOCOL_VERSION: PROTOCOL}
    response, connection = await upgrade.accept(request, headers)
    try:
        await _forward_streams(ConnectionPipe(connection), forwarder)
    finally:
        connection.close()
    return response


async def _serve_tunnel(request: web.Request, forwarder: Forwarder) -> web.StreamResponse:
    socket = await _accept(request, TUNNEL)
    await _forward_streams(SocketPipe(socket), forwarder)
    await socket.close()
    return socket


async def _forward_streams(pipe: Pipe, forwarder: Forwarder) -> None:
    pairs = _Pairs(forwarder)
    try:
        await spdy.Session(pipe, pairs.add).run()
    except spdy.SpdyError as error:
        _log.warning("port-forward ended: %s", error)
    finally:
        await pairs.close()


# --- channels ---


class _Channel:
    """The channel of one port's data; the next number is the channel of its errors."""

    def __init__(self, socket: web.WebSocketResponse, number: int) -> None:
        self.inbox = Inbox()
        self._socket = socket
        self._number = number

    async def read(self) -> bytes:
        """What the client sends."""
        return await self.inbox.read()

    async def write(self, data: bytes) -> None:
        """Send to the client."""
        await self._socket.send_bytes(bytes([self._number]) + data)

    async def forward(self, port: int, forwarder: Forwarder) -> None:
        """Forward the port, after its number on both channels."""
        number = struct.pack("<H", port)
        errors = bytes([self._number + 1])
        with contextlib.suppress(ConnectionError):
            await self.write(number)
            await self._socket.send_bytes(errors + number)
            if problem := await forwarder.forward(port, self):
                await self._socket.send_bytes(errors + problem.encode())
        self.inbox.close()


async def _serve_channels(
    request: web.Request, forwarder: Forwarder, ports: Sequence[int]
) -> web.StreamResponse:
    socket = await _accept(request, CHANNELS)
    channels = [_Channel(socket, 2 * index) for index in range(len(ports))]
    feeding = asyncio.create_task(_feed(socket, channels), name="input of port-forward")
    forwarding = [
        asyncio.create_task(channel.forward(port, forwarder), name=f"forward port {port}")
        for channel, port in zip(channels, ports, strict=True)
    ]
    over = asyncio.ensure_future(asyncio.wait(forwarding))
    try:
        await asyncio.wait([feeding, over], return_when=asyncio.FIRST_COMPLETED)
    finally:
        tasks = [feeding, over, *forwarding]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await socket.close()
    return socket


async def _feed(socket: web.WebSocketResponse, channels: Sequence[_Channel]) -> None:
    async for message in socket:
        if message.type is WSMsgType.BINARY and message.data:
            pair, is_error = divmod(message.data[0], 2)
            if pair < len(channels) and not is_error:
                await channels[pair].inbox.put(message.data[1:])


async def _accept(request: web.Request, protocol: str) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(
        protocols=[protocol], heartbeat=_PING_SECONDS, max_msg_size=0, compress=False
    )
    await socket.prepare(request)
    return socket


def _ports(request: web.Request) -> list[int]:
    """The ports of a WebSocket's query. Raises 400."""
    found = []
    for text in request.query.getall("port", []):
        for each in text.split(","):
            if not each.isdecimal() or int(each) >= 2**16:
                raise web.HTTPBadRequest(text=f'unable to parse "{text}" as a port')
            if int(each) < 1:
                raise web.HTTPBadRequest(text=f'port "{text}" must be > 0')
            found.append(int(each))
    if not found:
        raise web.HTTPBadRequest(text='query parameter "port" is required')
    return found

"""The channel protocol of exec and attach on a WebSocket: `v4.channel.k8s.io` and `v5`.

Each message begins with one byte, its channel (apimachinery `pkg/util/remotecommand`). v5 adds a
way to close one direction. How the command ended is told on the error channel as a `Status`; the
first version, `channel.k8s.io`, has words there, and only for a failure. Browsers may ask for text:
in the versions with `base64` the channel is a digit, and the rest is what their name says.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib

import orjson
from aiohttp import WSMsgType, web

from kubelearn.containers.runtime import Stream
from kubelearn.embedded.kubelet.execstatus import exit_status, start_failed
from kubelearn.embedded.kubelet.streamoptions import ERROR, StreamOptions
from kubelearn.objects import Object

_WITH_STATUS = ("v5.channel.k8s.io", "v4.channel.k8s.io", "v4.base64.channel.k8s.io")
PROTOCOLS = (*_WITH_STATUS, "channel.k8s.io", "base64.channel.k8s.io")
_STDIN, _RESIZE, _CLOSE = 0, 4, 255
_PING_SECONDS = 30.0


async def refuse(request: web.Request, message: str) -> web.WebSocketResponse:
    """Tell a client that its command could not be started."""
    socket = await _accept(request)
    status = start_failed(message)
    with contextlib.suppress(ConnectionError):
        await _tell(socket, status)
        await socket.close()
    return socket


async def serve(
    request: web.Request, options: StreamOptions, stream: Stream
) -> web.WebSocketResponse:
    """Connect a client with a process until the process ends or the client goes."""
    socket = await _accept(request)
    feeding = asyncio.create_task(_feed(socket, options, stream), name="input of exec")
    try:
        # An empty message tells the client that the connection stands.
        await _send(socket, [*options.outputs, ERROR][0], b"")
        while piece := await _next(stream, feeding):
            if piece[0] in options.outputs:
                await _send(socket, *piece)
        if not feeding.done():
            await _tell(socket, exit_status(await stream.wait()))
    except ConnectionError:
        pass  # the client has gone
    finally:
        feeding.cancel()
        stream.close()
    with contextlib.suppress(ConnectionError):
        await socket.close()
    return socket


async def _tell(socket: web.WebSocketResponse, status: Object) -> None:
    """Say how it ended, in the way of the version that was agreed on."""
    if socket.ws_protocol in _WITH_STATUS:
        await _send(socket, ERROR, orjson.dumps(status))
    elif status["status"] != "Success":
        await _send(socket, ERROR, status["message"].encode())


def _is_text(socket: web.WebSocketResponse) -> bool:
    return "base64" in (socket.ws_protocol or "")


async def _send(socket: web.WebSocketResponse, channel: int, data: bytes) -> None:
    if _is_text(socket):
        await socket.send_str(f"{channel}{base64.b64encode(data).decode()}")
    else:
        await socket.send_bytes(bytes([channel]) + data)


def _received(socket: web.WebSocketResponse, message: bytes) -> tuple[int, bytes]:
    """The channel and the data of a message. Raises ValueError if it is none."""
    if _is_text(socket):
        return int(message[:1]), base64.b64decode(message[1:], validate=True)
    return message[0], message[1:]


async def _accept(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=PROTOCOLS, heartbeat=_PING_SECONDS, max_msg_size=2**20)
    await socket.prepare(request)
    return socket


async def _next(stream: Stream, feeding: asyncio.Task[None]) -> tuple[int, bytes] | None:
    """The next output; None at its end, or when the client has gone."""
    reading = asyncio.create_task(stream.read())
    await asyncio.wait([reading, feeding], return_when=asyncio.FIRST_COMPLETED)
    if reading.done():
        return reading.result()
    reading.cancel()
    return None


async def _feed(socket: web.WebSocketResponse, options: StreamOptions, stream: Stream) -> None:
    """Pass on what the client sends; returns when it has gone."""
    async for message in socket:
        if message.type not in (WSMsgType.BINARY, WSMsgType.TEXT) or not message.data:
            continue
        # Some clients send what they have as text in text messages.
        raw = message.data.encode() if message.type is WSMsgType.TEXT else message.data
        try:
            channel, data = _received(socket, raw)
        except ValueError:
            return  # who speaks so is no client of ours, and as good as gone
        if channel == _STDIN and options.stdin:
            await stream.write(data)
        elif channel == _RESIZE:
            with contextlib.suppress(ValueError, KeyError):
                size = orjson.loads(data)
                stream.resize(int(size["Width"]), int(size["Height"]))
        elif channel == _CLOSE and data == bytes([_STDIN]):
            stream.close_input()

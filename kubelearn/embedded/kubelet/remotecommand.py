"""exec and attach on SPDY, which kubectl spoke before WebSockets: `v4.channel.k8s.io`.

Stands for k8s.io/cri-streaming `pkg/streaming/remotecommand`. The client opens a stream for each
thing that it asked for; then the command begins. Left out: the protocols before v4.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import orjson
from aiohttp import web

from kubelearn.containers.runtime import StartError, Stream
from kubelearn.embedded import upgrade
from kubelearn.embedded.kubelet import spdy, websocket
from kubelearn.embedded.kubelet.execstatus import exit_status, start_failed
from kubelearn.embedded.kubelet.pipe import ConnectionPipe
from kubelearn.embedded.kubelet.streamoptions import STDERR, STDOUT, StreamOptions
from kubelearn.objects import Object

_log = logging.getLogger(__name__)

_PROTOCOL = "v4.channel.k8s.io"
_CREATION_SECONDS = 30.0
_OUTPUTS = {STDOUT: "stdout", STDERR: "stderr"}
# The streams that a client has to open if it asks for them, in the order of its options.
_STREAMS = ("stdin", "stdout", "stderr", "resize")

Start = Callable[[], Awaitable[Stream]]


async def serve(request: web.Request, options: StreamOptions, start: Start) -> web.StreamResponse:
    """Connect a client with the process that `start` gives. `start` may raise StartError."""
    match upgrade.wanted(request):
        case "websocket":
            try:
                process = await start()
            except StartError as error:
                return await websocket.refuse(request, error.message)
            return await websocket.serve(request, options, process)
        case "spdy/3.1":
            return await _serve_spdy(request, options, start)
    raise web.HTTPBadRequest(text="Upgrade request required")


async def _serve_spdy(
    request: web.Request, options: StreamOptions, start: Start
) -> web.StreamResponse:
    offered = request.headers.getall(upgrade.PROTOCOL_VERSION, [])
    if _PROTOCOL not in [each.strip() for text in offered for each in text.split(",")]:
        words = f"client supports {offered}, server accepts [{_PROTOCOL}]"
        raise web.HTTPForbidden(text=f"unable to upgrade: unable to negotiate protocol: {words}")
    headers = {"Upgrade": upgrade.SPDY, upgrade.PROTOCOL_VERSION: _PROTOCOL}
    response, connection = await upgrade.accept(request, headers)
    ends = _Ends({"error", *itertools.compress(_STREAMS, options)})
    session = spdy.Session(ConnectionPipe(connection), ends.add)
    try:
        await _until_gone(session, _converse(session, ends, start))
    finally:
        connection.close()
    return response


async def _until_gone(session: spdy.Session, work: Coroutine[Any, Any, None]) -> None:
    """Do the work; drop it when the client goes."""
    working = asyncio.create_task(work, name="exec")
    reading = asyncio.create_task(session.run(), name="frames of exec")
    await asyncio.wait([working, reading], return_when=asyncio.FIRST_COMPLETED)
    for task in (working, reading):
        task.cancel()
    for problem in await asyncio.gather(working, reading, return_exceptions=True):
        if isinstance(problem, Exception) and not isinstance(problem, ConnectionError):
            _log.warning("exec ended: %s", problem)


class _Ends:
    """The streams that a client opens, by their types."""

    def __init__(self, expected: set[str]) -> None:
        self._missing = expected
        self._streams: dict[str, spdy.Stream] = {}
        self._complete = asyncio.Event()

    def add(self, stream: spdy.Stream) -> None:
        """Take a stream. Raises ValueError for one that nobody expects."""
        kind = stream.headers.get("streamtype", "")
        if kind not in self._missing:
            raise ValueError(f"unexpected stream type: {kind}")
        self._missing.remove(kind)
        self._streams[kind] = stream
        if not self._missing:
            self._complete.set()

    async def all(self) -> Mapping[str, spdy.Stream]:
        """All of them, when all are there. Raises TimeoutError."""
        await asyncio.wait_for(self._complete.wait(), _CREATION_SECONDS)
        return self._streams


async def _converse(session: spdy.Session, ends: _Ends, start: Start) -> None:
    streams = await ends.all()
    try:
        process = await start()
    except StartError as error:
        status = start_failed(error.message)
    else:
        status = await _talk(process, streams)
    await streams["error"].write(orjson.dumps(status))
    for stream in streams.values():
        await stream.finish()
    await session.say_goodbye()


async def _talk(process: Stream, streams: Mapping[str, spdy.Stream]) -> Object:
    feeding = asyncio.gather(_feed(process, streams), _resize(process, streams))
    try:
        while piece := await process.read():
            if stream := streams.get(_OUTPUTS[piece[0]]):
                await stream.write(piece[1])
        return exit_status(await process.wait())
    finally:
        feeding.cancel()
        process.close()


async def _feed(process: Stream, streams: Mapping[str, spdy.Stream]) -> None:
    if stdin := streams.get("stdin"):
        while data := await stdin.read():
            await process.write(data)
        process.close_input()


async def _resize(process: Stream, streams: Mapping[str, spdy.Stream]) -> None:
    if resize := streams.get("resize"):
        while data := await resize.read():
            for line in data.splitlines():
                with contextlib.suppress(ValueError, KeyError):
                    size = orjson.loads(line)
                    process.resize(int(size["Width"]), int(size["Height"]))

"""How the lines of a watch reach its client: as one long answer, or as messages of a WebSocket.

Stands for `HandleHTTP` and `HandleWS` of k8s.io/apiserver `pkg/endpoints/handlers/watch.go`. The
second is for browsers, whose scripts can read an answer only when it is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from kubelearn.embedded import upgrade
from kubelearn.embedded.apiserver.flowcontrol.controller import mark
from kubelearn.embedded.apiserver.negotiation import JSON
from kubelearn.embedded.apiserver.request import Request

# A client that takes nothing for so long is gone, even if its connection is not.
_WRITE_TIMEOUT = 60.0
# Events written at once; more than the usual burst, less than would hold up other requests.
_CHUNK = 256


class Output(Protocol):
    """The client's end of a watch."""

    async def begin(self, gone: Callable[[], object]) -> None:
        """Answer that it begins; `gone` is called when the client says that it leaves."""
        ...

    async def write(self, lines: list[bytes]) -> None:
        """Send lines, which end as lines do. Raises TimeoutError when nobody takes them."""
        ...

    async def end(self) -> web.StreamResponse:
        """Say that it is over."""
        ...


def output(request: Request) -> Output:
    """What a watch's client asked for."""
    messages = upgrade.wanted(request.http) == "websocket"
    return _Messages(request) if messages else _Answer(request)


class _Answer:
    def __init__(self, request: Request) -> None:
        self._request = request
        headers = {"Content-Type": JSON, "Cache-Control": "no-cache, private"}
        self._answer = web.StreamResponse(headers=headers)
        mark(self._answer, request.flow)

    async def begin(self, _gone: Callable[[], object]) -> None:
        await self._answer.prepare(self._request.http)

    async def write(self, lines: list[bytes]) -> None:
        for start in range(0, len(lines), _CHUNK):
            # A client that reads slowly holds up nobody but itself: the store drops what it would
            # have to keep for this watch, and reads it from the file when it goes on.
            async with asyncio.timeout(_WRITE_TIMEOUT):
                await self._answer.write(b"".join(lines[start : start + _CHUNK]))

    async def end(self) -> web.StreamResponse:
        await self._answer.write_eof()
        return self._answer


class _Messages:
    def __init__(self, request: Request) -> None:
        self._request = request
        offered = request.http.headers.get("Sec-WebSocket-Protocol", "")
        self._socket = web.WebSocketResponse(
            protocols=[each.strip() for each in offered.split(",")]
        )
        mark(self._socket, request.flow)
        self._listening: asyncio.Task[None] | None = None

    async def begin(self, gone: Callable[[], object]) -> None:
        await self._socket.prepare(self._request.http)
        self._listening = asyncio.create_task(self._listen(gone), name="client of a watch")

    async def _listen(self, gone: Callable[[], object]) -> None:
        # What clients say means nothing here, but that they leave.
        async for _ in self._socket:
            pass
        gone()

    async def write(self, lines: list[bytes]) -> None:
        for line in lines:
            async with asyncio.timeout(_WRITE_TIMEOUT):
                await self._socket.send_str(line.decode())

    async def end(self) -> web.StreamResponse:
        if self._listening:
            self._listening.cancel()
        await self._socket.close()
        return self._socket

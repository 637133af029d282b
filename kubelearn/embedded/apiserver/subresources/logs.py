"""Logs: a container's output, as the kubelet of its node keeps it.

Stands for k8s.io/kubernetes `pkg/registry/core/pod/rest/log.go` and `LogLocation` in its
`strategy.go`.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, Mapping
from contextlib import suppress

import aiohttp
from aiohttp import web

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kubelets import Kubelets, unreachable
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.requestinfo import is_true
from kubelearn.embedded.apiserver.status import Cause, bad_request, from_server, invalid, quote
from kubelearn.embedded.apiserver.streams import Streams
from kubelearn.embedded.apiserver.subresources.containers import chosen_container

_MINIMUM = {"tailLines": 0, "sinceSeconds": 1, "limitBytes": 1}
_ERROR_TEXT = 16 * 2**10
# The subprotocols in which a client may ask for a log over a WebSocket.
_BASE64 = "base64.binary.k8s.io"
_PROTOCOLS = ("binary.k8s.io", _BASE64)


class Logs:
    """Handlers for `pods/log`."""

    def __init__(self, kubelets: Kubelets, streams: Streams) -> None:
        self._kubelets = kubelets
        self._streams = streams

    async def serve(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Pass the kubelet's answer on as it comes."""
        query = log_query(request.query, request.info.name)
        pod = decode(registry.get(request.info.namespace, request.info.name).value)
        container = chosen_container(pod, request.query.get("container", ""))
        node = pod["spec"].get("nodeName")
        if not node:
            return web.Response(status=204)
        meta = pod["metadata"]
        path = f"/containerLogs/{meta['namespace']}/{meta['name']}/{container}"
        url = self._kubelets.url(node, path, query)
        try:
            async with self._kubelets.session.get(url) as answer:
                if answer.status >= 400:
                    text = (await answer.content.read(_ERROR_TEXT)).decode(errors="replace")
                    raise from_server(answer.status, "pods", meta["name"], text.strip())
                if request.http.headers.get("Upgrade", "").lower() == "websocket":
                    return await self._send_frames(request, answer)
                return await self._pass_on(request, answer)
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            raise unreachable(url, error) from error

    async def _pass_on(
        self, request: Request, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        stream = web.StreamResponse(
            headers={"Content-Type": "text/plain", "Cache-Control": "no-cache, private"}
        )
        await stream.prepare(request.http)
        with self._streams.opened(answer.close):
            try:
                async for chunk in answer.content.iter_any():
                    await stream.write(chunk)
            except aiohttp.ClientError:
                # The kubelet is gone, or this server is about to be: what was sent stands.
                pass
        await stream.write_eof()
        return stream

    async def _send_frames(
        self, request: Request, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        """Pass it on over a WebSocket, after an empty frame that says that there it begins."""
        socket = web.WebSocketResponse(protocols=_PROTOCOLS, compress=False)
        await socket.prepare(request.http)
        gone = asyncio.create_task(_read_to_end(socket, answer), name="reader of a log's client")
        with self._streams.opened(answer.close), suppress(aiohttp.ClientError, ConnectionError):
            await _send(socket, b"")
            async for chunk in answer.content.iter_any():
                await _send(socket, chunk)
        gone.cancel()
        await socket.close()
        return socket


async def _send(socket: web.WebSocketResponse, chunk: bytes) -> None:
    if socket.ws_protocol == _BASE64:
        await socket.send_str(base64.b64encode(chunk).decode())
    else:
        await socket.send_bytes(chunk)


async def _read_to_end(socket: web.WebSocketResponse, answer: aiohttp.ClientResponse) -> None:
    """Ask the kubelet for no more once the client has closed; it has nothing to say before."""
    async for _ in socket:
        pass
    answer.close()


def log_query(query: Mapping[str, str], name: str) -> dict[str, str]:
    """The options of a log request, checked, as the kubelet takes them."""
    problems = list(_problems(query))
    if problems:
        raise invalid("PodLogOptions", "", name, problems)
    wanted = {
        each: "true" for each in ("follow", "previous", "timestamps") if is_true(query.get(each))
    }
    numbers = (*_MINIMUM, "sinceTime")
    return wanted | {each: query[each] for each in numbers if query.get(each)}


def _problems(query: Mapping[str, str]) -> Iterator[Cause]:
    for name, minimum in _MINIMUM.items():
        text = query.get(name)
        if not text:
            continue
        try:
            number = int(text)
        except ValueError:
            raise bad_request(f"strconv.ParseInt: parsing {quote(text)}: invalid syntax") from None
        if number < minimum:
            problem = f"must be greater than {'or equal to 0' if not minimum else '0'}"
            yield Cause("FieldValueInvalid", f"Invalid value: {number}: {problem}", name)
    if query.get("sinceSeconds") and query.get("sinceTime"):
        problem = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        yield Cause("FieldValueForbidden", f"Forbidden: {problem}", "[]")

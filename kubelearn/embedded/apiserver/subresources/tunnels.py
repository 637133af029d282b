"""exec, attach and port-forward: a WebSocket from the client, another one to the kubelet.

Stands for k8s.io/kubernetes `pkg/registry/core/pod/rest/subresources.go`. Upstream translates
between WebSocket and SPDY here; our kubelets speak WebSocket with the same subprotocols, so that a
frame goes on as it came. The kubelet chooses the subprotocol, and the client is told its choice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
from aiohttp import WSMsgType, web
from yarl import URL

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kubelets import Kubelets, unreachable
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.requestinfo import is_true
from kubelearn.embedded.apiserver.status import bad_request, from_server
from kubelearn.embedded.apiserver.streams import Streams
from kubelearn.embedded.apiserver.subresources.containers import chosen_container
from kubelearn.objects import Object

# What the API calls the parameters, and what a kubelet calls them.
_STREAM_PARAMETERS = {"stdin": "input", "stdout": "output", "stderr": "error", "tty": "tty"}
_ERROR_TEXT = 16 * 2**10

Read = aiohttp.ClientWebSocketResponse | web.WebSocketResponse


class Tunnels:
    """Handlers for `pods/exec`, `pods/attach` and `pods/portforward`."""

    def __init__(self, kubelets: Kubelets, streams: Streams) -> None:
        self._kubelets = kubelets
        self._streams = streams

    async def exec(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Run a command in a container."""
        return await self._in_container(request, registry, "exec")

    async def attach(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Join the main process of a container."""
        return await self._in_container(request, registry, "attach")

    async def port_forward(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Reach a port of a pod."""
        pod, node = _scheduled_pod(request, registry)
        meta = pod["metadata"]
        ports = request.http.rel_url.query.getall("ports", [])
        query = [("port", ",".join(ports))] if ports else []
        path = f"/portForward/{meta['namespace']}/{meta['name']}"
        return await self._tunnel(request, self._kubelets.url(node, path).with_query(query))

    async def _in_container(
        self, request: Request, registry: Registry, verb: str
    ) -> web.StreamResponse:
        pod, node = _scheduled_pod(request, registry)
        container = chosen_container(pod, request.query.get("container", ""))
        meta = pod["metadata"]
        query = [
            (theirs, "1")
            for ours, theirs in _STREAM_PARAMETERS.items()
            if is_true(request.query.get(ours))
        ]
        query += [("command", each) for each in request.http.rel_url.query.getall("command", [])]
        path = f"/{verb}/{meta['namespace']}/{meta['name']}/{container}"
        return await self._tunnel(request, self._kubelets.url(node, path).with_query(query))

    async def _tunnel(self, request: Request, url: URL) -> web.StreamResponse:
        return await tunnel(request, url, self._kubelets.session, self._streams)


def _scheduled_pod(request: Request, registry: Registry) -> tuple[Object, str]:
    info = request.info
    pod = decode(registry.get(info.namespace, info.name).value)
    node = pod["spec"].get("nodeName")
    if not node:
        raise bad_request(f"pod {info.name} does not have a host assigned")
    return pod, node


async def tunnel(
    request: Request, url: URL, session: aiohttp.ClientSession, streams: Streams
) -> web.StreamResponse:
    """Join the client's WebSocket with one to `url`, frame by frame, until either ends."""
    http = request.http
    if http.headers.get("Upgrade", "").lower() != "websocket":
        raise bad_request("unable to upgrade: only WebSocket is spoken here")
    offered = [
        each.strip()
        for header in http.headers.getall("Sec-WebSocket-Protocol", [])
        for each in header.split(",")
    ]
    try:
        upstream = await session.ws_connect(
            url, protocols=offered, max_msg_size=0, autoclose=False, compress=0
        )
    except aiohttp.WSServerHandshakeError as error:
        raise await _explained(request, url, session, error) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise unreachable(url, error) from error
    chosen = (upstream.protocol,) if upstream.protocol else ()
    client = web.WebSocketResponse(
        protocols=chosen, max_msg_size=0, autoclose=False, compress=False
    )
    async with upstream:
        await client.prepare(http)
        with streams.opened(_closer(upstream)):
            await _relay(client, upstream)
        await client.close()
    return client


def _closer(socket: aiohttp.ClientWebSocketResponse) -> Callable[[], object]:
    # Feeding the reader an end makes the relay stop as if the kubelet had closed.
    return lambda: asyncio.ensure_future(socket.close())


async def _explained(
    request: Request,
    url: URL,
    session: aiohttp.ClientSession,
    error: aiohttp.WSServerHandshakeError,
) -> Exception:
    """The kubelet's reason, which comes only in the body of a plain answer."""
    async with session.get(url) as answer:
        text = (await answer.content.read(_ERROR_TEXT)).decode(errors="replace").strip()
    return from_server(error.status, "pods", request.info.name, text or error.message)


async def _relay(client: web.WebSocketResponse, upstream: aiohttp.ClientWebSocketResponse) -> None:
    copies = [
        asyncio.create_task(_copy(client, upstream), name="tunnel to kubelet"),
        asyncio.create_task(_copy(upstream, client), name="tunnel to client"),
    ]
    try:
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for copy in copies:
            copy.cancel()
        await asyncio.gather(*copies, return_exceptions=True)


async def _copy(source: Read, target: Read) -> None:
    """Hand on messages until the source closes; the closing is handed on too."""
    while True:
        message = await source.receive()
        match message.type:
            case WSMsgType.BINARY:
                await target.send_bytes(message.data)
            case WSMsgType.TEXT:
                await target.send_str(message.data)
            case WSMsgType.CLOSE:
                await target.close(
                    code=message.data or 1000, message=(message.extra or "").encode()
                )
                return
            case _:
                return

"""exec, attach and port-forward: what a client says goes to the kubelet, as it comes.

Stands for k8s.io/kubernetes `pkg/registry/core/pod/rest/subresources.go`. Clients speak WebSocket
or SPDY, and since 1.36 kubelets understand both (feature ExtendWebSocketsToKubelet), so nothing is
translated here. The kubelet chooses the subprotocol, and the client is told its choice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web
from multidict import CIMultiDict
from yarl import URL

from kubelearn.embedded import upgrade
from kubelearn.embedded.apiserver.authorization import Authorizer, attributes_of
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kubelets import Kubelets, not_dialed
from kubelearn.embedded.apiserver.options import WriteOptions
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.requestinfo import is_true
from kubelearn.embedded.apiserver.resources import write_of
from kubelearn.embedded.apiserver.status import bad_request, forbidden
from kubelearn.embedded.apiserver.streams import Streams
from kubelearn.embedded.apiserver.subresources.containers import chosen_container
from kubelearn.objects import Object

# What the API calls the parameters, and what a kubelet calls them.
_STREAM_PARAMETERS = {"stdin": "input", "stdout": "output", "stderr": "error", "tty": "tty"}
_ERROR_TEXT = 16 * 2**10
_CHUNK = 2**16

Read = aiohttp.ClientWebSocketResponse | web.WebSocketResponse


class Tunnels:
    """Handlers for `pods/exec`, `pods/attach` and `pods/portforward`."""

    def __init__(self, kubelets: Kubelets, streams: Streams, authorizer: Authorizer) -> None:
        self._kubelets = kubelets
        self._streams = streams
        self._authorizer = authorizer

    async def exec(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Run a command in a container."""
        return await self._in_container(request, registry, "exec")

    async def attach(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Join the main process of a container."""
        return await self._in_container(request, registry, "attach")

    async def port_forward(self, request: Request, registry: Registry) -> web.StreamResponse:
        """Reach a port of a pod."""
        await self._check(request, registry)
        pod, node = _scheduled_pod(request, registry)
        meta = pod["metadata"]
        ports = request.http.rel_url.query.getall("ports", [])
        query = [("port", ",".join(ports))] if ports else []
        path = f"/portForward/{meta['namespace']}/{meta['name']}"
        return await self._tunnel(request, self._kubelets.url(node, path).with_query(query))

    async def _in_container(
        self, request: Request, registry: Registry, verb: str
    ) -> web.StreamResponse:
        await self._check(request, registry)
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

    async def _check(self, request: Request, registry: Registry) -> None:
        """A WebSocket begins with GET, which must not be a way around the verb `create`."""
        attributes = replace(attributes_of(request.user, request.info), verb="create")
        decision = self._authorizer.authorize(attributes)
        if not decision.allowed:
            # `ensureAuthorizedForVerb` says less than the filter before it: the reason alone.
            raise forbidden(attributes.resource, attributes.group, attributes.name, decision.reason)
        write = write_of(request, WriteOptions())
        await registry.admission.connect(registry, write, options=_options(request, registry))

    async def _tunnel(self, request: Request, url: URL) -> web.StreamResponse:
        session = self._kubelets.session
        match upgrade.wanted(request.http):
            case "websocket":
                return await tunnel(request, url, session, self._streams)
            case "spdy/3.1":
                return await _tunnel_bytes(request, url, session, self._streams)
        raise bad_request("Upgrade request required")


def _options(request: Request, registry: Registry) -> Object:
    """The query as the object that it stands for, such as `PodExecOptions`."""
    part = registry.kind.subresource(request.info.subresource)
    query = request.http.rel_url.query
    options: Object = {"kind": part.kind if part else "", "apiVersion": "v1"}
    for name in _STREAM_PARAMETERS:
        if is_true(query.get(name)):
            options[name] = True
    if container := query.get("container"):
        options["container"] = container
    if command := query.getall("command", []):
        options["command"] = command
    if ports := query.getall("ports", []):
        options["ports"] = [int(each) for each in ports if each.isdecimal()]
    return options


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
    offered = [
        each.strip()
        for header in http.headers.getall("Sec-WebSocket-Protocol", [])
        for each in header.split(",")
    ]
    try:
        upstream = await session.ws_connect(
            url, protocols=offered, max_msg_size=0, autoclose=False, compress=0
        )
    except aiohttp.WSServerHandshakeError:
        # The reason comes only with an answer that is read as a plain one.
        async with session.get(url) as answer:
            return await _echoed(answer)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise not_dialed(url, error) from error
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


async def _tunnel_bytes(
    request: Request, url: URL, session: aiohttp.ClientSession, streams: Streams
) -> web.StreamResponse:
    """Join the client's connection with one to `url`, byte by byte, until either ends."""
    protocols = request.http.headers.getall(upgrade.PROTOCOL_VERSION, [])
    headers = CIMultiDict([("Upgrade", upgrade.SPDY)])
    headers.extend((upgrade.PROTOCOL_VERSION, each) for each in protocols)
    try:
        answer, upstream = await upgrade.ask(session, url, headers)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise not_dialed(url, error) from error
    if upstream is None:
        async with answer:
            return await _echoed(answer)
    chosen = {
        name: answer.headers[name]
        for name in ("Upgrade", upgrade.PROTOCOL_VERSION)
        if name in answer.headers
    }
    try:
        response, client = await upgrade.accept(request.http, chosen)
        with streams.opened(upstream.close):
            await _first(_pour(client, upstream), _pour(upstream, client))
        client.close()
    finally:
        upstream.close()
    return response


async def _pour(source: upgrade.Connection, target: upgrade.Connection) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.reader.read(_CHUNK):
            target.writer.write(data)
            await target.writer.drain()


def _closer(socket: aiohttp.ClientWebSocketResponse) -> Callable[[], object]:
    # Feeding the reader an end makes the relay stop as if the kubelet had closed.
    return lambda: asyncio.ensure_future(socket.close())


async def _echoed(answer: aiohttp.ClientResponse) -> web.Response:
    """A kubelet's refusal, in its own words."""
    return web.Response(status=answer.status, body=await answer.content.read(_ERROR_TEXT))


async def _relay(client: web.WebSocketResponse, upstream: aiohttp.ClientWebSocketResponse) -> None:
    await _first(_copy(client, upstream), _copy(upstream, client))


async def _first(*copies: Coroutine[Any, Any, None]) -> None:
    """Copy in both directions until one has come to its end."""
    tasks = [asyncio.create_task(each, name="tunnel") for each in copies]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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

"""proxy: HTTP to a pod, a Service or a node through the API server.

Stands for `ProxyREST` of pods, services and nodes in k8s.io/kubernetes `pkg/registry/core` and for
k8s.io/apimachinery `pkg/util/proxy`. As upstream, nobody asks a pod or a Service that speaks HTTPS
for a certificate to believe in.
"""

from __future__ import annotations

import os
import socket

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kubelets import Kubelets
from kubelearn.embedded.apiserver.options import WriteOptions
from kubelearn.embedded.apiserver.registries import Registries
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.resources import write_of
from kubelearn.embedded.apiserver.serviceresolver import slices_of
from kubelearn.embedded.apiserver.status import bad_request, service_unavailable
from kubelearn.embedded.apiserver.streams import Streams
from kubelearn.embedded.apiserver.subresources.links import Links
from kubelearn.embedded.apiserver.subresources.tunnels import tunnel
from kubelearn.embedded.endpointslices import ready_endpoints
from kubelearn.objects import Object

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Those speak to this server, not to the one behind it.
_OURS = frozenset({"authorization"})
# Where the process runtime lets an unprivileged program's port below 1024 listen instead.
_PRIVILEGED, _SHIFT = 1024, 8000


class Proxies:
    """Handlers for `proxy` of pods, services and nodes."""

    def __init__(self, registries: Registries, kubelets: Kubelets, streams: Streams) -> None:
        self._registries = registries
        self._kubelets = kubelets
        self._streams = streams

    async def pod(self, request: Request, registry: Registry) -> web.StreamResponse:
        """To a pod: `[scheme:]name[:port]`, else its first declared port."""
        scheme, name, port = _split(request.info.name, "pod")
        await _admit(request, registry, "PodProxyOptions")
        pod = decode(registry.get(request.info.namespace, name).value)
        address = (pod.get("status") or {}).get("podIP")
        if not address:
            raise bad_request("address not allowed")
        number = _port_number(port) if port else _first_port(pod)
        return await self._forward(request, scheme, address, number)

    async def service(self, request: Request, registry: Registry) -> web.StreamResponse:
        """To one of a Service's ready endpoints, by chance. Raises 404 and 503."""
        scheme, name, port = _split(request.info.name, "service")
        await _admit(request, registry, "ServiceProxyOptions")
        namespace = request.info.namespace
        service = decode(registry.get(namespace, name).value)
        if port.isdigit():
            port = _port_name(service, int(port))
        endpoints = self._registries.resource("endpoints", "")
        if endpoints.store.get(endpoints.key(namespace, name)) is None:
            # Nobody keeps the endpoints of a Service without a selector.
            raise registry.not_found(name)
        found = [
            endpoint
            for each in slices_of(registry.store, namespace, name)
            for endpoint in ready_endpoints(each, port)
        ]
        if not found:
            raise service_unavailable(f'no endpoints available for service "{request.info.name}"')
        address, number = registry.random.choice(found)
        return await self._forward(request, scheme, address, number)

    async def node(self, request: Request, registry: Registry) -> web.StreamResponse:
        """To a node's kubelet, or another port of the node."""
        scheme, name, port = _split(request.info.name, "node")
        await _admit(request, registry, "NodeProxyOptions")
        url = self._kubelets.url(name, "/")
        if port and int(port) != url.port:
            return await self._forward(request, scheme, url.host or "", int(port))
        return await self._send(request, url)

    async def _forward(
        self, request: Request, scheme: str, address: str, port: int
    ) -> web.StreamResponse:
        url = URL.build(scheme=scheme or "http", host=address, port=port)
        try:
            return await self._send(request, url, verified=False)
        except aiohttp.ClientConnectorError as error:
            if port >= _PRIVILEGED:
                raise _trying_to_reach(url, error) from error
        shifted = url.with_port(port + _SHIFT)
        try:
            return await self._send(request, shifted, verified=False)
        except aiohttp.ClientConnectorError as error:
            raise _trying_to_reach(url, error) from error

    async def _send(
        self, request: Request, base: URL, *, verified: bool = True
    ) -> web.StreamResponse:
        http, info = request.http, request.info
        path = "/" + "/".join(info.rest)
        if info.rest and info.path.endswith("/"):
            path += "/"
        url = base.with_path(path).with_query(http.rel_url.query)
        session = self._kubelets.session
        if http.headers.get("Upgrade", "").lower() == "websocket":
            return await tunnel(request, url, session, self._streams)
        if not info.rest and http.method in ("GET", "HEAD") and not info.path.endswith("/"):
            return _to_the_root(request)
        headers = CIMultiDict(
            (name, value)
            for name, value in http.headers.items()
            if name.lower() not in _HOP_BY_HOP | _OURS
        )
        headers["X-Forwarded-Uri"] = http.rel_url.raw_path
        headers["X-Forwarded-Host"] = http.host
        headers["X-Forwarded-Proto"] = "https" if http.secure else "http"
        data = http.content.iter_any() if http.body_exists else None
        async with session.request(
            http.method, url, headers=headers, data=data, allow_redirects=False, ssl=verified
        ) as answer:
            return await self._answer(request, answer)

    async def _answer(self, request: Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        stream = web.StreamResponse(status=answer.status, reason=answer.reason)
        for name, value in answer.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                stream.headers.add(name, value)
        links = _links(request, answer.url)
        if location := answer.headers.get("Location", ""):
            stream.headers["Location"] = links.through(location)
        elif answer.content_type == "text/html":
            body = await answer.read()
            encoding = answer.headers.get("Content-Encoding", "")
            headers = CIMultiDict(stream.headers)
            headers.pop("Content-Length", None)
            page = links.rewritten(body, encoding)
            return web.Response(status=answer.status, headers=headers, body=page)
        await stream.prepare(request.http)
        with self._streams.opened(answer.close):
            try:
                async for chunk in answer.content.iter_any():
                    await stream.write(chunk)
            except aiohttp.ClientError:
                # It broke off in the middle, and so does this answer.
                if request.http.transport is not None:
                    request.http.transport.close()
        await stream.write_eof()
        return stream


def _to_the_root(request: Request) -> web.Response:
    """A redirect to the same path with a slash, so that relative links of the page are right."""
    url = request.http.rel_url
    query = f"?{url.raw_query_string}" if url.raw_query_string else ""
    headers = {"Location": f"{url.raw_path}/{query}"}
    return web.Response(status=301, headers=headers)


async def _admit(request: Request, registry: Registry, kind: str) -> None:
    """Let webhooks forbid it; they are told which path is wanted."""
    options: Object = {"kind": kind, "apiVersion": "v1"}
    if path := "/".join(request.info.rest):
        options["path"] = path
    write = write_of(request, WriteOptions())
    await registry.admission.connect(registry, write, options=options)


def _split(target: str, what: str) -> tuple[str, str, str]:
    """`[scheme:]name[:port]` in its parts (`utilnet.SplitSchemeNamePort`)."""
    match target.split(":"):
        case [name]:
            scheme, port = "", ""
        case [name, port]:
            scheme = ""
        case [scheme, name, port]:
            pass
        case _:
            name = scheme = port = ""
    if not name or scheme not in ("", "http", "https"):
        raise bad_request(f'invalid {what} request "{target}"')
    return scheme, name, port


def _port_number(port: str) -> int:
    """A port of a pod: names of ports mean nothing here, but those of the machine's services do."""
    if port.isdigit():
        return int(port)
    try:
        return socket.getservbyname(port, "tcp")
    except OSError:
        problem = f"dial tcp: lookup tcp/{port}: unknown port"
        raise service_unavailable(f"error trying to reach service: {problem}") from None


def _first_port(pod: Object) -> int:
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or []:
            return int(port["containerPort"])
    return 80


def _port_name(service: Object, number: int) -> str:
    for port in service["spec"].get("ports") or []:
        if port["port"] == number:
            return str(port.get("name", ""))
    name = service["metadata"]["name"]
    raise service_unavailable(f'no service port {number} found for service "{name}"')


def _links(request: Request, target: URL) -> Links:
    """How links of the target lead through this server."""
    own = f"{target.host}:{target.port}"
    info = request.info
    rest = "".join(f"/{part}" for part in info.rest)
    return Links(
        info.path.rstrip("/").removesuffix(rest),
        frozenset({own, target.host or "", request.http.host}),
    )


def _trying_to_reach(url: URL, error: aiohttp.ClientConnectorError) -> Exception:
    # The event loop puts words of its own where the system's would be.
    number = error.os_error.errno
    problem = os.strerror(number) if number else str(error)
    return service_unavailable(
        f"error trying to reach service: dial tcp {url.host}:{url.port}: connect: {problem.lower()}"
    )

"""The metrics server's HTTP side, which only the API server may use.

Stands for what k8s.io/apiserver gives every extension API server. Whoever asks was authenticated
and authorized by the API server, which proves itself with the front proxy's certificate. Which pods
and nodes a selector means, the API server is asked. Left out: watches (the real one has none
either), OpenAPI, and asking again whether the user may.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.metricsserver import api
from kubelearn.embedded.metricsserver.storage import Storage
from kubelearn.errors import ApiError
from kubelearn.objects import NODES, PODS, Object, Resource

FRONT_PROXY = "front-proxy-client"


class Server:
    """Listens at an address until stopped."""

    def __init__(
        self, client: Client, storage: Storage, *, clock: Clock, tls: ssl.SSLContext | None
    ) -> None:
        self._client = client
        self._storage = storage
        self._clock = clock
        self._tls = tls
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        app = web.Application(middlewares=[self._guard])
        root = f"/apis/{api.API_VERSION}"
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/livez", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get(f"/apis/{api.GROUP}", _document(api.group))
        app.router.add_get(root, _document(api.resource_list))
        app.router.add_get(f"{root}/nodes", self._nodes)
        app.router.add_get(f"{root}/nodes/{{name}}", self._node)
        app.router.add_get(f"{root}/pods", self._pods)
        app.router.add_get(f"{root}/namespaces/{{namespace}}/pods", self._pods)
        app.router.add_get(f"{root}/namespaces/{{namespace}}/pods/{{name}}", self._pod)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=self._tls, reuse_address=True)
        await site.start()

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._tls and _common_name(request) != FRONT_PROXY:
            return _failure(401, "Unauthorized", "Unauthorized")
        try:
            return await handler(request)
        except ApiError as error:
            return _json(error.status, status=error.code or 503)

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _readyz(self, request: web.Request) -> web.Response:
        if self._storage.ready:
            return web.Response(text="ok")
        return web.Response(text="no metrics to serve", status=500)

    # --- metrics ---

    async def _nodes(self, request: web.Request) -> web.Response:
        nodes = await self._list(NODES, request)
        return _collection(request, "NodeMetrics", self._of_nodes(nodes))

    async def _node(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        found = self._of_nodes([await self._client.get(NODES, name)])
        return _single(request, found, "nodemetrics", name)

    async def _pods(self, request: web.Request) -> web.Response:
        namespace = request.match_info.get("namespace")
        pods = await self._list(PODS, request, namespace, field="status.phase=Running")
        return _collection(request, "PodMetrics", self._of_pods(pods))

    async def _pod(self, request: web.Request) -> web.Response:
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        pod = await self._client.get(PODS, name, namespace)
        running = [pod] if (pod.get("status") or {}).get("phase") == "Running" else []
        return _single(request, self._of_pods(running), "podmetrics", f"{namespace}/{name}")

    async def _list(
        self,
        resource: Resource,
        request: web.Request,
        namespace: str | None = None,
        *,
        field: str = "",
    ) -> Sequence[Object]:
        """What the request's selectors mean, by name."""
        fields = [each for each in (field, request.query.get("fieldSelector", "")) if each]
        answer = await self._client.list(
            resource,
            namespace,
            labelSelector=request.query.get("labelSelector"),
            fieldSelector=",".join(fields) or None,
        )
        items: Sequence[Object] = answer["items"] or []
        return items

    def _of_nodes(self, nodes: Sequence[Object]) -> list[Object]:
        now = self._clock.now()
        return [
            api.node_metrics(node, usage, now=now)
            for node in nodes
            if (usage := self._storage.node(node["metadata"]["name"]))
        ]

    def _of_pods(self, pods: Sequence[Object]) -> list[Object]:
        now = self._clock.now()
        return [
            api.pod_metrics(pod, used, now=now)
            for pod in pods
            if (used := self._storage.pod((pod["metadata"]["namespace"], pod["metadata"]["name"])))
        ]


def _json(content: Object, *, status: int = 200) -> web.Response:
    # Some clients insist on exactly this type, without a character set.
    headers = {"Content-Type": "application/json"}
    return web.Response(body=orjson.dumps(content), status=status, headers=headers)


def _document(make: Callable[[], Object]) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        return _json(make())

    return serve


def _collection(request: web.Request, kind: str, items: list[Object]) -> web.Response:
    if version := _table_version(request):
        return _json(api.table(items, group_version=version))
    return _json(api.listed(kind, items))


def _single(request: web.Request, found: list[Object], plural: str, name: str) -> web.Response:
    if not found:
        resource = f"{plural}.{api.GROUP}"
        details = {"name": name, "group": api.GROUP, "kind": plural}
        return _failure(404, "NotFound", f'{resource} "{name}" not found', details)
    if version := _table_version(request):
        return _json(api.table(found, group_version=version))
    return _json(found[0])


def _table_version(request: web.Request) -> str:
    """The version of the table that the client likes best, if it wants one."""
    first = request.headers.get("Accept", "").partition(",")[0]
    words = dict(part.strip().partition("=")[::2] for part in first.split(";"))
    return f"meta.k8s.io/{words.get('v', 'v1')}" if words.get("as") == "Table" else ""


def _failure(code: int, reason: str, message: str, details: Any = None) -> web.Response:
    status: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    status |= {"message": message, "reason": reason, "code": code}
    return _json(status | ({"details": details} if details else {}), status=code)


def _common_name(request: web.Request) -> str:
    certificate = request.transport.get_extra_info("peercert") if request.transport else None
    subject = (certificate or {}).get("subject", ())
    return next((value for part in subject for name, value in part if name == "commonName"), "")

"""What a kubelet serves: logs, exec, attach, ports, and what is used (`pkg/kubelet/server`).

Whoever asks must show a certificate of the cluster. Left out: the kubelet's own metrics and the
debugging pages.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from aiohttp import web

from kubelearn.containers.runtime import ContainerState, ContainerStatus, Runtime
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.kubelet import portforward, remotecommand
from kubelearn.embedded.kubelet.logs import LogOptions, read_log
from kubelearn.embedded.kubelet.node import NodeConfig
from kubelearn.embedded.kubelet.podworker import PodWorker
from kubelearn.embedded.kubelet.resourcemetrics import MEDIA_TYPE, ResourceMetrics
from kubelearn.embedded.kubelet.streamoptions import stream_options
from kubelearn.objects import parse_time

_WAITING_WORDS = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


class KubeletServer:
    """Listens on the node's address; `find` gives the worker of a pod by namespace and name."""

    def __init__(
        self,
        node: NodeConfig,
        *,
        find: Callable[[str, str], PodWorker | None],
        runtime: Runtime,
        clock: Clock,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._node = node
        self._find = find
        self._runtime = runtime
        self._clock = clock
        self._metrics = ResourceMetrics(runtime)
        self._tls = tls
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        pod = "{namespace}/{pod}/{container}"
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/metrics/resource", self._resource_metrics)
        app.router.add_get(f"/containerLogs/{pod}", self._logs)
        for method in ("GET", "POST"):
            app.router.add_route(method, f"/exec/{pod}", self._exec)
            app.router.add_route(method, f"/attach/{pod}", self._attach)
            app.router.add_route(method, "/portForward/{namespace}/{pod}", self._port_forward)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(
            self._runner, self._node.ip, self._node.port, ssl_context=self._tls, reuse_address=True
        )
        await site.start()

    async def stop(self) -> None:
        """Listen no more, and end what is under way."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _resource_metrics(self, request: web.Request) -> web.Response:
        text = await self._metrics.render(self._clock.now())
        return web.Response(body=text.encode(), headers={"Content-Type": MEDIA_TYPE})

    # --- logs ---

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        worker = self._worker(request)
        run = _run_with_log(worker, request)
        response = web.StreamResponse()
        response.content_type = "text/plain"
        await response.prepare(request)

        async def grown() -> bool:
            if run.state is not ContainerState.RUNNING:
                return False
            await self._runtime.wait_for_log(run.id)
            return True

        try:
            async for piece in read_log(run.config.log_path, _log_options(request), grown=grown):
                await response.write(piece)
            await response.write_eof()
        except (ConnectionError, FileNotFoundError):
            pass  # the client, or the pod, has gone meanwhile
        return response

    # --- exec and attach ---

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        options = stream_options(request)
        name = request.match_info["container"]
        run = self._running(request, f'container not found ("{name}")')
        command = request.query.getall("command", [])
        if not command:
            raise web.HTTPBadRequest(text="you must specify at least one command for the container")
        return await remotecommand.serve(
            request,
            options,
            lambda: self._runtime.exec(run.id, command, stdin=options.stdin, tty=options.tty),
        )

    async def _attach(self, request: web.Request) -> web.StreamResponse:
        options, info = stream_options(request), request.match_info
        where = f"pod {info['pod']}_{info['namespace']}"
        run = self._running(request, f"container {info['container']} not found in {where}")
        return await remotecommand.serve(request, options, lambda: self._runtime.attach(run.id))

    async def _port_forward(self, request: web.Request) -> web.StreamResponse:
        info, sandbox = request.match_info, self._worker(request).view.sandbox
        if sandbox is None:
            name = f"{info['pod']}_{info['namespace']}"
            raise web.HTTPInternalServerError(text=f'pod not found ("{name}")')
        return await portforward.serve(request, portforward.Forwarder(self._runtime, sandbox.id))

    # --- finding the container ---

    def _worker(self, request: web.Request) -> PodWorker:
        info = request.match_info
        worker = self._find(info["namespace"], info["pod"])
        if worker is None:
            raise web.HTTPNotFound(text="pod does not exist")
        return worker

    def _running(self, request: web.Request, missing: str) -> ContainerStatus:
        runs = self._worker(request).view.runs(request.match_info["container"])
        if not runs or runs[-1].state is not ContainerState.RUNNING:
            raise web.HTTPInternalServerError(text=missing)
        return runs[-1]


def _run_with_log(worker: PodWorker, request: web.Request) -> ContainerStatus:
    """The run whose log is asked for (`validateContainerLogStatus`)."""
    name, pod = request.match_info["container"], request.match_info["pod"]
    previous = request.query.get("previous") in ("1", "true")
    runs = worker.view.runs(name)
    status = worker.view.container_statuses().get(name)
    if status is None:
        raise web.HTTPNotFound(text=f'container "{name}" in pod "{pod}" is not available')
    ended = (status.get("lastState") or {}).get("terminated")
    if previous:
        found = next((run for run in runs if ended and ended["containerID"].endswith(run.id)), None)
        if found is None:
            raise web.HTTPBadRequest(
                text=f'previous terminated container "{name}" in pod "{pod}" not found'
            )
        return found
    if runs:
        return runs[-1]
    reason = (status["state"].get("waiting") or {}).get("reason", "")
    words = _WAITING_WORDS.get(reason, reason)
    raise web.HTTPBadRequest(text=f'container "{name}" in pod "{pod}" is waiting to start: {words}')


def _log_options(request: web.Request) -> LogOptions:
    query = request.query
    since = None
    if "sinceTime" in query:
        since = parse_time(query["sinceTime"])
    elif "sinceSeconds" in query:
        since = datetime.now(UTC) - timedelta(seconds=int(query["sinceSeconds"]))
    streams = {"Stdout": (b"stdout",), "Stderr": (b"stderr",)}
    return LogOptions(
        follow=query.get("follow") in ("1", "true"),
        timestamps=query.get("timestamps") in ("1", "true"),
        tail=int(query["tailLines"]) if "tailLines" in query else None,
        since=since,
        limit_bytes=int(query["limitBytes"]) if "limitBytes" in query else None,
        streams=streams.get(query.get("stream", ""), (b"stdout", b"stderr")),
    )

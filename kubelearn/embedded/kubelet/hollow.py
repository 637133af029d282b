"""One program that plays many nodes, so that a thousand of them fit into this machine.

Stands for KWOK (sigs.k8s.io/kwok) and for kubemark's hollow nodes. To the API server, the
scheduler and the controllers such nodes are as good as others: they are registered, stay alive or
fall silent, and their pods run, end and go. But there is one client, one watch of pods and one
HTTPS server for all of them, where each real kubelet has its own, and no process behind any
container.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Sequence

from aiohttp import web

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.controller import ControllerContext
from kubelearn.embedded.informer import Informers
from kubelearn.embedded.kubelet.hollownodes import HollowNodes
from kubelearn.embedded.kubelet.hollowpods import HollowPods
from kubelearn.embedded.kubelet.node import NodeConfig


class HollowKubelet:
    """The agent of all these nodes. `run` lasts until it is cancelled, and may be called again."""

    def __init__(
        self,
        client: Client,
        *,
        nodes: Sequence[NodeConfig],
        on: set[str],
        tls: ssl.SSLContext | None,
        clock: Clock,
        random: random.Random,
    ) -> None:
        self._at = nodes[0]
        self._tls = tls
        self._informers = Informers(client, clock=clock)
        context = ControllerContext(client, self._informers, clock, random)
        by_name = {node.name: node for node in nodes}
        self._nodes = HollowNodes(context, nodes=by_name, on=on)
        self._pods = HollowPods(context, nodes=by_name, on=on)

    def look_again(self, node: str) -> None:
        """A node has been switched on."""
        self._nodes.look_again(node)
        self._pods.look_again(node)

    async def run(self) -> None:
        """Play the nodes that are on."""
        runner = web.AppRunner(_app(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(
                runner, self._at.ip, self._at.port, ssl_context=self._tls, reuse_address=True
            ).start()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._informers.run(), name="informers")
                group.create_task(self._nodes.run(), name="nodes")
                group.create_task(self._pods.run(), name="pods")
        finally:
            await runner.cleanup()


def _app() -> web.Application:
    """What a kubelet serves to the API server, where there is no container to ask."""
    app = web.Application()
    app.router.add_get("/healthz", _healthz)
    # Nothing is used and nothing is said.
    app.router.add_get("/metrics/resource", _nothing)
    app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", _nothing)
    for path in ("exec/{namespace}/{pod}/{container}", "attach/{namespace}/{pod}/{container}",
                 "portForward/{namespace}/{pod}"):  # fmt: skip
        for method in ("GET", "POST"):
            app.router.add_route(method, f"/{path}", _refuse)
    return app


async def _healthz(request: web.Request) -> web.Response:
    return web.Response(text="ok")


async def _nothing(request: web.Request) -> web.Response:
    return web.Response(text="")


async def _refuse(request: web.Request) -> web.Response:
    info = request.match_info
    raise web.HTTPInternalServerError(
        text=f"no process runs in pod {info['pod']}_{info['namespace']}: its node is played "
        "(runtime fake)"
    )

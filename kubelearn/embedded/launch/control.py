"""The daemon's own door: a Unix socket for what the Kubernetes API has no word for.

To switch a machine off, to stop a component, to end the whole cluster: on kind these are docker
commands. The socket lies in the cluster's private folder, so the kernel lets only its owner in.

    GET  /status                        GET  /components
    POST /components/NAME/{start,stop}  POST /nodes/NAME/{start,stop}
    POST /shutdown
"""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable
from typing import Protocol

from aiohttp import web

from kubelearn.embedded.state import StateFolder
from kubelearn.errors import KubelearnError
from kubelearn.objects import Object


class Controlled(Protocol):
    """What the socket gives access to."""

    def status(self) -> Object:
        """Name, server, process id, memory, nodes."""
        ...

    def describe_components(self) -> list[Object]:
        """Each component's name, node and state."""
        ...

    async def switch_component(self, name: str, *, on: bool) -> None:
        """Start or stop a component. Raises NotAvailable."""
        ...

    async def switch_node(self, name: str, *, on: bool) -> None:
        """Start or stop a node with all that runs on it. Raises NotAvailable."""
        ...

    def shut_down(self) -> None:
        """End the cluster soon."""
        ...


class ControlServer:
    """Serves the socket from `start` to `stop`."""

    def __init__(self, daemon: Controlled, folder: StateFolder) -> None:
        self._daemon = daemon
        self._folder = folder
        app = web.Application()
        app.add_routes(
            [
                web.get("/status", self._status),
                web.get("/components", self._components),
                web.post("/components/{name}/{verb:start|stop}", self._component),
                web.post("/nodes/{name}/{verb:start|stop}", self._node),
                web.post("/shutdown", self._shutdown),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)

    async def start(self) -> None:
        """Listen; a socket that a killed daemon left is replaced."""
        listener = socket.socket(socket.AF_UNIX)
        self._folder.control.unlink(missing_ok=True)
        with self._folder.control_path() as path:
            listener.bind(path)
        os.chmod(self._folder.control, 0o600)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        """Close the socket and remove it."""
        await self._runner.cleanup()
        self._folder.control.unlink(missing_ok=True)

    async def _status(self, _: web.Request) -> web.Response:
        return web.json_response(self._daemon.status())

    async def _components(self, _: web.Request) -> web.Response:
        return web.json_response(self._daemon.describe_components())

    async def _component(self, request: web.Request) -> web.Response:
        name, verb = request.match_info["name"], request.match_info["verb"]
        return await _done(self._daemon.switch_component(name, on=verb == "start"))

    async def _node(self, request: web.Request) -> web.Response:
        name, verb = request.match_info["name"], request.match_info["verb"]
        return await _done(self._daemon.switch_node(name, on=verb == "start"))

    async def _shutdown(self, _: web.Request) -> web.Response:
        self._daemon.shut_down()
        return web.json_response({})


async def _done(action: Awaitable[None]) -> web.Response:
    try:
        await action
    except KubelearnError as error:
        return web.json_response({"message": error.message, "hint": error.hint}, status=400)
    return web.json_response({})

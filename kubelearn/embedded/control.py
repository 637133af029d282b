"""The daemon's own door: a Unix socket for what the Kubernetes API has no word for.

To switch a machine off, to stop a component, to end the whole cluster: on kind these are docker
commands. The socket lies in the cluster's private folder, so the kernel lets only its owner in.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Protocol

from aiohttp import web

from kubelearn.errors import KubelearnError
from kubelearn.objects import Object


class Controlled(Protocol):
    """What the socket gives access to."""

    def status(self) -> Object:
        """Name, server, uptime, process id, memory."""
        ...

    def components(self) -> list[Object]:
        """Each component's name, node and state."""
        ...

    async def switch(self, component: str, *, on: bool) -> None:
        """Stop or start a component."""
        ...

    async def switch_node(self, node: str, *, on: bool) -> None:
        """Stop or start a node with all that runs on it."""
        ...

    def shut_down(self) -> None:
        """End the cluster soon."""
        ...


class ControlServer:
    """Serves the socket until it is closed."""

    def __init__(self, daemon: Controlled, path: Path) -> None:
        self._daemon = daemon
        self._path = path
        app = web.Application()
        app.add_routes(
            [
                web.get("/status", self._status),
                web.get("/components", self._components),
                web.post("/components/{name}/{verb:stop|start}", self._component),
                web.post("/nodes/{name}/{verb:stop|start}", self._node),
                web.post("/shutdown", self._shutdown),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)

    async def start(self) -> None:
        """Listen; a socket that a killed daemon left is replaced."""
        await self._runner.setup()
        with short_path(self._path) as path:
            await web.UnixSite(self._runner, path).start()
        self._path.chmod(0o600)

    async def stop(self) -> None:
        """Close the socket and remove it."""
        await self._runner.cleanup()
        self._path.unlink(missing_ok=True)

    async def _status(self, _: web.Request) -> web.Response:
        return web.json_response(self._daemon.status())

    async def _components(self, _: web.Request) -> web.Response:
        return web.json_response(self._daemon.components())

    async def _component(self, request: web.Request) -> web.Response:
        name, verb = request.match_info["name"], request.match_info["verb"]
        return await _done(lambda: self._daemon.switch(name, on=verb == "start"))

    async def _node(self, request: web.Request) -> web.Response:
        name, verb = request.match_info["name"], request.match_info["verb"]
        return await _done(lambda: self._daemon.switch_node(name, on=verb == "start"))

    async def _shutdown(self, _: web.Request) -> web.Response:
        # A moment later, so that this answer still gets out.
        asyncio.get_running_loop().call_later(0.01, self._daemon.shut_down)
        return web.json_response({})


async def _done(action: Callable[[], Awaitable[None]]) -> web.Response:
    try:
        await action()
    except KubelearnError as error:
        return web.json_response({"message": error.message, "hint": error.hint}, status=404)
    return web.json_response({})


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """Another path to the same socket that fits into the 108 bytes that the kernel allows."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)

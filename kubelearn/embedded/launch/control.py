"""The daemon's own door: a Unix socket for what the Kubernetes API has no word for.

To switch a machine off, to stop a component, to look into etcd, to end the whole cluster: on kind
these are docker commands. The socket lies in the cluster's private folder, so the kernel lets only
its owner in.

    GET  /status                        GET  /components
    POST /components/NAME/{start,stop}  POST /nodes/NAME/{start,stop}
    GET  /nodes/NAME/containers         GET  /nodes/NAME/processes
    GET  /services/NAMESPACE/NAME       ?node=
    GET  /etcd                          POST /etcd/compact       ?revision=
    GET  /etcd/keys                     ?prefix= revision= limit=
    GET  /etcd/watch                    ?prefix= start=          lines, each an event or empty
    POST /shutdown                      and what `loopcontrol` offers

What is refused has the code 400 and a body with the error's type, its message and a hint.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from aiohttp import web

from kubelearn.embedded.launch.inside import Inside, shown_event
from kubelearn.embedded.state import StateFolder
from kubelearn.embedded.store import Watch
from kubelearn.errors import KubelearnError
from kubelearn.objects import Object

# A watch writes at least so often: only a write finds out that its reader has gone.
_HEARTBEAT_SECONDS = 5.0
_CLOSE_SECONDS = 1.0


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

    async def load_image(self, name: str) -> None:
        """Bring an image of the image store to all nodes. Raises ContainerError, NotAvailable."""
        ...

    def remove_image(self, name: str) -> None:
        """Take an image off all nodes. Raises NotAvailable."""
        ...

    async def switch_node(self, name: str, *, on: bool) -> None:
        """Start or stop a node with all that runs on it. Raises NotAvailable."""
        ...

    def shut_down(self) -> None:
        """End the cluster soon."""
        ...


class ControlServer:
    """Serves the socket from `start` to `stop`."""

    def __init__(
        self,
        daemon: Controlled,
        inside: Inside,
        folder: StateFolder,
        *,
        more: Iterable[web.RouteDef] = (),
    ) -> None:
        self._daemon = daemon
        self._inside = inside
        self._folder = folder
        self._watches: set[Watch] = set()
        app = web.Application(middlewares=[_explain])
        app.add_routes(
            [
                web.get("/status", self._status),
                web.get("/components", self._components),
                web.post("/components/{name}/{verb:start|stop}", self._component),
                web.post("/nodes/{name}/{verb:start|stop}", self._node),
                web.get("/nodes/{name}/containers", self._containers),
                web.get("/nodes/{name}/processes", self._processes),
                web.get("/services/{namespace}/{name}", self._service),
                web.post("/images/load", self._load_image),
                web.post("/images/remove", self._remove_image),
                web.get("/etcd", self._etcd),
                web.get("/etcd/keys", self._keys),
                web.get("/etcd/watch", self._watch),
                web.post("/etcd/compact", self._compact),
                web.post("/shutdown", self._shutdown),
                *more,
            ]
        )
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=_CLOSE_SECONDS
        )

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
        for watch in self._watches:
            watch.close()
        await self._runner.cleanup()
        self._folder.control.unlink(missing_ok=True)

    async def _status(self, _: web.Request) -> web.Response:
        return web.json_response(self._daemon.status())

    async def _components(self, _: web.Request) -> web.Response:
        return web.json_response(self._daemon.describe_components())

    async def _component(self, request: web.Request) -> web.Response:
        name, verb = request.match_info["name"], request.match_info["verb"]
        await self._daemon.switch_component(name, on=verb == "start")
        return web.json_response({})

    async def _node(self, request: web.Request) -> web.Response:
        name, verb = request.match_info["name"], request.match_info["verb"]
        await self._daemon.switch_node(name, on=verb == "start")
        return web.json_response({})

    async def _load_image(self, request: web.Request) -> web.Response:
        await self._daemon.load_image(request.query["name"])
        return web.json_response({})

    async def _remove_image(self, request: web.Request) -> web.Response:
        self._daemon.remove_image(request.query["name"])
        return web.json_response({})

    async def _shutdown(self, _: web.Request) -> web.Response:
        self._daemon.shut_down()
        return web.json_response({})

    # --- what lies inside ---

    async def _containers(self, request: web.Request) -> web.Response:
        return web.json_response(self._inside.containers(request.match_info["name"]))

    async def _processes(self, request: web.Request) -> web.Response:
        return web.json_response(await self._inside.processes(request.match_info["name"]))

    async def _service(self, request: web.Request) -> web.Response:
        named, node = request.match_info, request.query.get("node", "")
        path = self._inside.service_path(named["namespace"], named["name"], node=node)
        return web.json_response(path)

    async def _etcd(self, _: web.Request) -> web.Response:
        return web.json_response(self._inside.etcd())

    async def _keys(self, request: web.Request) -> web.Response:
        prefix, revision, limit = (request.query[each] for each in ("prefix", "revision", "limit"))
        found = await self._inside.keys(prefix, revision=int(revision), limit=int(limit))
        return web.json_response(found)

    async def _compact(self, request: web.Request) -> web.Response:
        await self._inside.compact(int(request.query["revision"]))
        return web.json_response({})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        watch = self._inside.watch(request.query["prefix"], start=int(request.query["start"]))
        self._watches.add(watch)
        try:
            response = web.StreamResponse()
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):  # the reader has gone
                await self._send(watch, response)
            return response
        finally:
            self._watches.discard(watch)
            watch.close()

    async def _send(self, watch: Watch, response: web.StreamResponse) -> None:
        try:
            while True:
                lines = b"\n"
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_HEARTBEAT_SECONDS):
                        events = await anext(watch)
                    lines = b"".join(_json_line(shown_event(each)) for each in events)
                self._inside.etcd()  # raises once that is stopped
                await response.write(lines)
        except StopAsyncIteration:
            pass
        except KubelearnError as error:
            await response.write(_json_line({"error": _as_data(error)}))


def _json_line(data: Object) -> bytes:
    return json.dumps(data).encode() + b"\n"


@web.middleware
async def _explain(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except KubelearnError as error:
        return web.json_response(_as_data(error), status=400)


def _as_data(error: KubelearnError) -> Object:
    return {"type": type(error).__name__, "message": error.message, "hint": error.hint}

"""What probes and lifecycle hooks do: run a command, ask over HTTP, open a connection.

Follows `pkg/probe` and `pkg/kubelet/lifecycle/handlers.go`. Left out: the Event that tells of a
redirect to another host.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from kubelearn.containers.addresses import doors
from kubelearn.containers.runtime import Runtime, StartError
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.kubelet.names import duration
from kubelearn.objects import Object

_USER_AGENT = "kube-probe/1.36"
# What of a command's output an Event shows.
_OUTPUT = 10 * 2**10
_REDIRECTS, _MOVED = 10, (301, 302, 303, 307, 308)
# How often a connection is tried that was refused.
_AGAIN = 0.1


@dataclass(frozen=True)
class Outcome:
    """Whether it went well, and if not, what an Event should say."""

    ok: bool
    message: str = ""


@dataclass(frozen=True)
class Target:
    """The container that is asked."""

    container_id: str
    container: Object
    ip: str


class Handlers:
    """Carries out the `exec`, `httpGet`, `tcpSocket`, `grpc` and `sleep` of probes and hooks."""

    def __init__(self, runtime: Runtime, *, clock: Clock) -> None:
        self._runtime = runtime
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Give the connections back."""
        if self._session:
            await self._session.close()
            self._session = None

    async def run(self, action: Object, target: Target, timeout: float) -> Outcome:
        """Do it, within `timeout` seconds; a failure is an answer, not an error."""
        match action:
            case {"exec": what}:
                return await self._exec(what["command"], target, timeout)
            case {"httpGet": what}:
                return await self._http_get(what, target, timeout)
            case {"tcpSocket": what}:
                return await self._tcp_socket(what, target, timeout)
            case {"grpc": what}:
                return await self._grpc(what, target, timeout)
            case {"sleep": what}:
                await self._clock.sleep(what["seconds"])
                return Outcome(True)
        return Outcome(False, "missing probe handler")

    async def _exec(self, command: list[str], target: Target, timeout: float) -> Outcome:
        try:
            result = await self._runtime.exec_sync(target.container_id, command, timeout)
        except TimeoutError:
            return Outcome(False, f'command timed out: "{" ".join(command)}" after {timeout:g}s')
        except StartError as error:
            return Outcome(False, error.message)
        return Outcome(result.exit_code == 0, result.output[:_OUTPUT].decode(errors="replace"))

    async def _http_get(self, what: Object, target: Target, timeout: float) -> Outcome:
        host, port = what.get("host") or target.ip, _port(what["port"], target.container)
        scheme, path = (what.get("scheme") or "HTTP").lower(), what.get("path") or "/"
        headers = {each["name"]: each["value"] for each in what.get("httpHeaders") or []}
        outcome = Outcome(False)
        for each in doors(port):
            url = URL(f"{scheme}://{host}:{each}/{path.lstrip('/')}")
            try:
                return await self._get(url, headers, timeout)
            except (aiohttp.ClientError, OSError, ValueError) as error:
                words = f'Get "{url}": {_words(error, host, each)}'
                outcome = outcome if outcome.message else Outcome(False, words)
        return outcome

    async def _get(self, url: URL, headers: Mapping[str, str], timeout: float) -> Outcome:
        headers = {"User-Agent": _USER_AGENT, "Accept": "*/*", **headers}
        where = url
        async with asyncio.timeout(timeout):
            for _ in range(_REDIRECTS):
                async with self._http().get(
                    where, headers=headers, allow_redirects=False
                ) as response:
                    location = response.headers.get("Location")
                if response.status not in _MOVED or not location:
                    return _judged(response.status)
                if (where := where.join(URL(location))).host != url.host:
                    return Outcome(True)  # what another host says is no word about this pod
        return Outcome(False, f'Get "{where}": stopped after {_REDIRECTS} redirects')

    async def _tcp_socket(self, what: Object, target: Target, timeout: float) -> Outcome:
        host, port = what.get("host") or target.ip, _port(what["port"], target.container)
        outcome = Outcome(False)
        for each in doors(port):
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(host, each), timeout)
            except TimeoutError:
                return Outcome(False, f"dial tcp {host}:{port}: i/o timeout")
            except OSError as error:
                outcome = outcome if outcome.message else Outcome(False, _words(error, host, each))
            else:
                writer.close()
                return Outcome(True)
        return outcome

    async def _grpc(self, what: Object, target: Target, timeout: float) -> Outcome:
        # Loaded when it is needed: few pods have such a probe.
        from kubelearn.embedded.kubelet import grpchealth

        address, shown = f"{target.ip}:{what['port']}", duration(timeout)
        problem = f'timeout: failed to connect service "{address}" within {shown}: '
        problem += "context deadline exceeded"
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await self._connected(target.ip, what["port"])
                problem = f"timeout: health rpc did not complete within {shown}"
                try:
                    problem = await grpchealth.check(reader, writer, what.get("service") or "")
                finally:
                    writer.close()
        except TimeoutError:
            return Outcome(False, problem)
        return Outcome(not problem, problem)

    async def _connected(
        self, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection, as soon as somebody listens there."""
        while True:
            for each in doors(port):
                with contextlib.suppress(OSError):
                    return await asyncio.open_connection(host, each)
            await asyncio.sleep(_AGAIN)

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Every probe is a connection of its own, and certificates are not looked at.
            connector = aiohttp.TCPConnector(ssl=False, force_close=True, limit=0)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session


def _judged(status: int) -> Outcome:
    if 200 <= status < 400:
        return Outcome(True)
    return Outcome(False, f"HTTP probe failed with statuscode: {status}")


def _port(port: int | str, container: Object) -> int:
    """A port number; a name is looked up in the container's ports."""
    for each in container.get("ports") or []:
        if each.get("name") == port:
            return int(each["containerPort"])
    return int(port)


def _words(error: Exception, host: str, port: int) -> str:
    """An error as Go's network library tells it."""
    if isinstance(error, TimeoutError):
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ECONNREFUSED:
        return f"dial tcp {host}:{port}: connect: connection refused"
    return os.strerror(number).lower() if number else str(error)

"""The way of a connection from a Service's address to an endpoint.

On a real node the kernel does this, by the rules that kube-proxy wrote into its packet filter
(pkg/proxy/iptables): they stay when kube-proxy is stopped. So this object outlives the `Proxy` too.
Differences: connections end here and are passed on by hand; traffic that may not leave a node which
has no endpoint is refused, where packets would get lost; and an ordinary user cannot open ports
below 1024, which then answer 8000 higher.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from kubelearn.embedded.clock import Clock
from kubelearn.embedded.proxy.datagrams import Datagrams
from kubelearn.embedded.proxy.rules import Address, Rule
from kubelearn.embedded.proxy.splice import ClientEnd, End

_PRIVILEGED, _HIGHER = 1024, 8000
_BACKLOG = 512
# Take a free port only when it is known for which connection: from linux/in.h, not in `socket`.
_BIND_ADDRESS_NO_PORT = 24


@dataclass(frozen=True)
class Problem:
    """An address that cannot be listened on, and where it answers instead, if anywhere."""

    address: Address
    error: OSError
    instead: Address | None = None


@dataclass
class _Path:
    """One rule that is in force."""

    rule: Rule
    servers: dict[Address, asyncio.Server | Datagrams] = field(default_factory=dict)
    problems: dict[Address, Problem] = field(default_factory=dict)
    clients: dict[str, tuple[Address, float]] = field(default_factory=dict)

    def close(self) -> None:
        for server in self.servers.values():
            server.close()
        self.servers.clear()
        self.problems.clear()


class DataPath:
    """Listens on the addresses of Services; `node_of` tells on which node a client's address is."""

    def __init__(
        self,
        *,
        clock: Clock,
        random: random.Random,
        node_of: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._random = random
        self._node_of = node_of
        self._paths: dict[tuple[str, str, Address], _Path] = {}
        self._joining: set[asyncio.Task[None]] = set()

    def services(self) -> set[str]:
        """The keys of all Services with rules in force."""
        return {service for service, *_ in self._paths}

    def rules(self, service: str) -> list[Rule]:
        """The rules of a Service that are in force."""
        return [path.rule for (owner, *_), path in self._paths.items() if owner == service]

    def listening(self, service: str) -> dict[Address, Address]:
        """The addresses of a Service that are listened on, and where that is done in truth."""
        return {
            address: problem.instead or address if problem else address
            for (owner, *_), path in self._paths.items()
            if owner == service
            for address in path.servers
            for problem in [path.problems.get(address)]
        }

    async def apply(self, service: str, rules: Iterable[Rule]) -> list[Problem]:
        """Put a Service's rules in force instead of those before; tells what could not be done.

        Connections that exist are left alone, as packet filters leave them.
        """
        wanted = {(service, rule.protocol, rule.frontends[0]): rule for rule in rules}
        for key in [key for key in self._paths if key[0] == service and key not in wanted]:
            self._paths.pop(key).close()
        for key, rule in wanted.items():
            self._release(self._paths.setdefault(key, _Path(rule)), rule)
        # An address may have gone from one of a Service's rules to another.
        for key in wanted:
            await self._listen(self._paths[key])
        # Only now, so that port 80 never takes the place of the same Service's port 8080.
        found: list[Problem] = []
        for key in wanted:
            found += await self._fall_back(self._paths[key])
        return found

    async def close(self) -> None:
        """Stop listening."""
        for path in self._paths.values():
            path.close()
        self._paths.clear()
        for task in self._joining:
            task.cancel()

    def _release(self, path: _Path, rule: Rule) -> None:
        """Let a path follow a new rule: close what that has no use for."""
        path.rule = rule
        for address in path.servers.keys() - _listened(rule):
            path.servers.pop(address).close()
            path.problems.pop(address, None)
        for server in path.servers.values():
            if isinstance(server, Datagrams):
                server.keep(rule.endpoints)

    async def _listen(self, path: _Path) -> None:
        for address in _listened(path.rule) - path.servers.keys():
            path.problems.pop(address, None)
            try:
                path.servers[address] = await self._serve(path, address)
            except OSError as error:
                path.problems[address] = Problem(address, error)

    async def _fall_back(self, path: _Path) -> list[Problem]:
        for address, problem in path.problems.items():
            if address.port < _PRIVILEGED and address not in path.servers:
                higher = Address(address.ip, address.port + _HIGHER)
                with contextlib.suppress(OSError):
                    path.servers[address] = await self._serve(path, higher)
                    path.problems[address] = replace(problem, instead=higher)
        return list(path.problems.values())

    async def _serve(self, path: _Path, address: Address) -> asyncio.Server | Datagrams:
        udp = path.rule.protocol == "UDP"
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
        try:
            if not udp:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            return await (self._exchange if udp else self._accept)(path, listener)
        except BaseException:
            listener.close()
            raise

    async def _accept(self, path: _Path, listener: socket.socket) -> asyncio.Server:
        async def connect(make: Callable[[], End], client: str) -> None:
            await self._connect(path, make, client)

        return await asyncio.get_running_loop().create_server(
            lambda: ClientEnd(connect, self._joining), sock=listener, backlog=_BACKLOG
        )

    async def _exchange(self, path: _Path, listener: socket.socket) -> Datagrams:
        def choose(client: str) -> Address:
            return self._choose(path, client)

        async def connect(make: Callable[[], Any], place: Address, client: str) -> None:
            opened = await _connected(socket.SOCK_DGRAM, place, client)
            await asyncio.get_running_loop().create_datagram_endpoint(make, sock=opened)

        listener.setblocking(False)
        _, datagrams = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Datagrams(choose, connect, tasks=self._joining, higher=_HIGHER), sock=listener
        )
        return datagrams

    async def _connect(self, path: _Path, make: Callable[[], End], client: str) -> None:
        endpoint = self._choose(path, client)
        try:
            opened = await _connected(socket.SOCK_STREAM, endpoint, client)
        except ConnectionRefusedError:
            # The pod may have been kept from such a port in the same way as this proxy.
            if endpoint.port >= _PRIVILEGED:
                raise
            higher = Address(endpoint.ip, endpoint.port + _HIGHER)
            opened = await _connected(socket.SOCK_STREAM, higher, client)
        await asyncio.get_running_loop().create_connection(make, sock=opened)

    def _choose(self, path: _Path, client: str) -> Address:
        outside = client in path.rule.outsiders
        endpoints = path.rule.endpoints_for(None if outside else self._node_of(client))
        seconds, now = path.rule.affinity_seconds, 0.0
        if not endpoints:
            raise ConnectionRefusedError
        if seconds:
            now = self._clock.monotonic()
            chosen, last = path.clients.get(client, (None, 0.0))
            if chosen in endpoints and now - last < seconds:
                path.clients[client] = chosen, now
                return chosen
        chosen = self._random.choice(endpoints)
        if seconds:
            path.clients[client] = chosen, now
        return chosen


def _listened(rule: Rule) -> set[Address]:
    """Where to listen. Nobody listening is what "connection refused" means."""
    return set(rule.frontends) if rule.endpoints else set()


async def _connected(kind: int, place: Address, client: str) -> socket.socket:
    """A socket that is connected to a place, and looks there as if the client had opened it.

    Every address of the loopback network is ours to speak from, so the pod sees who asks.
    """
    opened = socket.socket(socket.AF_INET, kind)
    try:
        opened.setblocking(False)
        if client.startswith("127."):
            opened.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            opened.bind((client, 0))
        await asyncio.get_running_loop().sock_connect(opened, place)
    except BaseException:
        opened.close()
        raise
    return opened

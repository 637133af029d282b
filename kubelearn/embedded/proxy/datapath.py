"""The way of a connection from a Service's address to an endpoint.

On a real node the kernel does this, by the rules that kube-proxy wrote into its packet filter
(pkg/proxy/iptables): they stay when kube-proxy is stopped. So this object outlives the `Proxy` too.
Differences: connections end here and are passed on by hand, so an endpoint sees this machine as the
client; and an ordinary user cannot open ports below 1024, which then answer 8000 higher.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from kubelearn.embedded.clock import Clock
from kubelearn.embedded.proxy.rules import Address, Rule
from kubelearn.embedded.proxy.splice import ClientEnd, End

_PRIVILEGED, _HIGHER = 1024, 8000
_BACKLOG = 512


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
    servers: dict[Address, asyncio.Server] = field(default_factory=dict)
    problems: dict[Address, Problem] = field(default_factory=dict)
    clients: dict[str, tuple[Address, float]] = field(default_factory=dict)

    def close(self) -> None:
        for server in self.servers.values():
            server.close()
        self.servers.clear()
        self.problems.clear()


class DataPath:
    """Listens on the addresses of Services."""

    def __init__(self, *, clock: Clock, random: random.Random) -> None:
        self._clock = clock
        self._random = random
        self._paths: dict[tuple[str, int], _Path] = {}
        self._joining: set[asyncio.Task[None]] = set()

    def services(self) -> set[str]:
        """The keys of all Services with rules in force."""
        return {service for service, _ in self._paths}

    async def apply(self, service: str, rules: Iterable[Rule]) -> list[Problem]:
        """Put a Service's rules in force instead of those before; tells what could not be done.

        Connections that exist are left alone, as packet filters leave them.
        """
        wanted = {(service, rule.frontends[0].port): rule for rule in rules}
        for key in [key for key in self._paths if key[0] == service and key not in wanted]:
            self._paths.pop(key).close()
        for key, rule in wanted.items():
            path = self._paths.setdefault(key, _Path(rule))
            path.rule = rule
            await self._listen(path)
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

    async def _listen(self, path: _Path) -> None:
        # Nobody listening is what "connection refused" means, and a Service without endpoints
        # refuses connections.
        wanted = set(path.rule.frontends) if path.rule.endpoints else set()
        for address in path.servers.keys() - wanted:
            path.servers.pop(address).close()
            path.problems.pop(address, None)
        for address in wanted - path.servers.keys():
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

    async def _serve(self, path: _Path, address: Address) -> asyncio.Server:
        async def connect(make: Callable[[], End], client: str) -> None:
            await self._connect(path, make, client)

        listener = socket.socket(socket.AF_INET)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            loop = asyncio.get_running_loop()
            return await loop.create_server(
                lambda: ClientEnd(connect, self._joining), sock=listener, backlog=_BACKLOG
            )
        except BaseException:
            listener.close()
            raise

    async def _connect(self, path: _Path, make: Callable[[], End], client: str) -> None:
        loop, endpoint = asyncio.get_running_loop(), self._choose(path, client)
        try:
            await loop.create_connection(make, *endpoint)
        except ConnectionRefusedError:
            # The pod may have been kept from such a port in the same way as this proxy.
            if endpoint.port >= _PRIVILEGED:
                raise
            await loop.create_connection(make, endpoint.ip, endpoint.port + _HIGHER)

    def _choose(self, path: _Path, client: str) -> Address:
        endpoints, seconds, now = path.rule.endpoints, path.rule.affinity_seconds, 0.0
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

"""What the way through a Service costs: the proxy beside a direct connection, and the DNS.

    python bench/proxy.py
    python bench/proxy.py --seconds 3      longer, for less noise

The proxy, the client and the endpoint are three processes, as they are in a cluster. On a machine
with fewer processors than that they take each other's time, and the proxy looks dearer than it is.
"""

# ruff: noqa: D102

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import socket
import statistics
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from kubelearn.dnsmessage import A, Message, encode
from kubelearn.embedded.clock import SystemClock
from kubelearn.embedded.dns import zone
from kubelearn.embedded.dns.zone import Zone
from kubelearn.embedded.indexer import Indexer
from kubelearn.embedded.proxy import DataPath
from kubelearn.embedded.proxy.rules import Address, Rule

PAIRS = {"TCP": ("127.125.255.1", "127.125.255.2"), "UDP": ("127.125.255.3", "127.125.255.4")}
PORT = 20080
CHUNK = bytes(65536)
Measure = Callable[[Address, float], float]


@dataclass(frozen=True)
class Row:
    """Something to measure: how it is called, its unit, and which number is better."""

    name: str
    unit: str
    measure: Measure
    protocol: str = "TCP"


# --- the processes beside the client -------------------------------------------------------------


class Echo(asyncio.DatagramProtocol):
    """Answers each datagram with itself."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, client: object) -> None:
        self.transport.sendto(data, client)  # type: ignore[attr-defined]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each line with a page, or send without end to who asks for `more`."""
    with closing(writer), suppress(OSError):
        while line := await reader.readline():
            while line == b"more\n":
                writer.write(CHUNK)
                await writer.drain()
            writer.write(b"x" * 200)


async def serve_endpoint() -> None:
    """Be the pod."""
    await asyncio.start_server(answer, PAIRS["TCP"][0], PORT)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Echo, local_addr=(PAIRS["UDP"][0], PORT))


async def serve_proxy() -> None:
    """Be kube-proxy's data path, for one Service of each protocol."""
    path = DataPath(clock=SystemClock(), random=random.Random(1))
    for protocol, (endpoint, frontend) in PAIRS.items():
        rule = Rule((Address(frontend, PORT),), (Address(endpoint, PORT),), protocol=protocol)
        problems = await path.apply(f"default/{protocol}", [rule])
        assert not problems, problems


def process(serve: Callable[[], object], ready: Connection) -> None:
    """Run one of those until killed."""

    async def forever() -> None:
        await serve()  # type: ignore[misc]
        ready.send(True)
        await asyncio.Event().wait()

    asyncio.run(forever())


# --- what is measured ----------------------------------------------------------------------------


def per_second(once: Callable[[], object], seconds: float) -> float:
    """How often something can be done in a second, one after another."""
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        once()
        count += 1
    return count / passed


def new_connections(place: Address, seconds: float) -> float:
    def once() -> None:
        with socket.create_connection(place) as client:
            client.sendall(b"hello\n")
            client.recv(1000)

    return per_second(once, seconds)


def requests(place: Address, seconds: float) -> float:
    with socket.create_connection(place) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def once() -> None:
            client.sendall(b"hello\n")
            client.recv(1000)

        return per_second(once, seconds)


def throughput(place: Address, seconds: float) -> float:
    with socket.create_connection(place) as client:
        client.sendall(b"more\n")
        received, start = 0, time.perf_counter()
        while (passed := time.perf_counter() - start) < seconds:
            received += len(client.recv(2**20))
    return received / passed / 2**20


def datagrams(place: Address, seconds: float) -> float:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(place)

        def once() -> None:
            client.send(b"hello")
            client.recv(1000)

        return per_second(once, seconds)


ROWS = (
    Row("requests, each with a new connection", "1/s", new_connections),
    Row("requests on one connection", "1/s", requests),
    Row("a download", "MiB/s", throughput),
    Row("datagrams, there and back", "1/s", datagrams, "UDP"),
)


def names(seconds: float) -> float:
    """Names found in a second among 1000 Services, with their bytes made."""
    services, slices, namespaces = Indexer(), Indexer(), Indexer()
    slices.add_index(zone.SERVICE_NAME, zone.slice_service)
    namespaces.put({"metadata": {"name": "default"}})
    for i in range(1000):
        spec = {"clusterIPs": [f"127.64.128.{i % 250}"], "ports": [{"port": 80}]}
        services.put({"metadata": {"name": f"web-{i}", "namespace": "default"}, "spec": spec})
    known = Zone(services=services, slices=slices, namespaces=namespaces)
    question = Message(1, "web-500.default.svc.cluster.local", A)

    def once() -> None:
        found = known.find(question.name, question.type)
        assert found
        encode(question.reply(answers=found.answers))

    return per_second(once, seconds)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each number; default 1")
    parser.add_argument("--rounds", type=int, default=3, help="of which the middle counts")
    options = parser.parse_args()
    running = []
    for serve in (serve_endpoint, serve_proxy):
        ready, told = multiprocessing.Pipe()
        running.append(multiprocessing.Process(target=process, args=(serve, told), daemon=True))
        running[-1].start()
        ready.recv()
    print(f"{'':40}{'unit':>8}{'direct':>10}{'Service':>10}{'ratio':>8}")
    for row in ROWS:
        found = [
            statistics.median(
                row.measure(Address(ip, PORT), options.seconds) for _ in range(options.rounds)
            )
            for ip in PAIRS[row.protocol]
        ]
        ratio = found[0] / found[1]
        print(f"{row.name:40}{row.unit:>8}{found[0]:10.0f}{found[1]:10.0f}{ratio:7.1f}x")
    print(f"{'names that the DNS finds':40}{'1/s':>8}{'':10}{names(options.seconds):10.0f}")
    for each in running:
        each.kill()


if __name__ == "__main__":
    main()

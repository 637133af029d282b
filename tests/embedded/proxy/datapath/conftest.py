"""A data path over real sockets, and servers behind it."""

import asyncio
import contextlib
import random

import pytest

from kubelearn.embedded.clock import SystemClock
from kubelearn.embedded.proxy.datapath import DataPath
from kubelearn.embedded.proxy.rules import Address, Rule
from tests.embedded.loopback import free_port

HOST = "127.99.128.7"


class StoppedClock(SystemClock):
    """Time that passes only when a test says so."""

    def __init__(self):
        self.time = 0.0

    def monotonic(self):
        return self.time


@pytest.fixture
def clock():
    return StoppedClock()


NODES = {"127.99.1.1": "a", "127.99.2.1": "b"}


@pytest.fixture
async def datapath(clock):
    made = DataPath(clock=clock, random=random.Random(1), node_of=NODES.get)
    yield made
    await made.close()


@pytest.fixture
async def start():
    """Start a server on a free port; the answer is its address."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(handle, ip="127.0.0.1", port=0):
            server = await asyncio.start_server(handle, ip, port)
            await stack.enter_async_context(server)
            stack.callback(server.close)
            return Address(*server.sockets[0].getsockname())

        yield make


def rule(*endpoints, port=None, affinity=0, host=HOST):
    """A rule for one address of a Service."""
    return Rule((Address(host, port or free_port(HOST)),), endpoints, affinity)


def naming(name):
    """A handler that sends a name and hangs up."""

    async def handle(_, writer):
        writer.write(name.encode())
        writer.close()

    return handle


async def echo(reader, writer):
    """A handler that answers once it has received everything."""
    writer.write(b"got " + await reader.read())
    writer.close()


async def ask(address, text=b""):
    """Send a text, and read to the end."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(text)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer

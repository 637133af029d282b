"""Ports of a node that lead to its pods, over real sockets."""

import asyncio
import contextlib
import logging
import os
import random
import socket
from datetime import UTC, datetime

import pytest

from kubelearn.containers.runtime import PortMapping, Sandbox, SandboxConfig
from kubelearn.embedded.clock import SystemClock
from kubelearn.embedded.launch.portmap import PortMap

NODE, POD, OTHER = (
    f"127.{100 + os.getpid() % 27}.{os.getpid() // 27 % 250}.{i}" for i in (2, 3, 4)
)


def sandbox(*mappings):
    config = SandboxConfig("shop", "web", "uid", "web", port_mappings=mappings)
    return Sandbox("1", config, POD, datetime(2026, 1, 1, tzinfo=UTC))


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((NODE, 0))
        return probe.getsockname()[1]


@pytest.fixture
def ports():
    return PortMap(NODE, clock=SystemClock(), random=random.Random(1))


@pytest.fixture
async def pod_port():
    """The port at which the pod says hello."""

    async def hello(_, writer):
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(hello, POD)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def said(ip, port):
    """What is said there; None where the connection is refused."""
    with contextlib.suppress(ConnectionRefusedError):
        reader, writer = await asyncio.open_connection(ip, port)
        text = await reader.read()
        writer.close()
        return text.decode()


async def test_a_port_leads_to_the_pod_until_its_sandbox_goes(ports, pod_port):
    port = free_port()
    found = sandbox(PortMapping(port, pod_port))
    await ports.add(found)
    assert await said(NODE, port) == "hello"
    assert await said(OTHER, port) is None
    await ports.remove(found)
    assert await said(NODE, port) is None


async def test_a_port_can_be_had_at_one_address_alone(ports, pod_port):
    port = free_port()
    found = sandbox(PortMapping(port, pod_port, host_ip=OTHER))
    await ports.add(found)
    assert await said(OTHER, port) == "hello"
    assert await said(NODE, port) is None
    await ports.remove(found)


async def test_two_protocols_can_have_the_same_port(ports, pod_port):
    loop, port = asyncio.get_running_loop(), free_port(socket.SOCK_DGRAM)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as pod:
        pod.bind((POD, 0))
        pod.setblocking(False)
        udp = PortMapping(port, pod.getsockname()[1], protocol="UDP")
        found = sandbox(PortMapping(port, pod_port), udp)
        await ports.add(found)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"hi", (NODE, port))
            async with asyncio.timeout(20):
                assert await loop.sock_recv(pod, 100) == b"hi"
        assert await said(NODE, port) == "hello"
        await ports.remove(found)


async def test_a_port_that_is_taken_is_told_in_the_log(ports, pod_port, caplog):
    with socket.create_server((NODE, 0)) as taken, caplog.at_level(logging.WARNING):
        port = taken.getsockname()[1]
        await ports.add(sandbox(PortMapping(port, pod_port)))
    assert f"{NODE}:{port} does not lead to pod shop/web: Address already in use" in caplog.text


async def test_what_cannot_be_forwarded_is_left_out(ports, caplog):
    sctp, ipv6 = PortMapping(80, 80, protocol="SCTP"), PortMapping(80, 80, host_ip="::")
    await ports.add(sandbox(sctp, ipv6))
    assert not caplog.text

"""What programs mean by "here" is their pod, whatever they are written in."""

import asyncio
import contextlib
import os
import shutil
import socket
import struct
import subprocess
import sys

import pytest

from kubelearn.containers.shim import podports
from kubelearn.containers.sockets import Place, home, start_in_pod, there

# Addresses that no cluster takes, nor another run of the tests.
POD = f"127.{30 + os.getpid() % 30}.{os.getpid() // 30 % 250}.9"
PORT = 18080


def ipv4(host, port):
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, socket.inet_aton(host))


def ipv6(host, port):
    packed = socket.inet_pton(socket.AF_INET6, host)
    return struct.pack("=H", socket.AF_INET6) + struct.pack("!HI16sI", port, 0, packed, 0)


@pytest.mark.parametrize("here", ["0.0.0.0", "127.0.0.1"])
@pytest.mark.parametrize("listens", [True, False])
def test_here_is_the_pod(here, listens):
    meant = home(ipv4(here, PORT), socket.inet_aton(POD), listens=listens)
    assert meant == ipv4(POD, PORT)


@pytest.mark.parametrize("here", ["::", "::1", "::ffff:127.0.0.1"])
def test_here_is_the_pod_in_the_words_of_ipv6(here):
    meant = home(ipv6(here, PORT), socket.inet_aton(POD), listens=True)
    assert meant == ipv6(f"::ffff:{POD}", PORT)


@pytest.mark.parametrize(
    "address",
    [
        ipv4("127.0.0.53", 53),
        ipv4("192.0.2.1", 80),
        ipv6("2001:db8::1", 80),
        b"\x01\x00/run/x",
        b"",
    ],
)
def test_elsewhere_stays_elsewhere(address):
    assert home(address, socket.inet_aton(POD), listens=False) == address


def test_a_client_that_takes_any_port_may_go_anywhere():
    address = ipv4("0.0.0.0", 0)
    assert home(address, socket.inet_aton(POD), listens=True) == address


async def output(*words):
    """What a program says that was started in the pod."""
    process = start_in_pod(
        Place(POD), lambda: subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    )
    return (await asyncio.to_thread(process.communicate))[0].strip()


async def _connected():
    """A connection to the pod's port, as soon as somebody listens there."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                return await asyncio.open_connection(POD, PORT)
            await asyncio.sleep(0.02)


async def test_a_server_of_any_language_listens_at_its_pod():
    if not shutil.which("busybox"):
        pytest.skip("no BusyBox on this machine")
    server = start_in_pod(
        Place(POD),
        lambda: subprocess.Popen(["busybox", "nc", "-l", "-p", str(PORT), "-e", "echo", "hi"]),
    )
    reader, writer = await _connected()
    assert await reader.read() == b"hi\n"
    writer.close()
    await asyncio.to_thread(server.wait)


async def test_a_client_finds_its_pod_at_localhost():
    with socket.create_server((POD, PORT)) as server:
        asking = (
            "import socket; print(socket.create_connection(('localhost', %d)).getpeername()[0])"
        )
        assert await output(sys.executable, "-c", asking % PORT) == POD
        server.accept()[0].close()


async def test_children_of_the_process_are_asked_too_and_the_answering_ends_with_the_last():
    asking = "import socket; s = socket.socket(); s.bind(('', %d)); print(s.getsockname()[0])"
    open_before = len(os.listdir("/proc/self/fd"))
    said = await output("sh", "-c", f'"{sys.executable}" -c "{asking % (PORT + 1)}"; true')
    assert said == POD
    while len(os.listdir("/proc/self/fd")) > open_before:
        await asyncio.sleep(0.02)


async def test_a_process_that_ends_while_it_asks_holds_nobody_up():
    ask = "s = socket.socket(); s.bind(('', 0)); s.close()"
    forever = f"import socket\n{ask}\nprint('asked', flush=True)\nwhile True: {ask}"
    command = [sys.executable, "-c", forever]
    running = [
        start_in_pod(Place(POD), lambda: subprocess.Popen(command, stdout=subprocess.PIPE))
        for _ in range(3)
    ]
    for process in running:
        with process:
            assert await asyncio.to_thread(process.stdout.readline) == b"asked\n"
            process.kill()
    assert await output("echo", "on we go") == "on we go"


async def test_whom_a_client_asks_in_the_cluster_sees_its_pod():
    # Only addresses of clusters count; this one is at the end of the last block.
    host = "127.126.255.7"
    with socket.create_server((host, PORT)) as server:
        asking = f"import socket; socket.create_connection(('{host}', {PORT})).recv(1)"
        pending = asyncio.create_task(output(sys.executable, "-c", asking))
        connection, (client, _) = await asyncio.to_thread(server.accept)
        connection.close()
        await pending
    assert client == POD


async def arrives(*, sent, at):
    """Whether a datagram that a pod sends to one address comes to another."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(at)
        client = "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
        await output(sys.executable, "-c", f"import socket; {client}.sendto(b'hello', {sent})")
        server.settimeout(20)
        return await asyncio.to_thread(server.recv, 100) == b"hello"


async def test_a_datagram_to_localhost_reaches_its_pod():
    assert await arrives(sent=("127.0.0.1", PORT), at=(POD, PORT))


async def test_a_datagram_to_a_low_port_of_the_cluster_finds_the_higher_one(monkeypatch):
    monkeypatch.setattr(podports, "first_free_port", lambda: 1024)
    host = "127.126.255.7"
    assert await arrives(sent=(host, 53), at=(host, 8053))


async def test_a_server_of_datagrams_answers_the_machine_that_asked():
    serving = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        f"s.bind(('', {PORT + 2})); print('ready', flush=True)\n"
        "data, sender = s.recvfrom(100); s.sendto(data.upper(), sender)"
    )
    command = [sys.executable, "-c", serving]
    process = start_in_pod(
        Place(POD), lambda: subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    )
    assert await asyncio.to_thread(process.stdout.readline) == "ready\n"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.1", 0))
        client.settimeout(20)
        client.sendto(b"hello", (POD, PORT + 2))
        assert await asyncio.to_thread(client.recv, 100) == b"HELLO"
    await asyncio.to_thread(process.communicate)


def test_the_machines_name_server_is_the_pods():
    servers = {"192.0.2.53": "192.0.2.10", "127.0.0.1": "192.0.2.10"}
    for host in servers:
        assert there(ipv4(host, 53), servers) == ipv4("192.0.2.10", 53)
    for address in (ipv4("192.0.2.53", 80), ipv4("192.0.2.54", 53), ipv6("2001:db8::1", 53), b""):
        assert there(address, servers) == address


def test_low_ports_of_the_cluster_are_higher_for_ordinary_users(monkeypatch):
    monkeypatch.setattr(podports, "first_free_port", lambda: 1024)
    assert there(ipv4("127.64.128.9", 80), {}) == ipv4("127.64.128.9", 8080)
    for host, port in (("127.64.128.9", 1024), ("192.0.2.1", 80), ("127.0.0.1", 80)):
        assert there(ipv4(host, port), {}) == ipv4(host, port)

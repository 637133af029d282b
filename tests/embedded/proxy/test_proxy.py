"""The proxy's control loop, over an API server in memory and real sockets."""

import asyncio
import errno
import random
import socket

import pytest

from kubelearn.embedded.proxy import DataPath, Proxy, proxy
from kubelearn.objects import ENDPOINT_SLICES, EVENTS, SERVICE_NAME, SERVICES
from tests.embedded.loopback import free_port

HOST = "127.99.129.7"


def service(port, name="web"):
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"clusterIP": HOST, "ports": [{"port": port, "protocol": "TCP"}]},
    }


def piece(endpoint, name="web"):
    labels = {SERVICE_NAME: name}
    return {
        "metadata": {"name": f"{name}-1", "namespace": "default", "labels": labels},
        "ports": [{"name": "", "port": endpoint[1]}],
        "endpoints": [{"addresses": [endpoint[0]], "conditions": {"ready": True}}],
    }


@pytest.fixture
async def datapath(clock):
    made = DataPath(clock=clock, random=random.Random(1))
    yield made
    await made.close()


@pytest.fixture
async def start(api, clock, datapath):
    """Start the proxy; the answer is its task."""
    tasks = []

    async def make():
        task = asyncio.create_task(
            Proxy(api, datapath=datapath, clock=clock, node_addresses={}).run()
        )
        tasks.append(task)
        await clock.advance(0)
        return task

    yield make
    for task in tasks:
        await end(task)


@pytest.fixture
async def endpoint():
    async def handle(_, writer):
        writer.write(b"hello")
        writer.close()

    async with await asyncio.start_server(handle, HOST, 0) as server:
        yield server.sockets[0].getsockname()
        server.close()


async def end(task):
    task.cancel()
    await asyncio.wait([task])


async def ask(port):
    reader, writer = await asyncio.open_connection(HOST, port)
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_service_answers_as_soon_as_it_has_an_endpoint(api, clock, start, endpoint):
    await start()
    port = free_port(HOST)
    await api.create(SERVICES, service(port))
    await clock.advance(0)
    with pytest.raises(ConnectionRefusedError):
        await ask(port)
    await api.create(ENDPOINT_SLICES, piece(endpoint))
    await clock.advance(0)
    assert await ask(port) == b"hello"


async def test_a_deleted_service_answers_no_more(api, clock, start, endpoint):
    port = free_port(HOST)
    await api.create(SERVICES, service(port))
    await api.create(ENDPOINT_SLICES, piece(endpoint))
    await start()
    assert await ask(port) == b"hello"
    await api.delete(SERVICES, "web", "default")
    await clock.advance(0)
    with pytest.raises(ConnectionRefusedError):
        await ask(port)


async def test_addresses_answer_while_the_proxy_is_stopped_and_it_catches_up_later(
    api, clock, start, endpoint
):
    port, other = free_port(HOST), free_port(HOST)
    await api.create(SERVICES, service(port))
    await api.create(ENDPOINT_SLICES, piece(endpoint))
    proxy = await start()
    await end(proxy)
    assert await ask(port) == b"hello"
    await api.delete(SERVICES, "web", "default")
    await api.create(SERVICES, service(other, name="new"))
    await api.create(ENDPOINT_SLICES, piece(endpoint, name="new"))
    assert await ask(port) == b"hello"
    await start()
    assert await ask(other) == b"hello"
    with pytest.raises(ConnectionRefusedError):
        await ask(port)


async def test_a_taken_address_is_told_once_and_had_when_it_is_free(api, clock, start, endpoint):
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        await api.create(SERVICES, service(port))
        await api.create(ENDPOINT_SLICES, piece(endpoint))
        await start()
        await clock.advance(65)
        event = api.one(EVENTS)
        assert event["type"] == "Warning"
        assert f"{HOST}:{port} is taken by another program" in event["message"]
        assert f"sport = :{port}" in event["message"]
    await clock.advance(30)
    assert await ask(port) == b"hello"


async def test_a_port_kept_for_root_is_told_with_the_remedy(api, clock, start, monkeypatch):
    async def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(DataPath, "_serve", refuse)
    await api.create(SERVICES, service(80))
    await api.create(ENDPOINT_SLICES, piece((HOST, 8080)))
    await start()
    message = api.one(EVENTS)["message"]
    assert f"{HOST}:80 may not be opened by an ordinary user" in message
    assert "sudo sysctl net.ipv4.ip_unprivileged_port_start=80" in message


async def test_a_service_that_takes_long_is_looked_at_less_often(api, clock, start, monkeypatch):
    looked_at = []

    def slowly(*_, **__):
        looked_at.append(clock.monotonic())
        clock._elapsed += 1  # works, and lets nobody else have a turn
        return []

    monkeypatch.setattr(proxy, "rules_of", slowly)
    await api.create(SERVICES, service(80))
    await start()
    for number in range(5):
        labels = {"n": str(number)}
        await api.patch(SERVICES, "web", {"metadata": {"labels": labels}}, "default")
        await clock.advance(0)
    assert len(looked_at) == 1
    await clock.advance(19)
    assert len(looked_at) == 2

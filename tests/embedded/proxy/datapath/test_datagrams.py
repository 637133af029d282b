"""Datagrams to Service addresses, over real sockets."""

import asyncio

import pytest

from kubelearn.embedded.proxy.rules import Address, Rule
from tests.embedded.loopback import free_port
from tests.embedded.proxy.datapath.conftest import HOST, ask, naming, rule


class Upper(asyncio.DatagramProtocol):
    """A server that answers in capitals, with its name and the client's address."""

    def __init__(self, name=""):
        self.name = name

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, client):
        answer = f"{self.name} {client[0]} {data.decode().upper()}"
        self.transport.sendto(answer.encode(), client)


class Asking(asyncio.DatagramProtocol):
    """A client that waits for each answer."""

    def __init__(self):
        self.answers = asyncio.Queue()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, _):
        self.answers.put_nowait(data.decode())

    def error_received(self, error):
        self.answers.put_nowait(error)

    async def ask(self, text):
        self.transport.sendto(text.encode())
        async with asyncio.timeout(20):
            return await self.answers.get()


@pytest.fixture
async def datagrams():
    """Open a socket for datagrams; gives its protocol, and its address."""
    opened = []

    async def make(protocol, **where):
        loop = asyncio.get_running_loop()
        transport, made = await loop.create_datagram_endpoint(lambda: protocol, **where)
        opened.append(transport)
        return made, Address(*transport.get_extra_info("sockname"))

    yield make
    for transport in opened:
        transport.close()


def udp(*endpoints, port=None, affinity=0):
    return Rule((Address(HOST, port or free_port(HOST)),), endpoints, affinity, "UDP")


async def test_datagrams_reach_an_endpoint_and_answers_come_back(datapath, datagrams):
    _, endpoint = await datagrams(Upper("a"), local_addr=("127.0.0.1", 0))
    wanted = udp(endpoint)
    assert await datapath.apply("default/dns", [wanted]) == []
    place = {"remote_addr": wanted.frontends[0], "local_addr": ("127.99.1.1", 0)}
    client, _ = await datagrams(Asking(), **place)
    assert await client.ask("hello") == "a 127.99.1.1 HELLO"
    assert await client.ask("again") == "a 127.99.1.1 AGAIN"


async def test_each_client_stays_with_its_endpoint_and_gets_its_own_answers(datapath, datagrams):
    endpoints = [(await datagrams(Upper(name), local_addr=(HOST, 0)))[1] for name in "abc"]
    wanted = udp(*endpoints)
    await datapath.apply("default/dns", [wanted])
    names = set()
    for number in range(10):
        client, _ = await datagrams(Asking(), remote_addr=wanted.frontends[0])
        first, second = [(await client.ask(f"x{number}")).split() for _ in range(2)]
        assert first == second
        assert first[2] == f"X{number}"
        names.add(first[0])
    assert len(names) > 1


async def test_a_client_whose_endpoint_is_gone_gets_another(datapath, datagrams):
    _, old = await datagrams(Upper("old"), local_addr=(HOST, 0))
    _, new = await datagrams(Upper("new"), local_addr=(HOST, 0))
    wanted = udp(old)
    await datapath.apply("default/dns", [wanted])
    client, _ = await datagrams(Asking(), remote_addr=wanted.frontends[0])
    assert (await client.ask("x")).startswith("old")
    await datapath.apply("default/dns", [Rule(wanted.frontends, (new,), 0, "UDP")])
    assert (await client.ask("x")).startswith("new")


async def test_datagrams_to_a_service_without_endpoints_are_refused(datapath, datagrams):
    wanted = udp()
    await datapath.apply("default/dns", [wanted])
    client, _ = await datagrams(Asking(), remote_addr=wanted.frontends[0])
    assert isinstance(await client.ask("x"), ConnectionRefusedError)


async def test_one_port_may_take_connections_and_datagrams(datapath, datagrams, start):
    _, endpoint = await datagrams(Upper("a"), local_addr=(HOST, 0))
    port = free_port(HOST)
    both = [udp(endpoint, port=port), rule(await start(naming("b")), port=port)]
    assert await datapath.apply("default/dns", both) == []
    client, _ = await datagrams(Asking(), remote_addr=(HOST, port))
    assert (await client.ask("x")).startswith("a ")
    assert await ask((HOST, port)) == b"b"


async def test_datagrams_for_a_low_port_are_looked_for_8000_higher(datapath, datagrams):
    await datagrams(Upper("moved"), local_addr=(HOST, 8084))
    wanted = udp(Address(HOST, 84))
    await datapath.apply("default/dns", [wanted])
    client, _ = await datagrams(Asking(), remote_addr=wanted.frontends[0])
    assert (await client.ask("x")).startswith("moved")

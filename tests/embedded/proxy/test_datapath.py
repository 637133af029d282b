"""Connections to Service addresses, over real sockets."""

import asyncio
import contextlib
import errno
import os
import random
import socket

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
    reader, writer = await asyncio.open_connection(*address)
    writer.write(text)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_connection_reaches_an_endpoint_and_each_direction_ends_by_itself(datapath, start):
    wanted = rule(await start(echo))
    assert await datapath.apply("default/web", [wanted]) == []
    assert await ask(wanted.frontends[0], b"hello") == b"got hello"


async def test_much_data_passes_unharmed_and_at_the_slower_sides_pace(datapath, start):
    content = os.urandom(5_000_000)

    async def send(_, writer):
        writer.write(content)
        writer.close()

    wanted = rule(await start(send))
    await datapath.apply("default/web", [wanted])
    reader, writer = await asyncio.open_connection(*wanted.frontends[0], limit=4096)
    received = bytearray()
    while piece := await reader.read(1000):
        received += piece
    writer.close()
    assert bytes(received) == content


async def test_all_endpoints_get_connections(datapath, start):
    wanted = rule(await start(naming("a")), await start(naming("b")))
    await datapath.apply("default/web", [wanted])
    answers = {await ask(wanted.frontends[0]) for _ in range(30)}
    assert answers == {b"a", b"b"}


async def test_a_service_without_endpoints_refuses_connections(datapath, start):
    empty = rule()
    await datapath.apply("default/web", [empty])
    with pytest.raises(ConnectionRefusedError):
        await ask(empty.frontends[0])
    full = Rule(empty.frontends, (await start(naming("a")),), 0)
    await datapath.apply("default/web", [full])
    assert await ask(full.frontends[0]) == b"a"
    await datapath.apply("default/web", [empty])
    with pytest.raises(ConnectionRefusedError):
        await ask(empty.frontends[0])


async def test_new_connections_go_to_new_endpoints_and_old_ones_stay(datapath, start):
    port = free_port(HOST)
    await datapath.apply("default/web", [rule(await start(echo), port=port)])
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"begun")
    await writer.drain()
    # Until this second connection is answered, the first has not been joined for certain.
    await ask((HOST, port))
    await datapath.apply("default/web", [rule(await start(naming("new")), port=port)])
    assert await ask((HOST, port)) == b"new"
    writer.write_eof()
    assert await reader.read() == b"got begun"
    writer.close()


async def test_an_endpoint_that_refuses_breaks_the_connection_off(datapath):
    wanted = rule(Address(HOST, free_port(HOST)))
    await datapath.apply("default/web", [wanted])
    with pytest.raises(ConnectionResetError):
        await ask(wanted.frontends[0])


async def test_a_broken_connection_is_broken_on_the_other_side_too(datapath, start):
    broken = asyncio.get_running_loop().create_future()

    async def wait(reader, writer):
        try:
            broken.set_result(await reader.read())
        except ConnectionResetError:
            broken.set_result("reset")
        writer.close()

    wanted = rule(await start(wait))
    await datapath.apply("default/web", [wanted])
    _, writer = await asyncio.open_connection(*wanted.frontends[0])
    writer.write(b"x")
    await writer.drain()
    opened = writer.get_extra_info("socket")
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()
    assert await broken == "reset"


async def test_a_client_with_affinity_stays_with_its_endpoint_until_it_has_been_away(
    datapath, start, clock
):
    endpoints = [await start(naming(name)) for name in "abcdef"]
    wanted = rule(*endpoints, affinity=60)
    await datapath.apply("default/web", [wanted])
    first = await ask(wanted.frontends[0])
    for _ in range(10):
        clock.time += 50
        assert await ask(wanted.frontends[0]) == first
    later = set()
    for _ in range(10):
        clock.time += 61
        later.add(await ask(wanted.frontends[0]))
    assert len(later) > 1


async def test_a_removed_service_listens_no_more(datapath, start):
    wanted = rule(await start(naming("a")))
    await datapath.apply("default/web", [wanted])
    await datapath.apply("default/web", [])
    assert datapath.services() == set()
    with pytest.raises(ConnectionRefusedError):
        await ask(wanted.frontends[0])


async def test_an_address_that_is_taken_is_told_and_tried_again(datapath, start):
    taken = await start(naming("other"), ip=HOST)
    wanted = Rule((taken,), (await start(naming("a")),), 0)
    [problem] = await datapath.apply("default/web", [wanted])
    assert (problem.address, problem.error.errno) == (taken, errno.EADDRINUSE)
    assert problem.instead is None


@pytest.fixture
def ordinary_user():
    """Root without its rights over ports; an ordinary user has none to lose."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_low_port_of_an_ordinary_user_answers_8000_higher(datapath, start, ordinary_user):
    wanted = rule(await start(naming("a")), port=81)
    [problem] = await datapath.apply("default/web", [wanted])
    assert problem.error.errno == errno.EACCES
    assert problem.instead == Address(HOST, 8081)
    assert await ask(problem.instead) == b"a"


async def test_a_low_port_never_takes_the_place_of_a_port_that_was_asked_for(
    datapath, start, ordinary_user
):
    low, high = (
        rule(await start(naming("low")), port=82),
        rule(await start(naming("high")), port=8082),
    )
    [problem] = await datapath.apply("default/web", [low, high])
    assert problem.instead is None
    assert await ask((HOST, 8082)) == b"high"


async def test_an_endpoint_on_a_low_port_is_looked_for_8000_higher(datapath, start):
    await start(naming("moved"), ip=HOST, port=8083)
    wanted = rule(Address(HOST, 83))
    await datapath.apply("default/web", [wanted])
    assert await ask(wanted.frontends[0]) == b"moved"


async def name_client(_, writer):
    """A handler that tells its client's address."""
    writer.write(writer.get_extra_info("peername")[0].encode())
    writer.close()


async def ask_from(ip, address):
    reader, writer = await asyncio.open_connection(*address, local_addr=(ip, 0))
    answer = await reader.read()
    writer.close()
    return answer.decode()


async def test_an_endpoint_sees_who_asks(datapath, start):
    wanted = rule(await start(name_client))
    await datapath.apply("default/web", [wanted])
    assert await ask_from("127.99.1.1", wanted.frontends[0]) == "127.99.1.1"


async def test_traffic_that_stays_local_goes_by_the_clients_node(datapath, start):
    a, b = await start(naming("a")), await start(naming("b"))
    wanted = Rule(rule().frontends, (a, b), by_node={"a": (a,)})
    await datapath.apply("default/web", [wanted])
    assert {await ask_from("127.99.1.1", wanted.frontends[0]) for _ in range(10)} == {"a"}
    assert {await ask_from("127.99.3.1", wanted.frontends[0]) for _ in range(20)} == {"a", "b"}
    with pytest.raises(ConnectionResetError):
        await ask_from("127.99.2.1", wanted.frontends[0])


async def test_a_node_may_count_as_outside(datapath, start):
    a, b = await start(naming("a")), await start(naming("b"))
    outsiders = frozenset({"127.99.1.1"})
    wanted = Rule(rule().frontends, (a,), by_node={"a": (b,), "b": (b,)}, outsiders=outsiders)
    await datapath.apply("default/web", [wanted])
    assert await ask_from("127.99.1.1", wanted.frontends[0]) == "a"
    assert await ask_from("127.99.2.1", wanted.frontends[0]) == "b"


async def test_an_address_may_move_from_one_rule_to_another(datapath, start):
    web, node = rule().frontends[0], rule().frontends[0]
    a, b = await start(naming("a")), await start(naming("b"))
    await datapath.apply("default/web", [Rule((web, node), (a,))])
    assert await datapath.apply("default/web", [Rule((node,), (b,)), Rule((web,), (a,))]) == []
    assert (await ask(web), await ask(node)) == (b"a", b"b")
    assert await datapath.apply("default/web", [Rule((web, node), (a,))]) == []
    assert await ask(node) == b"a"


async def test_an_address_of_a_removed_service_can_be_anothers(datapath, start):
    wanted = rule(await start(naming("old")))
    await datapath.apply("default/old", [wanted])
    await datapath.apply("default/old", [])
    await datapath.apply(
        "default/new", [rule(await start(naming("new")), port=wanted.frontends[0].port)]
    )
    assert await ask(wanted.frontends[0]) == b"new"


# --- datagrams ---


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

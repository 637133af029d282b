"""Connections to Service addresses, over real sockets."""

import asyncio
import errno
import os
import socket

import pytest

from kubelearn.embedded.proxy.rules import Address, Rule
from tests.embedded.loopback import free_port
from tests.embedded.proxy.datapath.conftest import HOST, ask, echo, naming, rule


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

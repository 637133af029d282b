"""The DNS server over real sockets; the API server is in memory."""

import asyncio
import random
import struct

import pytest

from kubelearn.dnsmessage import (
    NOERROR,
    NOTIMP,
    NXDOMAIN,
    SERVFAIL,
    SOA,
    A,
    Message,
    Record,
    decode,
    encode,
)
from kubelearn.embedded.dns.forward import Forwarder
from kubelearn.embedded.dns.server import DnsServer
from kubelearn.objects import ENDPOINT_SLICES, NAMESPACES, SERVICE_NAME, SERVICES
from tests.embedded.loopback import free_port

HOST = "127.99.130.7"
WEB = "web.default.svc.cluster.local"


def service(name="web", **spec):
    ports = [{"port": 80, "protocol": "TCP"}]
    spec = {"clusterIP": "10.0.0.9", "clusterIPs": ["10.0.0.9"], "ports": ports, **spec}
    return {"metadata": {"name": name, "namespace": "default"}, "spec": spec}


class Elsewhere(asyncio.DatagramProtocol):
    """A name server that knows one address for every name."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, client):
        question = decode(data)
        record = Record(question.name, A, 60, "192.0.2.1")
        self.transport.sendto(encode(question.reply(answers=[record])), client)


@pytest.fixture
async def elsewhere(tmp_path):
    """A forwarder to a server that runs."""
    loop, port = asyncio.get_running_loop(), free_port(HOST)
    transport, _ = await loop.create_datagram_endpoint(Elsewhere, local_addr=(HOST, port))
    file = tmp_path / "resolv.conf"
    file.write_text(f"# comment\nsearch example.com\nnameserver {HOST}\n")
    yield Forwarder(file, port=port)
    transport.close()


@pytest.fixture
async def start(api, clock):
    """Run a server; gives its port."""
    tasks = []

    async def make(forwarder=None):
        port = free_port(HOST)
        server = DnsServer(
            api,
            host=HOST,
            port=port,
            clock=clock,
            random=random.Random(1),
            forwarder=forwarder or Forwarder(tmp_missing),
        )
        tasks.append(asyncio.create_task(server.run()))
        await clock.advance(0)
        return port

    tmp_missing = type("NoFile", (), {"read_text": _missing})()
    await api.create(NAMESPACES, {"metadata": {"name": "default"}})
    yield make
    for task in tasks:
        task.cancel()
        await asyncio.wait([task])


def _missing(_):
    raise FileNotFoundError


class Client(asyncio.DatagramProtocol):
    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()

    def datagram_received(self, data, _):
        self.answer.set_result(data)


async def ask(port, name, kind=A, **fields):
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_datagram_endpoint(Client, remote_addr=(HOST, port))
    transport.sendto(encode(Message(7, name, kind, **fields)))
    async with asyncio.timeout(20):
        answer = await client.answer
    transport.close()
    return decode(answer)


async def ask_by_tcp(port, *names):
    reader, writer = await asyncio.open_connection(HOST, port)
    answers = []
    for name in names:
        query = encode(Message(7, name, A))
        writer.write(struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        answers.append(decode(await reader.readexactly(length)))
    writer.close()
    return answers


def data(answer):
    return [record.data for record in answer.answers]


async def test_a_service_is_known_as_soon_as_it_is_there_and_no_longer(api, clock, start):
    port = await start()
    answer = await ask(port, WEB)
    assert (answer.rcode, answer.id, answer.authoritative) == (NXDOMAIN, 7, True)
    [authority] = answer.authorities
    assert (authority.name, authority.type) == ("cluster.local", SOA)
    await api.create(SERVICES, service())
    await clock.advance(0)
    answer = await ask(port, WEB)
    assert (answer.rcode, data(answer)) == (NOERROR, ["10.0.0.9"])
    await api.delete(SERVICES, "web", "default")
    await clock.advance(0)
    assert (await ask(port, WEB)).rcode == NXDOMAIN


async def test_a_connection_may_ask_several_things(api, start):
    await api.create(SERVICES, service())
    port = await start()
    found, none = await ask_by_tcp(port, WEB, "nosuch.default.svc.cluster.local")
    assert (data(found), none.rcode) == (["10.0.0.9"], NXDOMAIN)


async def test_a_long_answer_is_cut_for_who_takes_no_more(api, start):
    await api.create(SERVICES, service(clusterIP="None", clusterIPs=["None"]))
    endpoints = [{"addresses": [f"10.0.0.{i}"], "conditions": {"ready": True}} for i in range(100)]
    meta = {"name": "web-1", "namespace": "default", "labels": {SERVICE_NAME: "web"}}
    await api.create(ENDPOINT_SLICES, {"metadata": meta, "endpoints": endpoints})
    port = await start()
    assert (await ask(port, WEB)).truncated
    assert len(data(await ask(port, WEB, udp_size=4096))) == 100
    [whole] = await ask_by_tcp(port, WEB)
    assert len(data(whole)) == 100


async def test_names_outside_are_asked_for_elsewhere(start, elsewhere):
    answer = await ask(await start(elsewhere), "example.com")
    assert (answer.id, data(answer)) == (7, ["192.0.2.1"])


async def test_an_alias_comes_with_the_addresses_behind_it(api, start, elsewhere):
    fields = {"type": "ExternalName", "externalName": "example.com", "clusterIP": ""}
    await api.create(SERVICES, service("docs", **fields))
    answer = await ask(await start(elsewhere), "docs.default.svc.cluster.local")
    assert data(answer) == ["example.com", "192.0.2.1"]


async def test_nobody_outside_is_asked_for_names_of_the_cluster(start, elsewhere):
    answer = await ask(await start(elsewhere), "nosuch.default.svc.cluster.local")
    assert answer.rcode == NXDOMAIN


async def test_a_machine_without_name_servers_fails_at_once(start):
    assert (await ask(await start(), "example.com")).rcode == SERVFAIL


async def test_what_is_no_question_is_answered_shortly_or_not_at_all(start):
    port = await start()
    assert (await ask(port, WEB, opcode=4)).rcode == NOTIMP
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"\0\3abc")
    assert await reader.read() == b""
    writer.close()

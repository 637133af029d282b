"""Names in containers: by the system's own library, and by ours where there is no other way."""

import asyncio
import contextlib
import random

import pytest

from kubelearn.containers import bundle
from kubelearn.containers.shim.podnames import Resolver
from kubelearn.containers.shim.podports import real_port
from kubelearn.dnsmessage import NXDOMAIN, PTR, A, Record, decode, encode

plain = pytest.mark.parametrize("node", ["process"], indirect=True)

# Addresses of a cluster that nobody has: blocks begin with 127.64 and are claimed one by one.
HOST = f"127.126.{random.randrange(256)}.{random.randrange(2, 250)}"
NAMES = {
    "web.default.svc.cluster.local": HOST,
    "many.default.svc.cluster.local": HOST,
    "example.com": "192.0.2.1",
}


class Server(asyncio.DatagramProtocol):
    """A name server of the cluster, and whom it was asked for."""

    def __init__(self):
        self.asked = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, client):
        self.transport.sendto(self.answer(decode(data), limit=512), client)

    def answer(self, question, limit=None):
        self.asked.append(question.name)
        if question.type == PTR:
            records = [Record(question.name, PTR, 1, "web.default.svc.cluster.local")]
        elif question.name not in NAMES:
            return encode(question.reply(NXDOMAIN))
        elif question.type != A:
            records = []
        else:
            count = 40 if question.name.startswith("many") else 1
            records = [Record(question.name, A, 1, NAMES[question.name])] * count
        return encode(question.reply(answers=records), limit=limit)

    async def converse(self, reader, writer):
        # The system's library asks for both families on one connection.
        while head := await reader.read(2):
            query = await reader.readexactly(int.from_bytes(head))
            answer = self.answer(decode(query))
            writer.write(len(answer).to_bytes(2) + answer)
        writer.close()


@pytest.fixture
async def server():
    """A name server at the port that the resolver asks."""
    loop, port = asyncio.get_running_loop(), real_port(HOST, 53)
    transport, made = await loop.create_datagram_endpoint(Server, local_addr=(HOST, port))
    async with await asyncio.start_server(made.converse, HOST, port) as stream:
        yield made
        stream.close()
    transport.close()


@pytest.fixture
async def web():
    """A web server at the address of the name `web`."""

    async def handle(reader, writer):
        # A client that was killed meanwhile asks nothing.
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            host = head.partition(b"Host: ")[2].partition(b"\r\n")[0]
            writer.write(b"HTTP/1.0 200 OK\r\n\r\nhello, " + host + b"\n")

    async with await asyncio.start_server(handle, HOST, real_port(HOST, 80)) as made:
        yield
        made.close()


@pytest.fixture(params=["own view", "no view"])
def pod_files(request, tmp_path, monkeypatch):
    """A container's fields that give it resolver files, in a view of its own and without."""
    from kubelearn.containers.runtime import DnsConfig, Mount

    def refuse(files, *, hostname):
        raise PermissionError

    if request.param == "no view":
        monkeypatch.setattr(bundle, "Namespaces", refuse)
    elif real_port(HOST, 53) != 53:
        pytest.skip("this user may not listen where the system's library asks")
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1\tlocalhost\n{HOST}\talias other # words\n")
    searches = ["default.svc.cluster.local", "svc.cluster.local"]
    return DnsConfig([HOST], searches, ["ndots:5"]), [Mount("/etc/hosts", hosts)]


@pytest.fixture
def printed(node, pod_files):
    """What a command prints in a container."""
    dns, mounts = pod_files

    async def run(*command, image="busybox"):
        sandbox = await node.sandbox(f"p{random.random()}", dns=dns)
        return await node.output(sandbox, *command, image=image, mounts=mounts)

    return run


@plain
async def test_a_container_reads_its_own_files(printed):
    expected = (
        f"search default.svc.cluster.local svc.cluster.local\nnameserver {HOST}\noptions ndots:5"
    )
    assert await printed("cat", "/etc/resolv.conf") == expected
    script = "print(open('/etc/resolv.conf').read(), end='')"
    assert await printed("python", "-c", script, image="python") == expected


@plain
async def test_wget_finds_a_name(printed, server, web):
    assert await printed("wget", "-q", "-O", "-", "http://web/") == "hello, web"
    assert await printed("wget", "-qO-", "web") == "hello, web"


@plain
async def test_wget_says_that_it_does_not_know_a_name(printed, server):
    assert "wget: bad address 'nosuch'" in await printed("wget", "-qO-", "nosuch")


@plain
async def test_nslookup_shows_the_full_name_and_its_address(printed, server):
    text = await printed("nslookup", "web")
    assert f"Name:\tweb.default.svc.cluster.local\nAddress: {HOST}" in text


@plain
async def test_python_finds_names_in_every_way(printed, server, web):
    script = """
import asyncio, socket, urllib.request
print(socket.gethostbyname("web"), socket.gethostbyname_ex("web")[2])
print({item[4] for item in socket.getaddrinfo("web", 80, type=socket.SOCK_STREAM)})
print(socket.gethostbyname("other"), socket.gethostbyaddr("alias")[0], socket.getfqdn("web"))
print({item[4][0] for item in socket.getaddrinfo("many", 80, type=socket.SOCK_STREAM)})
print(urllib.request.urlopen("http://web").read())
direct = socket.socket()
direct.connect(("web", 80))
async def main():
    print(await asyncio.get_running_loop().getaddrinfo("localhost", 1) != [])
asyncio.run(main())
"""
    lines = (await printed("python", "-c", script, image="python")).splitlines()
    assert lines[0] == f"{HOST} ['{HOST}']"
    assert str(HOST) in lines[1]
    assert lines[2].split()[:2] == [HOST, "alias"]
    assert lines[3] == f"{{'{HOST}'}}"
    assert lines[4:] == ["b'hello, web\\n'", "True"]


@plain
async def test_python_says_that_it_does_not_know_a_name(printed, server):
    script = "import socket; socket.create_connection(('nosuch', 80))"
    text = await printed("python", "-c", script, image="python")
    assert "socket.gaierror: [Errno -2] Name or service not known" in text


@pytest.fixture
def resolver(tmp_path):
    """A resolver with a pod's usual files."""
    (tmp_path / "resolv.conf").write_text(
        f"search default.svc.cluster.local svc.cluster.local\nnameserver {HOST}\n"
        "options ndots:2 timeout:1 attempts:1\n"
    )
    return Resolver(str(tmp_path))


async def test_names_with_few_dots_are_looked_for_in_the_search_path_first(resolver, server):
    found = await asyncio.to_thread(resolver.find, "web")
    assert found == ("web.default.svc.cluster.local", [HOST])
    with pytest.raises(OSError, match="Name or service not known"):
        await asyncio.to_thread(resolver.find, "nosuch.x")
    assert server.asked[-3:] == [
        "nosuch.x.default.svc.cluster.local",
        "nosuch.x.svc.cluster.local",
        "nosuch.x",
    ]


async def test_names_with_many_dots_or_one_at_the_end_are_complete(resolver, server):
    await asyncio.to_thread(resolver.find, "web.default.svc.cluster.local")
    await asyncio.to_thread(resolver.find, "example.com.")
    assert server.asked == ["web.default.svc.cluster.local", "example.com"]


async def test_a_long_answer_is_asked_for_again_by_tcp(resolver, server):
    assert len((await asyncio.to_thread(resolver.find, "many"))[1]) == 40


async def test_a_server_that_does_not_answer_is_another_failure(resolver):
    with pytest.raises(OSError, match="Temporary failure in name resolution"):
        await asyncio.to_thread(resolver.find, "web")

"""Connections that a kubelet forwards to a pod's ports."""

import struct
from contextlib import asynccontextmanager

import pytest

from kubelearn.embedded.kubelet.portforward import CHANNELS, TUNNEL
from kubelearn.embedded.kubelet.spdy import Frame
from tests.embedded.kubelet.spdyclient import SpdyClient

ECHO = """
import socketserver
class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        # All of it, up to the end of what the client has to say.
        heard = self.rfile.read()
        print("heard", len(heard), flush=True)
        self.wfile.write(b"echo " + heard)
socketserver.ThreadingTCPServer.allow_reuse_address = True
server = socketserver.ThreadingTCPServer(("", 8080), Echo)
print("three", flush=True)
server.serve_forever()
"""


@pytest.fixture
async def echo(machine, pod_of):
    """A pod that sends everything back when it has heard it all."""
    await machine.run(pod_of(container={"command": ["python", "-c", ECHO]}))
    await machine.phase("Running")
    await machine.log_has("three")
    return machine


@pytest.fixture
def tunnel(http):
    """A SPDY client inside a WebSocket, as kubectl is one."""

    @asynccontextmanager
    async def connect():
        async with http.ws_connect("/portForward/default/p", protocols=[TUNNEL]) as socket:
            assert socket.protocol == TUNNEL
            buffer = bytearray()

            async def read(size):
                while len(buffer) < size:
                    buffer.extend(await socket.receive_bytes())
                data = bytes(buffer[:size])
                del buffer[:size]
                return data

            yield SpdyClient(read, socket.send_bytes)

    return connect


async def open_pair(client, number, port, request):
    headers = {"port": str(port), "requestID": str(request)}
    await client.open(number, streamType="error", **headers)
    await client.open(number + 2, streamType="data", **headers)


async def test_connections_share_one_tunnel_and_can_be_half_closed(echo, tunnel):
    async with tunnel() as client:
        await open_pair(client, 1, 8080, 0)
        await open_pair(client, 5, 8080, 1)
        await client.send(3, b"one")
        await client.send(7, b"two", last=True)
        assert await client.all(7) == b"echo two"
        await client.send(3, b"!", last=True)
        assert await client.all(3) == b"echo one!"


async def test_a_client_that_goes_takes_its_connections_along(echo, tunnel):
    async with tunnel() as client:
        await open_pair(client, 1, 8080, 0)
        await client.send(3, b"12345")
        # Both streams are answered, so the connection is on its way.
        assert [(await client.frame())[0] for _ in range(2)] == [Frame.SYN_REPLY] * 2
    # The pod reads up to the end, which comes with the client's end.
    await echo.log_has("heard ")


async def test_old_clients_give_their_connections_no_ids(echo, tunnel):
    async with tunnel() as client:
        await client.open(1, streamType="error", port="8080")
        await client.open(3, streamType="data", port="8080")
        await client.send(3, b"x", last=True)
        assert await client.all(3) == b"echo x"


async def test_a_port_where_nobody_listens_is_told_on_the_error_stream(echo, tunnel):
    async with tunnel() as client:
        await open_pair(client, 1, 8081, 0)
        told = (await client.all(1)).decode()
    sandbox = echo.kubelet.worker("default", "p").view.sandbox
    assert told == (
        f"error forwarding port 8081 to pod {sandbox.id}, uid : failed to connect to "
        f"localhost:8081 inside namespace {sandbox.ip}: "
        f"dial tcp4 {sandbox.ip}:8081: connect: connection refused"
    )


@pytest.mark.parametrize("protocols", [[CHANNELS], ["v5.channel.k8s.io", CHANNELS], []])
async def test_plain_channels_begin_with_the_ports_number(echo, http, protocols):
    path = "/portForward/default/p?port=8080,8081"
    async with http.ws_connect(path, protocols=protocols) as socket:
        assert socket.protocol == (CHANNELS if protocols else None)
        first = {}
        told = b""
        while len(first) < 4 or not told:
            message = await socket.receive_bytes()
            if message[0] in first:
                told += message[1:]
            first.setdefault(message[0], message[1:])
    expected = struct.pack("<H", 8080), struct.pack("<H", 8081)
    assert [first[number] for number in range(4)] == [expected[0]] * 2 + [expected[1]] * 2
    assert b"error forwarding port 8081 to pod" in told


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("", 400, 'query parameter "port" is required'),
        ("?port=x", 400, 'unable to parse "x" as a port'),
        ("?port=0", 400, 'port "0" must be > 0'),
    ],
)
async def test_a_websocket_needs_ports(echo, http, query, code, words):
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
    async with http.get(f"/portForward/default/p{query}", headers=headers) as answer:
        assert (answer.status, await answer.text()) == (code, words)


async def test_there_is_no_way_without_an_upgrade(echo, http):
    async with http.post("/portForward/default/p") as answer:
        assert (answer.status, await answer.text()) == (400, "Upgrade request required")


async def test_a_pod_that_is_not_here_has_no_ports(machine, http):
    async with http.post("/portForward/default/p") as answer:
        assert (answer.status, await answer.text()) == (404, "pod does not exist")

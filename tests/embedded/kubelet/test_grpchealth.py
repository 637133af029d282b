"""Health checks over gRPC, against a small server on HTTP/2."""

import asyncio
import contextlib

import h2.config
import h2.connection
import h2.events
import pytest

from kubelearn.embedded.kubelet.handlers import Handlers, Target

HEALTHY = b"\0\0\0\0\x02\x08\x01"


@pytest.fixture
async def serve():
    """Listen on a free port and answer every call so; gives the port, and what was asked."""
    servers, asked = [], []

    async def handle(reader, writer, body, trailers):
        http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        http.initiate_connection()
        with contextlib.closing(writer):
            while data := await reader.read(65536):
                for event in http.receive_data(data):
                    match event:
                        case h2.events.RequestReceived():
                            asked.append(dict(event.headers))
                        case h2.events.DataReceived():
                            asked.append(event.data)
                        case h2.events.StreamEnded():
                            http.send_headers(1, [(":status", "200")])
                            http.send_data(1, body)
                            http.send_headers(1, trailers, end_stream=True)
                writer.write(http.data_to_send())

    async def start(body=b"", code=0, message=""):
        trailers = [("grpc-status", str(code)), ("grpc-message", message)]
        server = await asyncio.start_server(
            lambda reader, writer: handle(reader, writer, body, trailers), "127.0.0.1"
        )
        servers.append(server)
        return server.sockets[0].getsockname()[1], asked

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def probe(clock):
    """What a probe of a port comes to."""

    async def call(port, service=None, timeout=5.0):
        what = {"port": port, **({"service": service} if service else {})}
        target = Target("c1", {"name": "app"}, "127.0.0.1")
        return await Handlers(None, clock=clock).run({"grpc": what}, target, timeout)

    return call


async def test_a_server_that_serves_is_healthy(serve, probe):
    port, asked = await serve(HEALTHY)
    assert (await probe(port)).ok
    head, message = asked
    assert head[b":path"] == b"/grpc.health.v1.Health/Check"
    assert head[b"content-type"] == b"application/grpc"
    assert message == b"\0\0\0\0\0"


async def test_a_service_is_asked_for_by_its_name(serve, probe):
    port, asked = await serve(HEALTHY)
    assert (await probe(port, "db")).ok
    assert asked[1] == b"\0\0\0\0\x04\x0a\x02db"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {"body": b"\0\0\0\0\x02\x08\x02"},
            'service unhealthy (responded with "NOT_SERVING")',
        ),
        ({"body": b"\0\0\0\0\0"}, 'service unhealthy (responded with "UNKNOWN")'),
        (
            {"code": 5, "message": "unknown%20service"},
            "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service",
        ),
        (
            {"code": 12, "message": "unknown method"},
            "error: this server does not implement the grpc health protocol "
            "(grpc.health.v1.Health): unknown method",
        ),
    ],
)
async def test_all_else_is_told_in_upstreams_words(serve, probe, answer, words):
    port, _ = await serve(**answer)
    outcome = await probe(port)
    assert (outcome.ok, outcome.message) == (False, words)


async def test_a_port_where_nobody_listens_is_waited_for(probe):
    with contextlib.closing(await asyncio.start_server(lambda *_: None, "127.0.0.1")) as server:
        port = server.sockets[0].getsockname()[1]
    assert (await probe(port, timeout=0.2)).message.startswith(
        f'timeout: failed to connect service "127.0.0.1:{port}" within '
    )


async def test_silence_has_an_end(probe):
    async def handle(reader, writer):
        with contextlib.closing(writer):
            await reader.read()

    server = await asyncio.start_server(handle, "127.0.0.1")
    outcome = await probe(server.sockets[0].getsockname()[1], timeout=0.2)
    assert outcome.message.startswith("timeout: health rpc did not complete within")
    server.close()


async def test_what_speaks_something_else_is_told(probe):
    async def handle(reader, writer):
        with contextlib.closing(writer):
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()

    server = await asyncio.start_server(handle, "127.0.0.1")
    outcome = await probe(server.sockets[0].getsockname()[1])
    assert outcome.message.startswith("error: health rpc probe failed: rpc error: code = Unavail")
    server.close()

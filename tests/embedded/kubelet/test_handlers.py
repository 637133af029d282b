"""What probes and hooks do."""

import asyncio
import contextlib
import socket

import pytest

from kubelearn.containers.runtime import ExecResult, StartError
from kubelearn.embedded.kubelet.handlers import Handlers, Outcome, Target


class Runtime:
    """Answers commands by their name."""

    async def exec_sync(self, container_id, command, timeout):
        match command[0]:
            case "good":
                return ExecResult(0, b"fine\n")
            case "bad":
                return ExecResult(1, b"broken\n")
            case "slow":
                raise TimeoutError
        raise StartError("not found")


@pytest.fixture
async def run(clock):
    """Carry out an action against a container with these ports."""
    handlers = Handlers(Runtime(), clock=clock)

    async def call(action, *, ports=(), timeout=1):
        container = {"name": "app", "ports": list(ports)}
        return await handlers.run(action, Target("c1", container, "127.0.0.1"), timeout)

    yield call
    await handlers.close()


@pytest.fixture
async def serve():
    """Listen on a free port of 127.0.0.1 and give the same answer to everybody."""
    servers, heads = [], []

    async def start(answer):
        async def handle(reader, writer):
            with contextlib.closing(writer):
                try:
                    heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
                except asyncio.IncompleteReadError:
                    return  # a probe of the port alone asks nothing
                if answer is None:
                    await reader.read()  # never answers
                else:
                    writer.write(answer.encode())

        servers.append(await asyncio.start_server(handle, "127.0.0.1", 0))
        return servers[-1].sockets[0].getsockname()[1]

    start.heads = heads
    yield start
    for server in servers:
        server.close()


def answer(status):
    return f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\nLocation: /there\r\n\r\n"


@pytest.fixture
def closed_port():
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (["good"], Outcome(True, "fine\n")),
        (["bad"], Outcome(False, "broken\n")),
        (["slow", "one"], Outcome(False, 'command timed out: "slow one" after 1s')),
        (["none"], Outcome(False, "not found")),
    ],
)
async def test_a_command_succeeds_by_its_exit_code(run, command, outcome):
    assert await run({"exec": {"command": command}}) == outcome


@pytest.mark.parametrize("status", [200, 204, 300, 399])
async def test_an_answer_below_400_is_good(run, serve, status):
    port = await serve(answer(status))
    assert (await run({"httpGet": {"port": port}})).ok


def moved(location):
    return f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {location}\r\n\r\n"


async def test_a_redirect_on_the_same_host_is_followed(run, serve):
    bad = await serve(answer(500))
    port = await serve(moved(f"http://127.0.0.1:{bad}/login"))
    outcome = await run({"httpGet": {"port": port}})
    assert outcome == Outcome(False, "HTTP probe failed with statuscode: 500")
    assert serve.heads[-1].startswith("GET /login ")


async def test_a_redirect_to_another_host_is_good(run, serve):
    port = await serve(moved("http://other.example/login"))
    assert (await run({"httpGet": {"port": port}})).ok


async def test_redirects_have_an_end(run, serve):
    port = await serve(moved("/again"))
    outcome = await run({"httpGet": {"port": port}}, timeout=20)
    words = f'Get "http://127.0.0.1:{port}/again": stopped after 10 redirects'
    assert outcome == Outcome(False, words)


async def test_other_answers_are_not(run, serve):
    port = await serve(answer(500))
    outcome = await run({"httpGet": {"port": port, "path": "/readyz"}})
    assert outcome == Outcome(False, "HTTP probe failed with statuscode: 500")


async def test_a_request_says_who_asks_and_carries_headers(run, serve):
    port = await serve(answer(200))
    headers = [{"name": "X-Token", "value": "abc"}]
    await run({"httpGet": {"port": port, "path": "healthz", "httpHeaders": headers}})
    [head] = serve.heads
    assert head.startswith("GET /healthz HTTP/1.1\r\n")
    assert "User-Agent: kube-probe/1.36\r\n" in head
    assert "X-Token: abc\r\n" in head


async def test_a_port_may_have_a_name(run, serve):
    port = await serve(answer(200))
    ports = [{"name": "web", "containerPort": port}]
    assert (await run({"httpGet": {"port": "web"}}, ports=ports)).ok
    assert (await run({"tcpSocket": {"port": "web"}}, ports=ports)).ok


async def test_a_closed_port_is_told_in_upstreams_words(run, closed_port):
    refused = f"dial tcp 127.0.0.1:{closed_port}: connect: connection refused"
    outcome = await run({"httpGet": {"port": closed_port, "path": "/health"}})
    assert outcome.message == f'Get "http://127.0.0.1:{closed_port}/health": {refused}'
    assert (await run({"tcpSocket": {"port": closed_port}})).message == refused


async def test_a_port_that_is_roots_is_looked_for_higher(run, serve, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    port = await serve(answer(200))
    monkeypatch.setattr("kubelearn.containers.addresses._HIGHER", port - 81)
    assert (await run({"httpGet": {"port": 81}})).ok
    assert (await run({"tcpSocket": {"port": 81}})).ok
    assert (await run({"tcpSocket": {"port": 82}})).message.endswith(
        ":82: connect: connection refused"
    )


async def test_silence_is_told_in_upstreams_words(run, serve):
    port = await serve(None)
    outcome = await run({"httpGet": {"port": port}}, timeout=0.01)
    assert outcome.message == (
        f'Get "http://127.0.0.1:{port}/": context deadline exceeded '
        "(Client.Timeout exceeded while awaiting headers)"
    )


async def test_an_end_without_an_answer_is_told(run, serve):
    port = await serve("")
    assert (await run({"httpGet": {"port": port}})).message.endswith(": EOF")


async def test_sleeping_is_a_hook_too(run, clock):
    task = asyncio.create_task(run({"sleep": {"seconds": 5}}))
    await clock.advance(4)
    assert not task.done()
    await clock.advance(1)
    assert (await task).ok


async def test_what_is_unknown_fails(run):
    assert not (await run({"magic": {}})).ok

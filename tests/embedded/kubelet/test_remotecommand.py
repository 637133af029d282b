"""exec on SPDY, as older kubectls speak it."""

import json

import aiohttp
import pytest
from yarl import URL

from kubelearn.embedded import upgrade
from kubelearn.embedded.kubelet.spdy import Frame
from tests.embedded.kubelet.spdyclient import SpdyClient

V4 = "v4.channel.k8s.io"


@pytest.fixture
async def execute(machine, pod_of):
    """Run a command in the pod; `streams` are opened in this order, numbered 1, 3, 5 and so on."""
    await machine.run(pod_of("echo three; exec sleep 600"))
    await machine.phase("Running")
    base = URL.build(scheme="http", host=machine.config.ip, port=machine.config.port)

    async def call(*command, streams, send=(), **query):
        url = (base / "exec/default/p/app").with_query([("command", each) for each in command])
        headers = {"Upgrade": upgrade.SPDY, upgrade.PROTOCOL_VERSION: V4}
        async with aiohttp.ClientSession() as session:
            answer, connection = await upgrade.ask(session, url.update_query(query), headers)
            assert answer.headers[upgrade.PROTOCOL_VERSION] == V4

            async def write(data):
                connection.writer.write(data)

            client = SpdyClient(connection.reader.readexactly, write)
            for number, kind in enumerate(streams):
                await client.open(2 * number + 1, streamType=kind)
            for number, data, last in send:
                await client.send(number, data, last=last)
            received = dict.fromkeys(streams, b"")
            while (frame := await client.frame())[0] is not Frame.GOAWAY:
                if not isinstance(frame[0], Frame):
                    received[streams[frame[0] // 2]] += frame[1]
            connection.close()
            return received

    return call


async def test_output_and_status_come_on_their_streams(execute):
    script = "echo out; echo err >&2; exit 3"
    streams = ["error", "stdout", "stderr"]
    got = await execute("sh", "-c", script, streams=streams, output="1", error="1")
    assert (got["stdout"], got["stderr"]) == (b"out\n", b"err\n")
    assert json.loads(got["error"])["details"]["causes"][0]["message"] == "3"


async def test_input_has_an_end(execute):
    streams = ["error", "stdin", "stdout"]
    send = [(3, b"hel", False), (3, b"lo", True)]
    got = await execute("cat", streams=streams, send=send, input="1", output="1")
    assert got["stdout"] == b"hello"
    assert json.loads(got["error"])["status"] == "Success"


async def test_a_terminal_can_be_resized(execute):
    streams = ["error", "stdin", "stdout", "resize"]
    send = [(7, b'{"Width":99,"Height":33}\n', False), (3, b"sleep 0.1; stty size; exit\n", False)]
    got = await execute("sh", streams=streams, send=send, input="1", output="1", tty="1")
    assert b"33 99\r\n" in got["stdout"]


async def test_a_command_that_cannot_start_is_told(execute):
    got = await execute("no-such", streams=["error", "stdout"], output="1")
    assert json.loads(got["error"])["reason"] == "InternalError"


async def test_no_other_protocol_is_spoken(machine, execute):
    url = (
        f"http://{machine.config.ip}:{machine.config.port}/exec/default/p/app?command=true&output=1"
    )
    headers = {"Upgrade": upgrade.SPDY, upgrade.PROTOCOL_VERSION: "channel.k8s.io"}
    async with aiohttp.ClientSession() as session:
        answer, connection = await upgrade.ask(session, URL(url), headers)
        assert (answer.status, connection) == (403, None)
        assert (await answer.text()).startswith("unable to upgrade: unable to negotiate protocol")

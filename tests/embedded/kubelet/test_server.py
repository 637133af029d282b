"""What the kubelet serves."""

import base64
import json

import pytest
from yarl import URL

V1, V4, V5 = "channel.k8s.io", "v4.channel.k8s.io", "v5.channel.k8s.io"


@pytest.fixture
def running(machine, pod_of):
    """A pod whose container has printed three lines."""

    async def call(script="echo one; echo two; echo three; exec sleep 600", **container):
        await machine.run(pod_of(script, container=container))
        await machine.phase("Running")
        await machine.log_has("three")

    return call


async def log(http, query="", pod="p", container="app"):
    async with http.get(f"/containerLogs/default/{pod}/{container}{query}") as answer:
        return answer.status, await answer.text()


# --- logs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "one\ntwo\nthree\n"),
        ("?tailLines=1", "three\n"),
        ("?limitBytes=5", "one\nt"),
        ("?sinceTime=2026-01-01T00:00:00Z&tailLines=2", "two\nthree\n"),
        ("?stream=Stderr", ""),
    ],
)
async def test_logs_are_text(http, running, query, expected):
    await running()
    assert await log(http, query) == (200, expected)


async def test_a_log_can_be_followed_to_its_end(http, running):
    await running("echo three; read line; echo $line", stdin=True)
    async with http.get("/containerLogs/default/p/app?follow=true") as answer:
        assert await answer.content.readline() == b"three\n"
        async with http.ws_connect("/attach/default/p/app?input=1", protocols=[V4]) as socket:
            await socket.send_bytes(b"\x00four\n")
            assert await answer.content.read() == b"four\n"


async def test_the_log_of_the_run_before_can_be_read(http, machine, pod_of):
    pod = pod_of("if [ -e /v/x ]; then echo second; sleep 600; else echo first; touch /v/x; fi")
    pod["spec"]["volumes"] = [{"name": "v", "emptyDir": {}}]
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "v", "mountPath": "/v"}]
    await machine.run(pod)
    await machine.runs(restarts=1)
    await machine.log_has("second")
    assert await log(http) == (200, "second\n")
    assert await log(http, "?previous=true") == (200, "first\n")


async def test_without_a_run_before_there_is_no_log_of_it(http, running):
    await running()
    words = 'previous terminated container "app" in pod "p" not found'
    assert await log(http, "?previous=true") == (400, words)


async def test_a_container_that_waits_has_no_log_yet(http, machine, pod_of):
    await machine.run(pod_of(container={"image": "no-such:1"}))
    await machine.waits_for("ErrImagePull")
    words = 'container "app" in pod "p" is waiting to start: image can\'t be pulled'
    assert await log(http) == (400, words)


async def test_a_pod_that_is_not_here_is_not_found(http):
    assert await log(http, pod="other") == (404, "pod does not exist")


# --- exec and attach -------------------------------------------------------------------------


@pytest.fixture
def execute(http, running):
    """Run a command in a container; gives the protocol and what came on each channel."""

    async def call(*command, sends=(), protocols=(V5, V4), query="output=1&error=1"):
        words = [("command", word) for word in command]
        url = URL(f"/exec/default/p/app?{query}").update_query(words)
        async with http.ws_connect(url, protocols=protocols) as socket:
            for message in sends:
                send = socket.send_str if isinstance(message, str) else socket.send_bytes
                await send(message)
            channels = {}
            async for message in socket:
                channel, data = message.data[0], message.data[1:]
                channels[channel] = channels.get(channel, b"") + data
            return socket.protocol, channels

    return call


async def test_output_comes_on_its_channels(execute, running):
    await running()
    protocol, channels = await execute("sh", "-c", "echo out; echo err >&2")
    assert protocol == V5
    assert (channels[1], channels[2]) == (b"out\n", b"err\n")
    assert json.loads(channels[3]) == {"metadata": {}, "status": "Success"}


async def test_a_browser_may_speak_in_text(http, running):
    await running()
    command = "&".join(f"command={word}" for word in ("sh", "-c", "read%20line;echo%20$line"))
    url = URL(f"/exec/default/p/app?input=1&output=1&{command}", encoded=True)
    for protocol in ("v4.base64.channel.k8s.io", "base64.channel.k8s.io"):
        async with http.ws_connect(url, protocols=[protocol]) as socket:
            await socket.send_str("0" + base64.b64encode(b"hello\n").decode())
            said = [message.data async for message in socket]
        assert socket.protocol == protocol
        output = b"".join(base64.b64decode(each[1:]) for each in said if each[0] == "1")
        assert output == b"hello\n"


async def test_what_is_no_message_in_text_ends_the_talk(http, running):
    await running()
    url = "/exec/default/p/app?input=1&output=1&command=cat"
    for nonsense in ("x", "0!", "\u00e9"):
        async with http.ws_connect(url, protocols=["base64.channel.k8s.io"]) as socket:
            await socket.send_str(nonsense)
            assert [message.data async for message in socket] == ["1"]


async def test_the_exit_code_is_told_as_a_status(execute, running):
    await running()
    protocol, channels = await execute("sh", "-c", "exit 3", protocols=(V4,))
    assert protocol == V4
    assert json.loads(channels[3]) == {
        "metadata": {},
        "status": "Failure",
        "message": "command terminated with non-zero exit code: exit status 3",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": "3"}]},
    }


async def test_the_first_version_of_the_protocol_tells_failures_in_words(execute, running):
    await running()
    protocol, channels = await execute("echo", "hi", protocols=(V1,))
    assert protocol == V1
    assert channels == {1: b"hi\n"}
    _, channels = await execute("sh", "-c", "exit 3", protocols=(V1,))
    assert channels[3] == b"command terminated with non-zero exit code: exit status 3"


async def test_a_command_that_cannot_start_is_told(execute, running):
    await running()
    _, channels = await execute("no-such")
    status = json.loads(channels[3])
    assert (status["reason"], status["code"]) == ("InternalError", 500)
    assert "executable file not found in $PATH" in status["message"]


async def test_a_client_can_end_the_input(execute, running):
    await running()
    _, channels = await execute("cat", sends=[b"\x00hello", b"\xff\x00"], query="input=1&output=1")
    assert channels[1] == b"hello"


async def test_input_may_come_as_text(execute, running):
    await running()
    _, channels = await execute("head", "-n", "1", sends=["\x00hello\n"], query="input=1&output=1")
    assert channels[1] == b"hello\n"


async def test_the_end_does_not_wait_for_input(execute, running):
    await running()
    _, channels = await execute("true", query="input=1")
    assert json.loads(channels[3])["status"] == "Success"


async def test_a_terminal_can_be_resized(execute, running):
    await running()
    size = b'\x04{"Width": 99, "Height": 33}'
    _, channels = await execute(
        "sh", sends=[size, b"\x00stty size; exit 5\n"], query="input=1&output=1&error=1&tty=1"
    )
    assert b"33 99\r\n" in channels[1]
    assert json.loads(channels[3])["details"]["causes"][0]["message"] == "5"


async def test_a_client_that_goes_takes_its_command_along(http, running, machine):
    await running()
    script = "echo $$; exec sleep 600"
    url = URL("/exec/default/p/app").with_query(
        [("output", "1"), ("command", "sh"), ("command", "-c"), ("command", script)]
    )
    async with http.ws_connect(url, protocols=[V5]) as socket:
        await socket.receive()
        pid = int((await socket.receive()).data[1:])
    async with http.get("/healthz") as answer:
        assert await answer.text() == "ok"
    await machine.runtime.exec_sync(
        machine.kubelet.worker("default", "p").view.runs("app")[-1].id,
        ["sh", "-c", f"while kill -0 {pid} 2>/dev/null; do sleep 0.01; done"],
        20,
    )


async def test_a_container_that_does_not_run_cannot_be_entered(http, machine, pod_of):
    await machine.run(pod_of("true", restartPolicy="Never"))
    await machine.phase("Succeeded")
    async with http.get("/exec/default/p/app?output=1&command=true") as answer:
        assert (answer.status, await answer.text()) == (500, 'container not found ("app")')


async def test_a_command_is_needed(http, running):
    await running()
    async with http.get("/exec/default/p/app?output=1") as answer:
        assert answer.status == 400


@pytest.mark.parametrize("door", ["exec", "attach"])
async def test_some_stream_has_to_be_asked_for(http, running, door):
    await running()
    async with http.get(f"/{door}/default/p/app?command=true&tty=1") as answer:
        words = "you must specify at least 1 of stdin, stdout, stderr"
        assert (answer.status, await answer.text()) == (400, words)


async def test_only_what_was_asked_for_comes(execute, running):
    await running()
    words = ("sh", "-c", "echo out; echo err >&2; cat")
    protocol, channels = await execute(*words, protocols=(), sends=[b"\0no"], query="error=1")
    assert protocol is None
    assert channels == {2: b"err\n"}


async def test_who_only_looks_cannot_write(http, running):
    await running("echo three; read line; echo $line", stdin=True)
    async with http.ws_connect("/attach/default/p/app?output=1", protocols=[V4]) as looking:
        await looking.send_bytes(b"\0mine\n")
        async with http.ws_connect("/attach/default/p/app?input=1", protocols=[V4]) as writing:
            await writing.send_bytes(b"\0yours\n")
            await writing.receive()
        said = [message.data async for message in looking]
    assert b"\1yours\n" in said

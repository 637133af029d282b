"""Exec: a second process in a running container, over a WebSocket."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest
from kubernetes.client import ApiException
from kubernetes.stream import stream

pytestmark = pytest.mark.needs_nodes


class Ended(NamedTuple):
    """What a command left behind in the stream's channels."""

    out: str
    err: str
    status: str
    code: int


@pytest.fixture(scope="module")
def execute(core, new_namespace, eventually):
    """Run a command in a pod that waits; gives what came back when the command has ended."""
    namespace = new_namespace()
    container = {"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"]}
    container["env"] = [{"name": "COLOUR", "value": "blue"}]
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    core.create_namespaced_pod(namespace, {"metadata": {"name": "p"}, "spec": spec})
    eventually(lambda: core.read_namespaced_pod("p", namespace).status.phase == "Running")

    def call(*command, feed=None, stdout=True, stderr=True):
        channel = stream(
            core.connect_get_namespaced_pod_exec,
            "p",
            namespace,
            command=list(command),
            stdin=feed is not None,
            stdout=stdout,
            stderr=stderr,
            tty=False,
            _preload_content=False,
        )
        if feed is not None:
            channel.write_stdin(feed)
        channel.run_forever(timeout=20)
        status = channel.peek_channel(3)
        ended = Ended(channel.read_stdout(), channel.read_stderr(), status, channel.returncode)
        # close() would wait for the farewell that the server has sent already.
        channel.sock.shutdown()
        return ended

    yield call
    core.delete_namespace(namespace)


def test_a_command_prints_into_two_channels(execute):
    ended = execute("sh", "-c", "echo out; echo err >&2")
    assert (ended.out, ended.err) == ("out\n", "err\n")


def test_a_command_sees_the_containers_environment(execute):
    assert execute("sh", "-c", "echo $COLOUR in $HOSTNAME").out == "blue in p\n"


@pytest.mark.parametrize("code", [0, 3])
def test_the_exit_code_comes_back(execute, code):
    assert execute("sh", "-c", f"exit {code}").code == code


def test_the_end_is_told_as_a_status(execute):
    status = json.loads(execute("sh", "-c", "exit 3").status)
    assert (status["status"], status["reason"]) == ("Failure", "NonZeroExitCode")
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "3"}]


def test_a_command_can_be_fed(execute):
    assert execute("head", "-n", "1", feed="hello\n").out == "hello\n"


def test_the_end_does_not_wait_for_input_that_stays_open(execute):
    assert execute("true", feed="").code == 0


def test_only_what_was_asked_for_comes(execute):
    ended = execute("sh", "-c", "echo out; echo err >&2", stdout=False)
    assert (ended.out, ended.err) == ("", "err\n")


def test_some_stream_has_to_be_asked_for(execute):
    with pytest.raises(ApiException) as caught:
        execute("true", stdout=False, stderr=False)
    assert "400 Bad Request" in caught.value.reason
    assert "you must specify at least 1 of stdin, stdout, stderr" in caught.value.reason


def test_a_container_that_is_not_there_cannot_run_anything(core, namespace, pods, send):
    pods.run()
    pods.ready()
    path = f"/api/v1/namespaces/{namespace}/pods/p/exec"
    answer = send("GET", path, query={"container": "z", "command": "true", "stdout": "true"})
    assert (answer.code, answer.body["message"]) == (400, "container z is not valid for pod p")


@pytest.mark.gap("own-processes", runtime="process")
def test_a_command_sees_the_containers_program_as_process_1(execute):
    assert execute("cat", "/proc/1/comm").out == "sleep\n"

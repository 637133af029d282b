"""A program in a pod with a terminal, on a real cluster."""

from __future__ import annotations

import json

import pytest

from kubelearn.clusters.podexec import Ending, Target, connect, ending_of
from kubelearn.clusters.transport import send
from kubelearn.errors import ApiError
from kubelearn.objects import NAMESPACES, PODS, is_ready

NAMESPACE = "terminals"


@pytest.fixture(scope="module")
def api(cluster):
    """The cluster, with a pod `box` that runs."""
    found = cluster.api_client
    body = {"metadata": {"name": NAMESPACE}}
    send(found, "POST", NAMESPACES.path(), body=body).checked()
    containers = [{"name": "main", "image": "busybox:1.37", "command": ["sleep", "3600"]}]
    spec = {"containers": containers, "terminationGracePeriodSeconds": 0}
    pod = {"metadata": {"name": "box"}, "spec": spec}
    answer = send(found, "POST", PODS.path(NAMESPACE), body=pod)
    while answer.code == 403:  # until its service account is there
        answer = send(found, "POST", PODS.path(NAMESPACE), body=pod)
    answer.checked()
    while not is_ready(send(found, "GET", PODS.path(NAMESPACE, "box")).checked()):
        pass
    yield found
    send(found, "DELETE", NAMESPACES.path(name=NAMESPACE)).checked()


@pytest.fixture
def start(api):
    """A function that starts a program; it is ended after the test."""
    sessions = []

    def start_(*command, container="main", pod="box"):
        sessions.append(connect(api, Target(NAMESPACE, pod, container, command)))
        return sessions[-1]

    yield start_
    for each in sessions:
        each.close()
        rest(each)


def until(session, words):
    """Read until the words came."""
    read = b""
    while words not in read:
        piece = session.read()
        assert piece is not None, read
        read += piece
    return read


def rest(session):
    """Read to the end."""
    pieces = []
    while (piece := session.read()) is not None:
        pieces.append(piece)
    return b"".join(pieces)


def test_what_is_typed_comes_back_and_is_carried_out(start):
    shell = start("sh")
    shell.write(b"echo $((6 * 7))\r")
    assert b"echo $((6 * 7))" in until(shell, b"42")


def test_the_program_knows_the_size_of_the_terminal(start):
    shell = start("sh")
    shell.resize(91, 17)
    shell.write(b"stty size\r")
    until(shell, b"17 91")


def test_its_exit_code_is_told(start):
    shell = start("sh", "-c", "echo bye; exit 3")
    assert b"bye" in rest(shell)
    assert shell.ending == Ending(3)
    done = start("true")
    rest(done)
    assert done.ending == Ending(0)


def test_a_program_that_is_not_there_is_told_in_words(start):
    shell = start("no-such-program")
    rest(shell)
    assert shell.ending.code in (None, 127)
    assert shell.ending.code or "no-such-program" in shell.ending.message


@pytest.mark.parametrize(
    ("options", "words"),
    [({"pod": "nobody"}, 'pods "nobody" not found'), ({"container": "none"}, "none")],
)
def test_where_there_is_nothing_to_start_it_in_the_servers_words_say_so(start, options, words):
    with pytest.raises(ApiError, match=words):
        start("sh", **options)


def test_hanging_up_ends_the_reading(start):
    shell = start("cat")
    shell.close()
    assert shell.read() is None
    shell.write(b"too late")
    shell.resize(1, 1)


def test_an_end_without_a_code_has_a_message():
    assert ending_of(json.dumps({"status": "Success"}).encode()) == Ending(0)
    failure = {"status": "Failure", "message": "no runtime", "reason": "InternalError"}
    assert ending_of(json.dumps(failure).encode()) == Ending(None, "no runtime")
    assert ending_of(b"nonsense") == Ending(None, "nonsense")

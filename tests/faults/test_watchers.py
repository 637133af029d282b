"""Clients that watch, and then read slowly, not at all, or vanish, hold up only themselves."""

from __future__ import annotations

import contextlib
import json
import socket
import struct

import pytest

from tests.faults.wire import STRANGER, megabytes, strangers
from tests.waiting import eventually

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
LARGE = "x" * 200_000


def version(wire) -> str:
    return wire.send("GET", CONFIG_MAPS)[1]["metadata"]["resourceVersion"]


def watching(wire, context, query: str) -> socket.socket:
    """A connection that has asked for a watch and read its headers, with small buffers."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    plain.settimeout(60)
    plain.bind((STRANGER, 0))
    plain.connect(wire.address)
    secure = context.wrap_socket(plain, server_hostname=wire.address[0])
    secure.sendall(f"GET {CONFIG_MAPS}?{query} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += secure.recv(1)
    assert head.startswith(b"HTTP/1.1 200")
    return secure


def rest(connection: socket.socket) -> bytes:
    """All that a connection still holds."""
    data = bytearray()
    with contextlib.suppress(OSError):
        while piece := connection.recv(65_536):
            data += piece
    return bytes(data)


def write(wire, number: int, text: str = LARGE) -> None:
    body = {"metadata": {"name": "written"}, "data": {"text": text, "number": str(number)}}
    method, path = ("POST", CONFIG_MAPS) if number == 0 else ("PUT", f"{CONFIG_MAPS}/written")
    assert wire.send(method, path, body)[0] in (200, 201)


@pytest.mark.timeout(240)
def test_a_watch_that_is_not_read_costs_little_and_is_ended(small_cluster, connect):
    wire = connect(small_cluster)
    pid = small_cluster.status()["pid"]
    context = wire.context()
    since = version(wire)
    memory = megabytes(pid)
    with contextlib.ExitStack() as stack:
        query = f"watch=true&resourceVersion={since}"
        idle = [stack.enter_context(watching(wire, context, query)) for _ in range(20)]
        for number in range(150):
            write(wire, number)
        # 20 clients have missed 30 MB each; what is kept for them is a small part of it.
        assert megabytes(pid) < memory + 150
        # They take nothing for a minute: the server ends their connections.
        eventually(lambda: strangers() == 0, within=120)
        # What one of them gets, in the end, are whole events in their order, and then nothing.
        lines = [line for line in rest(idle[0]).split(b"\n") if line.startswith(b'{"type"')]
        seen = [json.loads(line)["object"]["data"]["number"] for line in lines[:-1]]
        assert seen == [str(number) for number in range(len(seen))]
    assert wire.send("GET", f"{CONFIG_MAPS}/written")[0] == 200
    assert "Traceback" not in small_cluster.folder.log.read_text()


def test_clients_that_vanish_leave_nothing_behind(small_cluster, connect):
    wire = connect(small_cluster)
    pid = small_cluster.status()["pid"]
    context = wire.context()
    query = f"watch=true&resourceVersion={version(wire)}"
    write(wire, 0, "small")
    memory = megabytes(pid)
    for _ in range(4):
        watchers = [watching(wire, context, query) for _ in range(50)]
        assert strangers() == 50
        for number in range(1, 4):
            write(wire, number, "small")
        for connection in watchers:
            # As if the machine had gone: no farewell, what is on the way is lost.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        eventually(lambda: strangers() == 0)
    assert megabytes(pid) < memory + 30
    assert "Traceback" not in small_cluster.folder.log.read_text()

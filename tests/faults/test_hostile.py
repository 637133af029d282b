"""Hostile requests get a refusal; they cost nobody anything and leave nothing behind.

KUBELEARN_HOSTILE says how many; `make faults` sends 10,000.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import ssl
import threading
import time

import pytest

from tests.faults.hostile import hostile
from tests.faults.hostile.request import Hostile
from tests.faults.hostile.victims import NAMESPACE, VICTIMS
from tests.faults.wire import connect_as_stranger, megabytes, strangers
from tests.waiting import eventually

REQUESTS = int(os.environ.get("KUBELEARN_HOSTILE", "1500"))
SENDERS = 8
# Seconds until a request counts as one that hangs.
PATIENCE = 30

# What a real API server, too, answers with 5xx although the client is to blame: these errors of its
# libraries reach it without a code of their own.
ALSO_UPSTREAM = [
    "no endpoints available for service",
    "resourceVersion should not be set on objects to be created",
    # k8s.io/apiserver pkg/storage/api_object_versioner.go
    "strconv.ParseUint: parsing ",
    # k8s.io/kubernetes pkg/registry/rbac/validation
    "unsupported role reference kind: ",
    # k8s.io/apimachinery pkg/util/{mergepatch,strategicpatch}
    "unknown patch type: ",
    "list element types are not identical: ",
    "does not contain declared merge key: ",
    # sigs.k8s.io/structured-merge-diff
    "failed to create typed patch object ",
]


class Sender(threading.Thread):
    """Sends its share of the requests, each on a connection that is still good or a new one."""

    def __init__(self, wire, seeds) -> None:
        super().__init__()
        self.wire = wire
        self.seeds = seeds
        self.socket: ssl.SSLSocket | None = None
        self.codes: collections.Counter[int] = collections.Counter()
        self.problems: list[str] = []

    def run(self) -> None:
        context = self.wire.context()
        for seed in self.seeds:
            each = hostile(seed)
            try:
                self.judge(seed, each, *self.send(context, each))
            except TimeoutError:
                self.problems.append(f"{seed}: {each.what}: hangs")
                self.hang_up()
            except OSError:
                self.hang_up()  # it may be cut off in the middle of what it sends
        self.hang_up()

    def send(self, context, each: Hostile) -> tuple[int, dict[str, str], bytes]:
        if self.socket is None:
            plain = connect_as_stranger(self.wire.address, timeout=PATIENCE)
            self.socket = context.wrap_socket(plain, server_hostname=self.wire.address[0])
        self.socket.sendall(each.data)
        if not each.complete:
            self.hang_up()
            return 0, {}, b""
        with self.socket.makefile("rb") as file:
            status = file.readline()
            headers = {}
            while (line := file.readline()) not in (b"\r\n", b""):
                name, _, text = line.decode("latin-1").partition(":")
                headers[name.strip().lower()] = text.strip()
            body = b""
            if "content-length" in headers and not each.data.startswith(b"HEAD"):
                body = file.read(int(headers["content-length"]))
        kept = status.startswith(b"HTTP/1.1") and headers.get("connection", "") != "close"
        if not kept or "content-length" not in headers:
            self.hang_up()
        return int(status.split()[1]) if status else 0, headers, body

    def hang_up(self) -> None:
        if self.socket:
            self.socket.close()
            self.socket = None

    def judge(self, seed: int, each: Hostile, code: int, headers, body: bytes) -> None:
        self.codes[code] += 1
        text = body.decode(errors="replace")
        if code >= 500 and not any(known in text for known in ALSO_UPSTREAM):
            self.problems.append(f"{seed}: {each.what}: {code} {text[:300]}")
        if "Traceback" in text:
            self.problems.append(f"{seed}: {each.what}: shows a traceback")
        if code >= 400 and headers.get("content-type") == "application/json" and body:
            status = json.loads(body)
            if (status.get("kind"), status.get("code")) != ("Status", code):
                self.problems.append(f"{seed}: {each.what}: {code} without a Status: {text[:200]}")


def send_all(wire, seeds: range) -> tuple[collections.Counter[int], list[str]]:
    senders = [Sender(wire, seeds[number::SENDERS]) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    codes = sum((sender.codes for sender in senders), collections.Counter())
    return codes, [problem for sender in senders for problem in sender.problems]


@pytest.fixture
def victims(small_cluster, connect):
    """A cluster with one object of each kind, for others to be hostile to."""
    wire = connect(small_cluster)
    wire.send("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"
    eventually(lambda: wire.send("GET", account)[0] == 200)
    for collection, content in VICTIMS.items():
        code, body = wire.send("POST", collection, {"metadata": {"name": "victim"}} | content)
        assert code == 201, (collection, body)
    return small_cluster


@pytest.mark.timeout(240 + REQUESTS // 20)
def test_hostile_requests_are_refused_and_leave_nothing_behind(victims, connect):
    wire = connect(victims)
    pid = victims.status()["pid"]
    started = time.monotonic()
    # The first half fills what fills up by design: caches, and the past that watches may ask for.
    codes, problems = send_all(wire, range(REQUESTS // 2))
    memory = megabytes(pid)
    more_codes, more_problems = send_all(wire, range(REQUESTS // 2, REQUESTS))
    codes, problems = codes + more_codes, problems + more_problems
    took = time.monotonic() - started
    print(f"{REQUESTS} requests in {took:.1f} s: {dict(sorted(codes.items()))}")
    assert not problems, "\n".join(problems)
    assert sum(codes[code] for code in codes if 400 <= code < 500) > REQUESTS / 3
    # A server waits for half a minute for the other side's farewell in TLS; a busy one, longer.
    eventually(lambda: strangers() == 0, within=150)
    print(f"memory {memory} MB, then {megabytes(pid)} MB")
    assert megabytes(pid) < memory + 40
    # What was accepted can be read in every form, and no component stumbled over it.
    for path in VICTIMS:
        table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
        for headers in ({}, table):
            code, body = wire.send("GET", path, headers=headers)
            assert code == 200, (path, body)
    log = victims.folder.log.read_text()
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:4000]
    assert [each for each in victims.internals.components() if each.restarts] == []


def test_clients_that_say_nothing_or_speak_slowly_hold_nobody_up(small_cluster, connect):
    wire = connect(small_cluster)
    context = wire.context()
    with contextlib.ExitStack() as stack:
        idlers = []
        for number in range(150):
            plain = stack.enter_context(connect_as_stranger(wire.address, timeout=PATIENCE))
            match number % 3:
                case 0:  # says nothing, not even in TLS
                    pass
                case 1:  # begins a request, never to end it
                    plain = stack.enter_context(
                        context.wrap_socket(plain, server_hostname=wire.address[0])
                    )
                    plain.sendall(b"POST /api/v1/namespaces HTTP/1.1\r\nContent-Length: 99\r\n")
                    idlers.append(plain)
                case 2:  # speaks something else
                    plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        for _ in range(20):
            for idler in idlers:
                idler.sendall(b"X: y\r\n")
            assert wire.send("GET", "/api/v1/namespaces")[0] == 200
    # A server waits for half a minute for the other side's farewell in TLS; a busy one, longer.
    eventually(lambda: strangers() == 0, within=150)
    assert "Traceback" not in small_cluster.folder.log.read_text()

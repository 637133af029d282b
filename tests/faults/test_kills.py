"""`kill -9` of the daemon again and again, under writers: what was acknowledged is there.

KUBELEARN_KILLS says how often; `make kills` does it a hundred times.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from kubelearn.clusters import daemon
from tests.faults.wire import GONE, Wire, kill
from tests.waiting import eventually

KILLS = int(os.environ.get("KUBELEARN_KILLS", "6"))
WRITERS = 6
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


class Writer(threading.Thread):
    """Writes objects of its own until the server is gone, and remembers every answer."""

    def __init__(self, wire: Wire, name: str, rng: random.Random) -> None:
        super().__init__(name=name)
        self.wire = wire
        self.rng = rng
        # What each object holds; None when it was deleted.
        self.acknowledged: dict[str, str | None] = {}
        # The write that got no answer: it has happened wholly or not at all.
        self.unanswered: tuple[str, str | None] | None = None
        self.written = 0

    def run(self) -> None:
        try:
            while True:
                self.write(f"{self.name}-{self.rng.randrange(10)}")
        except GONE:
            self.wire.close()

    def write(self, name: str) -> None:
        exists = self.acknowledged.get(name) is not None
        deletes = exists and self.rng.random() < 0.3
        text = None if deletes else str(self.rng.random()) * self.rng.choice([1, 50, 5000])
        self.unanswered = (name, text)
        if deletes:
            code, _ = self.wire.send("DELETE", f"{CONFIG_MAPS}/{name}")
        elif exists:
            code, _ = self.wire.send("PUT", f"{CONFIG_MAPS}/{name}", config_map(name, text))
        else:
            code, _ = self.wire.send("POST", CONFIG_MAPS, config_map(name, text))
        assert code == (200 if exists else 201)
        self.acknowledged[name] = text
        self.unanswered = None
        self.written += 1

    def compare(self, found: dict[str, str]) -> None:
        """Accept what became of the write without an answer; everything else must be as it was."""
        if self.unanswered:
            name, text = self.unanswered
            if found.get(name) == text:
                self.acknowledged[name] = text
            self.unanswered = None
        mine = {name: text for name, text in found.items() if name.startswith(f"{self.name}-")}
        assert mine == {name: text for name, text in self.acknowledged.items() if text is not None}


class Follower(threading.Thread):
    """Keeps a copy of all objects by list and watch, across the deaths of the server."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(name="follower", daemon=True)
        self.wire = wire
        self.copy: dict[str, str] = {}
        self.version = 0
        self.relisted = 0
        self.over = False

    def run(self) -> None:
        while not self.over:
            with contextlib.suppress(*GONE):
                self.follow()
            time.sleep(0.02)

    def follow(self) -> None:
        if not self.version:
            self.copy, self.version = contents(self.wire)
            self.relisted += 1
        for event in self.wire.watch(f"{CONFIG_MAPS}?watch=true&resourceVersion={self.version}"):
            if event["type"] == "ERROR":
                assert event["object"]["code"] == 410
                self.version = 0
                return
            meta = event["object"]["metadata"]
            assert int(meta["resourceVersion"]) > self.version
            if event["type"] == "DELETED":
                del self.copy[meta["name"]]
            else:
                self.copy[meta["name"]] = event["object"].get("data", {}).get("text", "")
            self.version = int(meta["resourceVersion"])


def config_map(name: str, text: str) -> dict[str, object]:
    return {"metadata": {"name": name}, "data": {"text": text}}


def contents(wire: Wire) -> tuple[dict[str, str], int]:
    """What all objects hold, and the list's version."""
    code, body = wire.send("GET", CONFIG_MAPS)
    assert code == 200
    texts = {
        each["metadata"]["name"]: each.get("data", {}).get("text", "") for each in body["items"]
    }
    return texts, int(body["metadata"]["resourceVersion"])


@pytest.mark.timeout(60 + 15 * KILLS)
def test_acknowledged_writes_survive_kill_9_at_any_moment(small_cluster, connect):
    rng = random.Random(1)
    wire = connect(small_cluster)
    follower = Follower(connect(small_cluster))
    follower.start()
    memory: dict[str, dict[str, str | None]] = {}
    version = written = 0
    for _ in range(KILLS):
        writers = [
            Writer(connect(small_cluster), f"writer-{number}", random.Random(rng.random()))
            for number in range(WRITERS)
        ]
        for writer in writers:
            writer.acknowledged = memory.setdefault(writer.name, {})
            writer.start()
        time.sleep(rng.uniform(0.05, 1))
        kill(small_cluster)
        for writer in writers:
            writer.join()
        wire.close()
        small_cluster.up()
        found, revived = contents(wire)
        assert revived > version
        version = revived
        for writer in writers:
            writer.compare(found)
            written += writer.written
        eventually(lambda found=found: follower.copy == found)
    follower.over = True
    follower.wire.close()
    follower.join()
    print(f"{KILLS} kills, {written} acknowledged writes, {follower.relisted} lists")
    assert written > 5 * KILLS


def test_a_kill_in_the_middle_of_a_start_harms_no_later_start(small_cluster, connect):
    wire = connect(small_cluster)
    assert wire.send("POST", CONFIG_MAPS, config_map("kept", "text"))[0] == 201
    kill(small_cluster)
    wire.close()
    for after in (0.3, 0.6, 0.9):
        starting = subprocess.Popen(
            [sys.executable, "-m", "kubelearn", "up"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        pid = eventually(lambda: next(daemon._processes(small_cluster.folder), None))
        time.sleep(after)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, said = starting.communicate()
        assert b"Traceback" not in said
    small_cluster.up()
    assert contents(wire)[0]["kept"] == "text"

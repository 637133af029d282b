"""A full disk: writes fail and say why, all else goes on, and all is well once there is room."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kubelearn.clusters import EmbeddedCluster
from tests.faults.wire import GONE, Wire
from tests.waiting import eventually

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
NODES = "/api/v1/nodes"

Fill = Callable[[EmbeddedCluster], contextlib.AbstractContextManager[None]]


@pytest.fixture(params=["tmpfs", "limit"])
def fill(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fill]:
    """Takes the room from a cluster: a real file system without any, or a limit for its files."""
    if request.param == "limit":
        yield limited
        return
    place = tmp_path / "state"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "kubelearn-test", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    request.getfixturevalue("state")
    try:
        yield filled
    finally:
        EmbeddedCluster().delete()
        subprocess.run(["umount", "-l", str(place)], check=True)


@contextlib.contextmanager
def filled(cluster: EmbeddedCluster) -> Iterator[None]:
    ballast = cluster.folder.path.parent / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    try:
        yield
    finally:
        ballast.unlink()


@contextlib.contextmanager
def limited(cluster: EmbeddedCluster) -> Iterator[None]:
    pid = cluster.status()["pid"]
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    largest = max(path.stat().st_size for path in cluster.folder.path.glob("store.db*"))
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.timeout(240)
def test_writes_fail_with_a_status_and_all_else_goes_on(fill, cluster, connect):
    wire = connect(cluster)
    watched = Watched(connect(cluster))
    watched.start()
    write(wire, "before")
    eventually(lambda: "before" in watched.names)
    size = cluster.folder.log.stat().st_size
    with fill(cluster):
        status = eventually(lambda: refused(wire))
        assert status["kind"] == "Status"
        assert status["message"].startswith("etcdserver: ")
        assert "full" in status["message"] or "disk I/O error" in status["message"]
        # Long enough for each component to meet with it.
        end = time.monotonic() + 12
        while time.monotonic() < end:
            assert wire.send("GET", f"{CONFIG_MAPS}/before")[0] == 200
            assert len(wire.send("GET", NODES)[1]["items"]) == 3
            time.sleep(0.2)
        assert watched.is_alive()
    eventually(lambda: write(wire, "after") in (201, 409))
    eventually(lambda: "after" in watched.names)
    eventually(lambda: all(is_ready(node) for node in wire.send("GET", NODES)[1]["items"]))
    watched.wire.close()
    watched.join()
    assert {each.state for each in cluster.internals.components()} == {"running"}
    log = cluster.folder.log.read_text()
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:4000]
    assert cluster.folder.log.stat().st_size - size < 200_000
    wire.close()
    cluster.down()
    cluster.up()
    assert wire.send("GET", f"{CONFIG_MAPS}/after")[0] == 200


class Watched(threading.Thread):
    """A watch that stays open."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(daemon=True)
        self.wire = wire
        self.names: set[str] = set()

    def run(self) -> None:
        with contextlib.suppress(*GONE, ValueError, AttributeError):
            for event in self.wire.watch(f"{CONFIG_MAPS}?watch=true"):
                self.names.add(event["object"]["metadata"]["name"])


def write(wire: Wire, name: str, *, size: int = 10) -> int:
    body = {"metadata": {"name": name}, "data": {"text": "x" * size}}
    return wire.send("POST", CONFIG_MAPS, body)[0]


def refused(wire: Wire) -> dict[str, object] | None:
    """The answer to a write that found no room; a log that is there already may have some."""
    body = {"metadata": {"generateName": "large-"}, "data": {"text": "x" * 500_000}}
    code, answer = wire.send("POST", CONFIG_MAPS, body)
    return answer if code == 500 else None


def is_ready(node: dict[str, object]) -> bool:
    conditions = {each["type"]: each["status"] for each in node["status"]["conditions"]}
    return conditions["Ready"] == "True"

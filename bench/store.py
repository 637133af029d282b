"""The store beside a real etcd: durable writes, reads and watches, on the same disk.

    python bench/store.py                      beside the etcd on the PATH, if there is one
    python bench/store.py /path/to/etcd        beside that one, through its HTTP/JSON gateway
    python bench/store.py --folder DIR ...     on the disk of that folder

Read the etcd column with its road in mind: JSON over a local socket, and this script's own time
to make and read it, where the API server beside a real etcd speaks gRPC. The store has no road:
the API server calls it. What both have to do alike is to commit to disk, and the first row says
what the disk asks for that.
"""

# ruff: noqa: D102  # what the methods do is said once, in Target

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import orjson
from support.etcd import etcd_command
from support.processes import free_port

from kubelearn.embedded.clock import SystemClock
from kubelearn.embedded.store import Store
from kubelearn.embedded.store.backend import Backend, Change
from kubelearn.embedded.store.keyvalue import prefix_end

VALUE = os.urandom(1500).hex().encode()  # 3 kB, as a pod
LISTED = "/registry/pods/listed/"
WRITES = 2000


class Target(Protocol):
    """What is measured: create a key that must be new, read one, read all, follow changes."""

    async def create(self, key: str) -> None: ...
    async def get(self, key: str) -> bytes: ...
    async def list(self, prefix: str) -> list[bytes]: ...
    def watch(self, prefix: str) -> contextlib.AbstractAsyncContextManager[AsyncIterator[str]]: ...


class Ours:
    """The store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def create(self, key: str) -> None:
        await self.store.create(key, lambda revision: VALUE)

    async def get(self, key: str) -> bytes:
        found = self.store.get(key)
        return found.value if found else b""

    async def list(self, prefix: str) -> list[bytes]:
        return [each.value for each in self.store.range(prefix)]

    @contextlib.asynccontextmanager
    async def watch(self, prefix: str) -> AsyncIterator[AsyncIterator[str]]:
        async def keys() -> AsyncIterator[str]:
            async for events in watch:
                for event in events:
                    yield event.kv.key

        with contextlib.closing(self.store.watch(prefix, after=self.store.revision)) as watch:
            yield keys()


class Etcd:
    """A real etcd, through `/v3` (etcd `api/etcdserverpb/rpc.proto`, the google.api.http lines)."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def create(self, key: str) -> None:
        name = _base64(key)
        answer = await self._call(
            "kv/txn",
            compare=[{"key": name, "target": "CREATE", "createRevision": "0"}],
            success=[{"requestPut": {"key": name, "value": _base64(VALUE)}}],
        )
        assert answer["succeeded"]

    async def get(self, key: str) -> bytes:
        answer = await self._call("kv/range", key=_base64(key))
        return base64.b64decode(answer["kvs"][0]["value"])

    async def list(self, prefix: str) -> list[bytes]:
        answer = await self._call(
            "kv/range", key=_base64(prefix), range_end=_base64(prefix_end(prefix))
        )
        return [base64.b64decode(each["value"]) for each in answer["kvs"]]

    @contextlib.asynccontextmanager
    async def watch(self, prefix: str) -> AsyncIterator[AsyncIterator[str]]:
        wanted = {"key": _base64(prefix), "range_end": _base64(prefix_end(prefix))}
        body = orjson.dumps({"create_request": wanted})
        async with self.session.post("/v3/watch", data=body, read_bufsize=2**20) as response:
            await response.content.readline()  # "created"

            async def keys() -> AsyncIterator[str]:
                async for line in response.content:
                    for event in orjson.loads(line)["result"].get("events", []):
                        yield base64.b64decode(event["kv"]["key"]).decode()

            yield keys()

    async def _call(self, method: str, **body: Any) -> Any:
        async with self.session.post(f"/v3/{method}", data=orjson.dumps(body)) as response:
            response.raise_for_status()
            return orjson.loads(await response.read())


def _base64(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


@contextlib.asynccontextmanager
async def ours(folder: Path) -> AsyncIterator[Ours]:
    store = await Store.open(folder / "store.db", clock=SystemClock())
    try:
        yield Ours(store)
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def etcd(program: str, folder: Path) -> AsyncIterator[Etcd]:
    port = free_port()
    command = etcd_command(program, folder / "etcd", client=port, peer=free_port())
    process = await asyncio.create_subprocess_exec(*command)
    connector = aiohttp.TCPConnector(limit=0)
    try:
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{port}", connector=connector
        ) as session:
            await _healthy(session)
            yield Etcd(session)
    finally:
        process.terminate()
        await process.wait()


async def _healthy(session: aiohttp.ClientSession) -> None:
    for _ in range(100):
        with contextlib.suppress(aiohttp.ClientError):
            async with session.get("/health") as response:
                if response.ok:
                    return
        await asyncio.sleep(0.1)
    raise SystemExit("etcd did not become healthy within 10 s")


# --- what is measured ------------------------------------------------------------------------


async def timed(action: Callable[[int], Awaitable[object]], times: int) -> list[float]:
    """Seconds of each of some calls, one after the other."""
    seconds = []
    for i in range(times):
        begin = time.perf_counter()
        await action(i)
        seconds.append(time.perf_counter() - begin)
    return seconds


async def creates(target: Target, *, writers: int) -> str:
    async def write(writer: int) -> list[float]:
        prefix = f"/registry/pods/{writers}-{writer}/web-"
        return await timed(lambda i: target.create(f"{prefix}{i}"), WRITES // writers)

    begin = time.perf_counter()
    results = await asyncio.gather(*(write(writer) for writer in range(writers)))
    seconds = [each for result in results for each in result]
    rate = len(seconds) / (time.perf_counter() - begin)
    return f"{rate:8,.0f}/s {milliseconds(seconds)}"


async def crowded_creates(target: Target) -> str:
    """Beside tasks that never let the event loop rest, as a busy API server's requests."""

    async def spin() -> None:
        while True:
            sum(range(20_000))
            await asyncio.sleep(0)

    spinning = asyncio.create_task(spin())
    try:
        return milliseconds(
            await timed(lambda i: target.create(f"/registry/pods/crowded/web-{i}"), 300)
        )
    finally:
        spinning.cancel()


async def gets(target: Target) -> str:
    return milliseconds(await timed(lambda i: target.get(f"{LISTED}web-{i:04}"), 1000))


async def lists(target: Target) -> str:
    assert len(await target.list(LISTED)) == 1000
    return milliseconds(await timed(lambda i: target.list(LISTED), 20))


async def deliveries(target: Target, *, watchers: int) -> str:
    """From the call of create to the last watcher's event."""
    prefix = f"/registry/pods/watched-{watchers}/"
    async with contextlib.AsyncExitStack() as stack:
        watches = [await stack.enter_async_context(target.watch(prefix)) for _ in range(watchers)]

        async def deliver(i: int) -> None:
            events = asyncio.gather(*(anext(watch) for watch in watches))
            await target.create(f"{prefix}web-{i}")
            await events

        return milliseconds(await timed(deliver, 200))


def milliseconds(seconds: list[float]) -> str:
    tail = statistics.quantiles(seconds, n=100)[-1]
    return f"{statistics.median(seconds) * 1e3:7.3f} ms (p99 {tail * 1e3:6.2f})"


ROWS: dict[str, Callable[[Target], Awaitable[str]]] = {
    "create, 1 writer": lambda target: creates(target, writers=1),
    "create, 32 writers": lambda target: creates(target, writers=32),
    "create, busy event loop": crowded_creates,
    "get": gets,
    "list of 1,000": lists,
    "create to event, 1 watcher": lambda target: deliveries(target, watchers=1),
    "create to event, 100 watchers": lambda target: deliveries(target, watchers=100),
}


async def measure(target: Target) -> list[str]:
    await asyncio.gather(*(target.create(f"{LISTED}web-{i:04}") for i in range(1000)))
    return [await row(target) for row in ROWS.values()]


def disk_alone(folder: Path) -> str:
    """8 kB written and synced, which is what a commit of one pod comes to."""
    with (folder / "plain").open("wb", buffering=0) as file:

        async def write(i: int) -> None:
            file.write(b"x" * 8192)
            os.fdatasync(file.fileno())

        return milliseconds(asyncio.run(timed(write, 500)))


def sqlite_alone(folder: Path) -> str:
    """The same commits without event loop and threads: the rest is the price of these."""
    backend = Backend.open(folder / "alone.db")

    async def write(i: int) -> None:
        backend.append([Change(i + 2, f"/registry/pods/alone/{i}", i + 2, 1, 0, VALUE)])

    try:
        return milliseconds(asyncio.run(timed(write, 500)))
    finally:
        backend.close()


async def main(program: str | None, folder: Path) -> None:
    columns = {}
    async with ours(folder) as target:
        columns["kubelearn"] = await measure(target)
    if program:
        async with etcd(program, folder) as target:
            columns["etcd (HTTP/JSON)"] = await measure(target)
    print(f"\n{'':30}" + "".join(f"{name:>42}" for name in columns))
    for name, *results in zip(ROWS, *columns.values(), strict=True):
        print(f"{name:30}" + "".join(f"{result:>42}" for result in results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "etcd",
        nargs="?",
        default=shutil.which("etcd"),
        help="path of an etcd program to compare with",
    )
    parser.add_argument("--folder", help="where to write (default: the temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as made:
        print(f"{'write and sync 8 kB':30}{disk_alone(Path(made)):>42}")
        print(f"{'commit in SQLite, no event loop':30}{sqlite_alone(Path(made)):>41}")
        asyncio.run(main(arguments.etcd, Path(made)))

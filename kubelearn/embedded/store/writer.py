"""One thread that commits: whatever came in during the last commit shares the next one.

Stands for etcd's `server/storage/backend/batch_tx.go`. etcd may gather writes for 100 ms because
its Raft log is durable already; here the file is all there is, so nothing waits for company:
a lone write is committed at once, and 32 clients share an fsync because they queue behind one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from kubelearn.embedded.store.backend import Backend, Change
from kubelearn.embedded.store.keyvalue import KeyValue

_MOST_PER_COMMIT = 128


@dataclass(slots=True)
class Write:
    """A write between its acceptance and its commit."""

    state: KeyValue
    previous: int
    waiting: list[asyncio.Future[Exception | None]] = field(default_factory=list)

    def outcome(self) -> asyncio.Future[Exception | None]:
        """What it ends with: None, or why it failed. Each caller gets a future to cancel."""
        future = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        return future

    def settle(self, failure: Exception | None) -> None:
        """Tell everybody who waits."""
        for future in self.waiting:
            if not future.done():
                future.set_result(failure)

    def change(self) -> Change:
        """The row to append."""
        kv = self.state
        return Change(
            kv.mod_revision, kv.key, kv.create_revision, kv.version, self.previous, kv.value
        )


Settled = Callable[[list[Write], Exception | None], None]


class Writer:
    """Commits writes in the order of `submit`; `settled` is called in the event loop's thread."""

    def __init__(self, backend: Backend, settled: Settled) -> None:
        self._backend = backend
        self._settled = settled
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Write | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, write: Write) -> None:
        """Queue a write."""
        self._queue.put(write)

    async def close(self) -> None:
        """Commit what is queued, then end the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while batch := self._next_batch():
            self._commit(batch)

    def _next_batch(self) -> list[Write]:
        batch: list[Write] = []
        write = self._queue.get()
        while write is not None:
            batch.append(write)
            if len(batch) == _MOST_PER_COMMIT:
                return batch
            try:
                write = self._queue.get_nowait()
            except Empty:
                return batch
        if batch:
            self._queue.put(None)  # the next call is to see the end too
        return batch

    def _commit(self, batch: list[Write]) -> None:
        failure: Exception | None = None
        try:
            self._backend.append([write.change() for write in batch])
        except Exception as error:
            # Whatever it was, the thread must live on, or all later writers would wait for ever.
            failure = error
        if failure and len(batch) > 1:
            # One object too large for the disk takes nobody else's write with it.
            for write in batch:
                self._commit([write])
            return
        self._loop.call_soon_threadsafe(self._settled, batch, failure)

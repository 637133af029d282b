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
# Seconds. A commit takes 0.3 ms on a fast disk.
_PATIENCE = 0.001
_PAUSE = 0.0005


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
        self._committed = threading.Event()
        self._under_way = 0
        self._commits = 0
        self._timer: asyncio.TimerHandle | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, write: Write) -> None:
        """Queue a write."""
        self._under_way += 1
        self._queue.put(write)
        if not self._timer:
            self._set_timer()

    async def close(self) -> None:
        """Commit what is queued, then end the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._timer:
            self._timer.cancel()

    def _finish(self, batch: list[Write], failure: Exception | None) -> None:
        self._under_way -= len(batch)
        self._commits += 1
        self._settled(batch, failure)

    def _set_timer(self, patience: float = _PATIENCE) -> None:
        self._timer = self._loop.call_later(patience, self._make_way, patience, self._commits)

    def _make_way(self, patience: float, commits: int) -> None:
        """Let the thread run if it has committed nothing since the timer was set.

        An event loop that never rests gives the interpreter lock away and takes it back within
        microseconds, at each look at its sockets. A thread that waits for the lock is woken each
        time, comes too late each time, and its request to be let in starts anew: one commit was
        seen to take 8 s. Waiting for it lets it in. If it is the disk that is slow then waiting
        does not help, hence the growing patience.
        """
        self._timer = None
        if not self._under_way:
            return
        if commits != self._commits:
            self._set_timer()
            return
        self._committed.clear()
        self._committed.wait(_PAUSE)
        self._set_timer(patience * 2)

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
            self._committed.set()
        except Exception as error:
            # Whatever it was, the thread must live on, or all later writers would wait for ever.
            failure = error
        if failure and len(batch) > 1:
            # One object too large for the disk takes nobody else's write with it.
            for write in batch:
                self._commit([write])
            return
        self._loop.call_soon_threadsafe(self._finish, batch, failure)

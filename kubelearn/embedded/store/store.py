"""The store's verbs: get, range, create, update, delete, watch, compact.

Stands for etcd's `server/storage/mvcc` as the API server uses it
(kube-apiserver's side: `staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go`).

Everything here runs in the event loop's thread. A write is checked and gets its revision at once;
it can be seen, by readers, watches and its own caller, when it is on disk and not before.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kubelearn.embedded.clock import Clock
from kubelearn.embedded.store.backend import Backend
from kubelearn.embedded.store.errors import Compacted, KeyExists, Stale, StoreFailed
from kubelearn.embedded.store.history import History
from kubelearn.embedded.store.index import Index
from kubelearn.embedded.store.keyvalue import Event, KeyValue, event
from kubelearn.embedded.store.watch import Watch, Watchers
from kubelearn.embedded.store.writer import Write, Writer

Encode = Callable[[int], bytes]
"""Makes the value for a revision: objects carry theirs as resourceVersion."""

# Changes forgotten in one commit; writers wait no longer than such a step takes.
_COMPACTION_STEP = 500


@dataclass(frozen=True)
class Retention:
    """How much of the past `compact` keeps: what is younger and among the newest."""

    seconds: float = 300
    changes: int = 20_000


class Store:
    """Keys and values with revisions, on disk. Made with `await Store.open(path, clock=...)`."""

    def __init__(self, backend: Backend, *, clock: Clock, retention: Retention) -> None:
        self.revision, compacted, states = backend.load()
        self._backend = backend
        self._clock = clock
        self._retention = retention
        self._index = Index(states)
        self._history = History(backend.path, compacted=compacted)
        self._watchers = Watchers(self._history, revision=self.revision)
        self._writer = Writer(backend, self._settled)
        self._assigned = self.revision
        self._under_way: dict[str, Write] = {}
        self._seen: deque[tuple[float, int]] = deque()
        self._closed = False

    @classmethod
    async def open(
        cls, path: str | Path, *, clock: Clock, retention: Retention | None = None
    ) -> Self:
        """Open or make the store in that file. Raises StateError when it cannot be used."""
        backend = await asyncio.to_thread(Backend.open, Path(path))
        try:
            return cls(backend, clock=clock, retention=retention or Retention())
        except BaseException:
            backend.close()
            raise

    async def close(self) -> None:
        """Finish the writes under way, end all watches, let go of the file."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        self._watchers.close()
        await self._history.close()
        self._backend.close()

    # --- reading ---------------------------------------------------------------------------

    @property
    def compacted(self) -> int:
        """The oldest revision that can still be read and watched from."""
        return self._history.compacted

    def get(self, key: str) -> KeyValue | None:
        """The state of a key now."""
        return self._index.get(key)

    def range(self, prefix: str, *, start: str = "", limit: int = 0) -> list[KeyValue]:
        """The keys with a prefix now, in order; from `start` on, at most `limit`, or all with 0."""
        return self._index.range(prefix, start=start, limit=limit)

    def count(self, prefix: str, *, start: str = "") -> int:
        """How many keys `range` would find."""
        return self._index.count(prefix, start=start)

    def last_change(self, prefix: str) -> int:
        """The revision of the last change in a collection, such as `/registry/pods/`.

        Whoever remembers what it read there reads it anew when this is another one; 0 stands for
        all that was before the store was opened.
        """
        return self._index.last_change(prefix)

    async def range_at(
        self, prefix: str, revision: int, *, start: str = "", limit: int = 0
    ) -> list[KeyValue]:
        """`range` at an old revision: later pages of a list. Raises Compacted."""
        if revision == self.revision:
            return self.range(prefix, start=start, limit=limit)
        return await self._history.range(prefix, revision=revision, start=start, limit=limit)

    async def count_at(self, prefix: str, revision: int, *, start: str = "") -> int:
        """`count` at an old revision. Raises Compacted."""
        if revision == self.revision:
            return self.count(prefix, start=start)
        return await self._history.count(prefix, revision=revision, start=start)

    async def changes(self, prefix: str, *, after: int, limit: int = 100) -> list[Event]:
        """The first changes after a revision. Raises Compacted."""
        return await self._history.changes(prefix, after=after, until=self.revision, limit=limit)

    def watch(self, prefix: str, *, after: int) -> Watch:
        """All changes after a revision, then those to come. Raises Compacted."""
        if after < self.compacted:
            raise Compacted(after, compacted=self.compacted)
        return self._watchers.add(prefix, after=after)

    # --- writing ---------------------------------------------------------------------------

    async def create(self, key: str, encode: Encode) -> KeyValue:
        """Give a new key its value. Raises KeyExists, StoreFailed."""
        if current := await self._settled_state(key):
            raise KeyExists(current)
        return await self._write(key, encode, current=None)

    async def update(self, key: str, encode: Encode, *, expected: int) -> KeyValue:
        """Replace the value that has the revision `expected`. Raises Stale, StoreFailed."""
        current = await self._expected_state(key, expected)
        return await self._write(key, encode, current=current)

    async def delete(self, key: str, encode: Encode, *, expected: int) -> KeyValue:
        """Take a key out; `encode` makes its tombstone's value. Raises Stale, StoreFailed."""
        current = await self._expected_state(key, expected)
        return await self._write(key, encode, current=current, tombstone=True)

    async def _expected_state(self, key: str, expected: int) -> KeyValue:
        current = await self._settled_state(key)
        if current is None or current.mod_revision != expected:
            raise Stale(key, expected=expected, current=current)
        return current

    async def _settled_state(self, key: str) -> KeyValue | None:
        # A write of the same key that is not on disk yet may still fail. What it would lead to
        # must not be told to anybody, not even as the reason for a conflict: wait for it.
        while write := self._under_way.get(key):
            await write.outcome()
        return self._index.get(key)

    async def _write(
        self, key: str, encode: Encode, *, current: KeyValue | None, tombstone: bool = False
    ) -> KeyValue:
        if self._closed:
            raise StoreFailed(f"{key} was not saved: the store is closed", hint="kubelearn up")
        revision = self._assigned + 1
        state = KeyValue(
            key=key,
            value=encode(revision),
            create_revision=current.create_revision if current else revision,
            mod_revision=revision,
            version=0 if tombstone else (current.version if current else 0) + 1,
        )
        write = Write(state, previous=current.mod_revision if current else 0)
        # From here on nothing can fail but the commit.
        self._assigned = revision
        self._under_way[key] = write
        self._writer.submit(write)
        if failure := await write.outcome():
            raise StoreFailed(
                f"{key} was not saved in {self._backend.path}: {failure}",
                hint=f"df -h {self._backend.path.parent}   # reading goes on, writing once it can",
            ) from failure
        return state

    def _settled(self, batch: list[Write], failure: Exception | None) -> None:
        """Make a commit seen: by readers, then by watches, then by those who wrote."""
        if not failure:
            events = [event(each.state, self._index.get(each.state.key)) for each in batch]
            for write in batch:
                self._index.apply(write.state)
            self.revision = batch[-1].state.mod_revision
            self._watchers.publish(events)
        for write in batch:
            del self._under_way[write.state.key]
            write.settle(failure)

    # --- forgetting ------------------------------------------------------------------------

    async def compact(self, revision: int | None = None) -> None:
        """Forget states that were replaced or deleted up to a revision.

        Without one, those beyond the retention; call it every minute or so (upstream: every five,
        `storage/etcd3/compact.go`). Raises StoreFailed.
        """
        wanted = min(self._due() if revision is None else revision, self.revision)
        while (compacted := self.compacted) < wanted:
            # The mark moves first: readers meanwhile get Compacted rather than half of the past.
            self._history.compacted = min(compacted + _COMPACTION_STEP, wanted)
            try:
                await asyncio.to_thread(self._backend.compact, self._history.compacted)
            except Exception as failure:
                raise StoreFailed(f"{self._backend.path} was not compacted: {failure}") from failure

    def _due(self) -> int:
        """The newest revision that both limits of the retention let go.

        How old revisions are is known from earlier calls, so that nothing has to be stored.
        """
        now = self._clock.monotonic()
        self._seen.append((now, self.revision))
        expired = 0
        while self._seen and self._seen[0][0] <= now - self._retention.seconds:
            expired = self._seen.popleft()[1]
        return max(expired, self.revision - self._retention.changes)

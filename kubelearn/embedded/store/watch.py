"""Streams of changes (etcd: `server/storage/mvcc/watchable_store.go`).

As in etcd a watch is either synced, and gets changes as they are committed, or it is behind and
reads what it missed from the file until it has caught up. A watch begins behind when it asks for
the past, and falls behind when nobody reads it: its buffer is then dropped, so that a client that
sleeps costs neither memory nor anybody's time. Once history is compacted past it, it ends with
Compacted, which the API server shows as `410 Expired`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Self

from kubelearn.embedded.store.history import History
from kubelearn.embedded.store.keyvalue import Event

_BUFFER = 1024
_READ_AT_ONCE = 256


class Watch:
    """Changes of the keys with a prefix: an async iterator of lists of events.

    For one reader, which may be cancelled at any moment without losing events.
    """

    def __init__(self, watchers: Watchers, prefix: str, *, after: int) -> None:
        self._watchers = watchers
        self._prefix = prefix
        self._position = after
        self._behind_until = watchers.revision
        self._buffer: list[Event] = []
        self._wakeup: asyncio.Future[None] | None = None
        self._closed = False
        self._interrupted = False

    @property
    def revision(self) -> int:
        """Every change up to this revision was handed out: what a bookmark may say."""
        if self._buffer or self._is_behind():
            return self._position
        return max(self._position, self._watchers.revision)

    def close(self) -> None:
        """End the iteration, also for a reader that waits."""
        self._closed = True
        self._buffer.clear()
        self._watchers.remove(self, self._prefix)
        self._wake()

    def interrupt(self) -> None:
        """Let the reader have a look at something else: it gets an empty list, now or next."""
        self._interrupted = True
        self._wake()

    def push(self, events: Sequence[Event]) -> None:
        """Take committed changes, or remember that they are to be read from the file."""
        first, last = events[0].kv.mod_revision, events[-1].kv.mod_revision
        if first <= self._position:  # it waits for a revision that was in the future
            events = [each for each in events if each.kv.mod_revision > self._position]
            if not events:
                return
        elif not self._buffer and not self._is_behind():
            self._position = first - 1
        if len(self._buffer) + len(events) > _BUFFER:
            self._buffer.clear()
            self._behind_until = last
        else:
            self._buffer += events
        self._wake()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[Event]:
        """The next changes; raises Compacted when they are forgotten."""
        while not self._closed:
            if self._interrupted:
                self._interrupted = False
                return []
            if self._is_behind():
                if events := await self._catch_up():
                    return events
            elif self._buffer:
                return self._take()
            else:
                await self._changed()
        raise StopAsyncIteration

    def _is_behind(self) -> bool:
        return self._position < self._behind_until

    async def _catch_up(self) -> list[Event]:
        until = self._behind_until
        events = await self._watchers.history.changes(
            self._prefix, after=self._position, until=until, limit=_READ_AT_ONCE
        )
        # No await from here on: a cancelled reader has either moved on or not.
        whole = len(events) < _READ_AT_ONCE
        self._position = until if whole else events[-1].kv.mod_revision
        return events

    def _take(self) -> list[Event]:
        events, self._buffer = self._buffer, []
        self._position = events[-1].kv.mod_revision
        return events

    async def _changed(self) -> None:
        self._wakeup = asyncio.get_running_loop().create_future()
        try:
            await self._wakeup
        finally:
            self._wakeup = None

    def _wake(self) -> None:
        if self._wakeup and not self._wakeup.done():
            self._wakeup.set_result(None)


class Watchers:
    """All open watches. Those with the same prefix share the search for matching events."""

    def __init__(self, history: History, *, revision: int) -> None:
        self.history = history
        self.revision = revision
        self._by_prefix: dict[str, set[Watch]] = {}

    def add(self, prefix: str, *, after: int) -> Watch:
        """Open a watch."""
        watch = Watch(self, prefix, after=after)
        self._by_prefix.setdefault(prefix, set()).add(watch)
        return watch

    def remove(self, watch: Watch, prefix: str) -> None:
        """Forget a watch; harmless when it is forgotten already."""
        watches = self._by_prefix.get(prefix, set())
        watches.discard(watch)
        if not watches:
            self._by_prefix.pop(prefix, None)

    def publish(self, events: Sequence[Event]) -> None:
        """Hand committed changes to the watches that they concern."""
        self.revision = events[-1].kv.mod_revision
        for prefix, watches in self._by_prefix.items():
            if matching := [each for each in events if each.kv.key.startswith(prefix)]:
                for watch in watches:
                    watch.push(matching)

    def close(self) -> None:
        """End all of them."""
        for watch in [each for watches in self._by_prefix.values() for each in watches]:
            watch.close()

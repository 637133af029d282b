"""The newest state of every key, in the order of keys (etcd: `server/storage/mvcc/index.go`).

etcd keeps a B-tree of keys in memory and the values on disk. Here the values are in memory as
well: a list request then costs no disk access. One sorted list is enough: to insert into 100,000
keys moves 800 kB of pointers, about 20 µs, a fraction of the commit's fsync.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

from kubelearn.embedded.store.keyvalue import KeyValue, prefix_end


class Index:
    """Living keys and their states."""

    def __init__(self, states: Iterable[KeyValue] = ()) -> None:
        self._states = {state.key: state for state in states}
        self._keys = sorted(self._states)
        self._changes: dict[str, int] = {}

    def get(self, key: str) -> KeyValue | None:
        """The state of a key."""
        return self._states.get(key)

    def last_change(self, prefix: str) -> int:
        """The revision of the newest state taken in of the collection that a prefix lies in.

        A collection are the keys with the same first two parts, such as `/registry/pods/`.
        """
        return self._changes.get(_collection(prefix), 0)

    def apply(self, state: KeyValue) -> None:
        """Take a new state in; a tombstone takes its key out."""
        self._changes[_collection(state.key)] = state.mod_revision
        if not state.version:
            del self._states[state.key]
            del self._keys[bisect_left(self._keys, state.key)]
            return
        if state.key not in self._states:
            insort(self._keys, state.key)
        self._states[state.key] = state

    def range(self, prefix: str, *, start: str, limit: int) -> list[KeyValue]:
        """States of the keys with that prefix, from `start` on; no limit when it is 0."""
        low, high = self._bounds(prefix, start)
        if limit:
            high = min(high, low + limit)
        return [self._states[key] for key in self._keys[low:high]]

    def count(self, prefix: str, *, start: str) -> int:
        """How many keys `range` would find without a limit."""
        low, high = self._bounds(prefix, start)
        return max(high - low, 0)

    def _bounds(self, prefix: str, start: str) -> tuple[int, int]:
        return (
            bisect_left(self._keys, max(prefix, start)),
            bisect_left(self._keys, prefix_end(prefix)),
        )


def _collection(key: str) -> str:
    return key[: key.find("/", key.find("/", 1) + 1) + 1]

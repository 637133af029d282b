"""Questions about the past, answered from the file (etcd: `mvcc/kvstore_txn.go`, rev > 0).

On a connection and a thread of their own: WAL lets them read while the writer commits, and the
event loop goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from kubelearn.embedded.store.backend import connect, explained
from kubelearn.embedded.store.errors import Compacted, StoreFailed
from kubelearn.embedded.store.keyvalue import Event, KeyValue, event, prefix_end

T = TypeVar("T")

# The other columns are those of the row with max(revision), which SQLite documents. Groups come
# in the index's order, so that a limit ends the search.
_RANGE_AT = """
SELECT key, value, create_revision, max(revision), version FROM change
WHERE key >= ? AND key < ? AND revision <= ?
GROUP BY key HAVING version > 0 ORDER BY key LIMIT ?
"""
_COUNT_AT = """
SELECT count(*) FROM (
    SELECT max(revision), version FROM change
    WHERE key >= ? AND key < ? AND revision <= ? GROUP BY key HAVING version > 0
)
"""
# By revision and not by the index of keys: a watch that resumes is a few revisions behind.
_CHANGES = """
SELECT new.key, new.value, new.create_revision, new.revision, new.version,
       old.key, old.value, old.create_revision, old.revision, old.version
FROM change AS new NOT INDEXED LEFT JOIN change AS old ON old.revision = new.previous
WHERE new.revision > ? AND new.revision <= ? AND new.key >= ? AND new.key < ?
ORDER BY new.revision LIMIT ?
"""


class History:
    """Reads of the file at a revision."""

    def __init__(self, path: Path, *, compacted: int) -> None:
        self.compacted = compacted
        self._path = path
        with explained(path):
            self._connection = connect(path)
            self._connection.execute("PRAGMA query_only = ON")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-history")

    async def range(self, prefix: str, *, revision: int, start: str, limit: int) -> list[KeyValue]:
        """States with a prefix at a revision, in the order of keys.

        Raises Compacted, as all that reads the past.
        """
        low, high = max(prefix, start), prefix_end(prefix)
        rows = await self._read(_RANGE_AT, low, high, revision, limit or -1, kept=revision)
        return [KeyValue(*row) for row in rows]

    async def count(self, prefix: str, *, revision: int, start: str) -> int:
        """How many keys with a prefix there were at a revision."""
        low, high = max(prefix, start), prefix_end(prefix)
        rows = await self._read(_COUNT_AT, low, high, revision, kept=revision)
        return int(rows[0][0])

    async def changes(self, prefix: str, *, after: int, until: int, limit: int) -> list[Event]:
        """Changes of the keys with a prefix, oldest first."""
        rows = await self._read(
            _CHANGES, after, until, prefix, prefix_end(prefix), limit, kept=after
        )
        return [
            event(KeyValue(*row[:5]), KeyValue(*row[5:]) if row[5] is not None else None)
            for row in rows
        ]

    async def close(self) -> None:
        """End the thread and close the connection."""
        await self._call(self._connection.close)
        self._thread.shutdown()

    async def _read(self, query: str, *parameters: Any, kept: int) -> list[Any]:
        try:
            rows = await self._call(lambda: self._connection.execute(query, parameters).fetchall())
        except (sqlite3.Error, RuntimeError) as error:  # the latter once it is closed
            raise StoreFailed(
                f"the store {self._path} cannot be read: {error}",
                hint="kubelearn doctor",
            ) from error
        # Looked at after reading: a compaction that began meanwhile may have taken rows.
        if kept < self.compacted:
            raise Compacted(kept, compacted=self.compacted)
        return rows

    async def _call(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

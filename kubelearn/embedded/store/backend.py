"""The store's file: every change since the last compaction, and nothing else.

Stands for etcd's `server/storage/backend/backend.go` (bbolt there, SQLite here). As in etcd a row
is a revision and the current state is the newest row of each key. A row says which row it replaced,
so that compaction and `prev` cost one look-up each.

Durability: WAL with synchronous=FULL means one fsync per commit, before it is acknowledged.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from kubelearn.embedded.store.keyvalue import KeyValue
from kubelearn.errors import StateError

FORMAT = 1
_SCHEMA = f"""
BEGIN;
CREATE TABLE change (
    revision        INTEGER PRIMARY KEY,
    key             TEXT    NOT NULL,
    create_revision INTEGER NOT NULL,
    version         INTEGER NOT NULL,  -- 0 is a tombstone
    previous        INTEGER NOT NULL,  -- the revision that this one replaced; 0 for a new key
    value           BLOB    NOT NULL
);
CREATE UNIQUE INDEX change_by_key ON change (key, revision);
CREATE TABLE compaction (revision INTEGER NOT NULL);
INSERT INTO compaction VALUES (0);
-- Here and not in code, so that moving the mark and forgetting are one statement: one commit.
CREATE TRIGGER forget AFTER UPDATE ON compaction BEGIN
    DELETE FROM change WHERE revision IN (
        SELECT previous FROM change WHERE revision > old.revision AND revision <= new.revision
    );
    DELETE FROM change
        WHERE revision > old.revision AND revision <= new.revision AND version = 0;
END;
PRAGMA user_version = {FORMAT};
COMMIT;
"""
_CURRENT = """
SELECT key, value, create_revision, revision, version FROM change
WHERE version > 0 AND revision IN (SELECT max(revision) FROM change GROUP BY key)
"""
# etcd's first revision; 0 means "any" in the API and is never a resourceVersion.
_FIRST_REVISION = 1


class Change(NamedTuple):
    """A row of the file."""

    revision: int
    key: str
    create_revision: int
    version: int
    previous: int
    value: bytes


class Backend:
    """The file, opened by this process alone."""

    def __init__(self, path: Path, *, lock: int, connection: sqlite3.Connection) -> None:
        self.path = path
        self._lock = lock
        self._connection = connection
        # The writer's thread and a compaction take turns on the one writing connection.
        self._turn = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or make the file.

        Raises StateError when another process has it open, when it comes from a newer version,
        is damaged, or cannot be reached.
        """
        with explained(path):
            lock = _lock(path)
            try:
                return cls(path, lock=lock, connection=_open(path))
            except BaseException:
                os.close(lock)
                raise

    def load(self) -> tuple[int, int, list[KeyValue]]:
        """The current revision, the compacted one, and the state of each living key."""
        with explained(self.path):
            (compacted,) = self._connection.execute("SELECT revision FROM compaction").fetchone()
            (newest,) = self._connection.execute("SELECT max(revision) FROM change").fetchone()
            states = [KeyValue(*row) for row in self._connection.execute(_CURRENT)]
        # Compaction may have taken the newest row, a tombstone; the counter never goes back.
        return max(newest or 0, compacted, _FIRST_REVISION), compacted, states

    def append(self, changes: Sequence[Change]) -> None:
        """Commit changes together. Raises sqlite3.Error, and then none of them is there."""
        # One statement, which SQLite commits itself. With BEGIN, a row at a time and COMMIT, each
        # step would wait for the interpreter lock again: 140 ms for 32 rows beside a busy event
        # loop, against 6 ms.
        values = ",".join(["(?,?,?,?,?,?)"] * len(changes))
        parameters = [column for change in changes for column in change]
        with self._turn:
            self._connection.execute(f"INSERT INTO change VALUES {values}", parameters)

    def compact(self, revision: int) -> None:
        """Forget the states that were replaced or deleted up to that revision."""
        with self._turn:
            self._connection.execute(
                "UPDATE compaction SET revision = max(revision, ?)", (revision,)
            )

    def close(self) -> None:
        """Close the file and let other processes have it."""
        with self._turn:
            self._connection.close()
        os.close(self._lock)


def connect(path: Path) -> sqlite3.Connection:
    """A connection that commits each statement by itself and may change threads."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Failures of the file as a StateError that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise _damaged(path, error) from error
        raise _unusable(path, error) from error
    except OSError as error:
        raise _unusable(path, error) from error


def _damaged(path: Path, reason: object) -> StateError:
    # The files beside it move too: SQLite would play an old log into a new database.
    aside = shlex.quote(str(path.with_name("damaged")))
    return StateError(
        f"the store {path} is damaged: {reason}",
        hint=f"mkdir {aside} && mv {shlex.quote(str(path))}* {aside}/"
        "   # the cluster then starts empty",
    )


def _unusable(path: Path, error: Exception) -> StateError:
    return StateError(
        f"the store {path} cannot be used: {error}",
        hint=f"df -h {shlex.quote(str(path.parent))}"
        "   # is there room? may you write there? KUBELEARN_STATE names another folder",
    )


def _lock(path: Path) -> int:
    # A file of its own, because closing any descriptor of the database itself would drop the
    # locks that SQLite holds on it.
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise StateError(
            f"another process has the store {path} open",
            hint="kubelearn status   # shows the cluster that runs; kubelearn down stops it",
        ) from error
    return lock


def _open(path: Path) -> sqlite3.Connection:
    # Secrets lie in it: nobody else may read it. SQLite gives its other files the same mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = connect(path)
    try:
        _check_format(path, connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if _format(connection) == 0:
            connection.executescript(_SCHEMA)
        _check_pages(path, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_format(path: Path, connection: sqlite3.Connection) -> None:
    found = _format(connection)
    if found > FORMAT:
        raise StateError(
            f"the store {path} has format {found}, this kubelearn knows up to {FORMAT}",
            hint="pip install --upgrade kubelearn   # or set KUBELEARN_STATE to another folder",
        )
    if found == 0 and connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
        raise StateError(
            f"{path} is an SQLite file but not a store of kubelearn",
            hint="set KUBELEARN_STATE to another folder",
        )


def _check_pages(path: Path, connection: sqlite3.Connection) -> None:
    # Now rather than in the middle of a lesson; 35 ms for 10,000 pods.
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise _damaged(path, found)


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])

from __future__ import annotations

import contextlib
import resource
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kubelearn.embedded.store import Retention, Store


class StillClock:
    """A clock that only a test moves."""

    def __init__(self):
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


OpenStore = Callable[..., Awaitable[Store]]


@pytest.fixture
async def open_store(path: Path, clock: StillClock) -> AsyncIterator[OpenStore]:
    """Opens the store of this test, again after a close if wanted."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_one(**retention: float) -> Store:
            store = await Store.open(path, clock=clock, retention=Retention(**retention))
            stack.push_async_callback(store.close)
            return store

        yield open_one


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    return await open_store()


@pytest.fixture
def held_up(path: Path) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Keeps commits from happening for the length of a `with` block, as a slow disk would."""

    @contextlib.contextmanager
    def hold() -> Iterator[None]:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                other.execute("ROLLBACK")

    return hold


@pytest.fixture
def full_disk(path: Path) -> Callable[[int], contextlib.AbstractContextManager[None]]:
    """Lets no file of this process grow beyond the store's log and some bytes more."""

    @contextlib.contextmanager
    def fill(room: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = max(each.stat().st_size for each in path.parent.glob(f"{path.name}*"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return fill

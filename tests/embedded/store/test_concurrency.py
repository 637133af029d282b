"""What holds however many tasks read, write, watch, give up and fail at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable

import pytest

from kubelearn.embedded.store import (
    Compacted,
    KeyExists,
    KeyValue,
    Stale,
    Store,
    StoreFailed,
    Watch,
    watch,
)

KEYS = [f"/registry/configmaps/default/{name}" for name in "abcde"]


async def add_one(store: Store, key: str, rng: random.Random) -> KeyValue:
    """Read, add, compare and swap; again until nobody else came between."""
    while True:
        current = store.get(key)
        if rng.random() < 0.5:
            await asyncio.sleep(0)
        sum_ = int(current.value) + 1 if current else 1
        with contextlib.suppress(KeyExists, Stale):
            if current is None:
                return await store.create(key, encoder(sum_))
            return await store.update(key, encoder(sum_), expected=current.mod_revision)


def encoder(number: int) -> Callable[[int], bytes]:
    return lambda revision: b"%d" % number


async def history(store: Store) -> list[KeyValue]:
    found: list[KeyValue] = []
    while more := await store.changes("", after=found[-1].mod_revision if found else 1):
        found += [each.kv for each in more]
    return found


async def everything_told(opened: Watch, told: list[KeyValue], rng: random.Random) -> None:
    """Reads a watch as a slow client does that also gives up at times."""
    while True:
        for _ in range(rng.randrange(20)):
            await asyncio.sleep(0)
        reader = asyncio.ensure_future(anext(opened, None))
        await asyncio.wait([reader], timeout=rng.choice([None, None, 0]))
        reader.cancel()
        await asyncio.wait([reader])
        if not reader.cancelled():
            if reader.result() is None:
                return
            told += [each.kv for each in reader.result()]


@pytest.mark.parametrize("seed", range(5))
async def test_no_addition_is_lost(store, seed):
    rng = random.Random(seed)
    chosen = rng.choices(KEYS, k=300)
    await asyncio.gather(*(add_one(store, key, rng) for key in chosen))
    assert {kv.key: int(kv.value) for kv in store.range("")} == {
        key: chosen.count(key) for key in chosen
    }
    assert all(int(kv.value) == kv.version for kv in await history(store))


@pytest.mark.parametrize("seed", range(5))
async def test_every_watch_tells_every_change_once_and_in_order(store, seed, monkeypatch):
    monkeypatch.setattr(watch, "_BUFFER", 8)
    rng = random.Random(seed)
    stories: list[list[KeyValue]] = [[] for _ in range(5)]
    watches = [store.watch("", after=1) for _ in stories]
    readers = [
        asyncio.create_task(everything_told(opened, told, random.Random(f"{seed}{i}")))
        for i, (opened, told) in enumerate(zip(watches, stories, strict=True))
    ]
    await asyncio.gather(*(add_one(store, rng.choice(KEYS), rng) for _ in range(200)))
    while not all(opened.revision == store.revision for opened in watches):
        await asyncio.sleep(0)
    for opened in watches:
        opened.close()
    await asyncio.gather(*readers)
    assert [len(told) for told in stories] == [200] * 5
    assert stories == [await history(store)] * 5


@pytest.mark.parametrize("seed", range(5))
async def test_what_fails_never_was_and_what_is_said_stays(store, open_store, full_disk, seed):
    rng = random.Random(seed)
    opened = store.watch("", after=1)

    async def write(i: int) -> KeyValue:
        for _ in range(rng.randrange(30)):
            await asyncio.sleep(0)
        size = rng.choice([10, 10_000, 300_000])
        return await store.create(f"/registry/secrets/{i}", lambda revision: b"x" * size)

    with full_disk(500_000):
        outcomes = await asyncio.gather(*map(write, range(60)), return_exceptions=True)
    saved = [each for each in outcomes if isinstance(each, KeyValue)]
    assert {type(each) for each in outcomes} == {KeyValue, StoreFailed}
    assert sorted(saved, key=lambda kv: kv.mod_revision) == await history(store)
    assert sorted(saved, key=lambda kv: kv.key) == store.range("")
    told: list[KeyValue] = []
    while len(told) < len(saved):
        told += [each.kv for each in await anext(opened)]
    assert told == await history(store)
    await store.close()
    assert (await open_store()).range("") == store.range("")


@pytest.mark.parametrize("seed", range(5))
async def test_writers_that_give_up_harm_nobody(store, seed):
    rng = random.Random(seed)
    tasks = [asyncio.create_task(add_one(store, rng.choice(KEYS), rng)) for _ in range(200)]
    given_up = rng.sample(tasks, 50)
    while not all(task.done() for task in tasks):
        for task in given_up:
            if rng.random() < 0.1:
                task.cancel()
        await asyncio.sleep(0)
    finished = [task.result() for task in tasks if not task.cancelled()]
    found = await history(store)
    assert len(finished) >= 150
    assert all(kv in found for kv in finished)
    assert all(int(kv.value) == kv.version for kv in found)


async def test_the_past_is_either_whole_or_forgotten_during_compaction(store):
    for i in range(600):
        await store.create(f"/registry/pods/{i}", lambda revision: b"")
        await store.delete(f"/registry/pods/{i}", lambda revision: b"", expected=2 * i + 2)

    async def read() -> None:
        while (after := store.compacted) < store.revision:
            with contextlib.suppress(Compacted):
                told = await store.changes("", after=after, limit=50)
                last = min(after + 50, store.revision)
                assert [each.kv.mod_revision for each in told] == list(range(after + 1, last + 1))

    await asyncio.gather(store.compact(store.revision), read(), read())
    assert (store.compacted, store.count("")) == (store.revision, 0)

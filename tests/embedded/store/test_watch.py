from __future__ import annotations

import asyncio

import pytest

from kubelearn.embedded.store import Compacted
from kubelearn.embedded.store.watch import _BUFFER

WEB = "/registry/pods/default/web-0"
NODE = "/registry/minions/a"


async def fill(store, count: int, *, prefix: str = "/registry/pods/") -> None:
    first = store.revision
    await asyncio.gather(
        *(store.create(f"{prefix}{first}-{i}", lambda revision: b"") for i in range(count))
    )


async def take(watch, count: int) -> list[int]:
    """The revisions of the next events, exactly `count` of them."""
    revisions: list[int] = []
    while len(revisions) < count:
        revisions += [each.kv.mod_revision for each in await anext(watch)]
    assert len(revisions) == count
    return revisions


async def test_a_watch_tells_changes_as_they_happen(store):
    watch = store.watch("/registry/pods/", after=store.revision)
    created = await store.create(WEB, lambda revision: b"born")
    updated = await store.update(WEB, lambda revision: b"grown", expected=2)
    tombstone = await store.delete(WEB, lambda revision: b"last", expected=3)
    told = await anext(watch)
    assert [(each.kind, each.kv, each.prev) for each in told] == [
        ("PUT", created, None),
        ("PUT", updated, created),
        ("DELETE", tombstone, updated),
    ]


async def test_a_watch_tells_of_its_own_prefix_only(store):
    watch = store.watch("/registry/pods/", after=store.revision)
    await store.create(NODE, lambda revision: b"")
    await store.create(WEB, lambda revision: b"")
    assert await take(watch, 1) == [3]
    await store.create(f"{WEB}0", lambda revision: b"")
    assert await take(watch, 1) == [4]


async def test_a_waiting_reader_is_woken(store):
    watch = store.watch("", after=store.revision)
    reader = asyncio.create_task(anext(watch))
    await asyncio.sleep(0)
    await store.create(WEB, lambda revision: b"")
    assert [each.kv.key for each in await reader] == [WEB]


async def test_a_watch_of_the_past_goes_on_into_the_present(store):
    await fill(store, 700)
    watch = store.watch("", after=11)
    reader = asyncio.create_task(take(watch, 790))
    await fill(store, 100)
    assert await reader == list(range(12, 802))


async def test_a_change_during_the_search_of_an_empty_past_is_told(store):
    await fill(store, 2)
    watch = store.watch("/registry/minions/", after=1)
    created = await store.create(NODE, lambda revision: b"")
    assert [each.kv for each in await anext(watch)] == [created]


async def test_a_watch_of_the_past_survives_a_restart(store, open_store):
    await fill(store, 5)
    await store.close()
    again = await open_store()
    assert await take(again.watch("", after=3), 3) == [4, 5, 6]


async def test_a_watch_from_before_the_compaction_is_refused(store):
    await fill(store, 5)
    await store.compact(4)
    with pytest.raises(Compacted, match="revision 3 is forgotten"):
        store.watch("", after=3)
    assert await take(store.watch("", after=4), 2) == [5, 6]


async def test_a_watch_from_the_future_waits_for_it(store):
    watch = store.watch("", after=4)
    await fill(store, 5)
    assert await take(watch, 2) == [5, 6]


async def test_an_unread_watch_keeps_a_bounded_buffer_and_loses_nothing(store):
    watch = store.watch("", after=store.revision)
    await fill(store, _BUFFER + 100)
    assert len(watch._buffer) <= _BUFFER
    assert await take(watch, _BUFFER + 100) == list(range(2, _BUFFER + 102))
    await fill(store, 1)
    assert await take(watch, 1) == [_BUFFER + 102]


async def test_an_unread_watch_ends_when_what_it_missed_is_forgotten(store):
    watch = store.watch("", after=store.revision)
    await fill(store, _BUFFER + 100)
    await store.compact(50)
    with pytest.raises(Compacted):
        await anext(watch)


async def test_a_watch_of_a_quiet_prefix_outlives_compaction(store):
    watch = store.watch("/registry/minions/", after=store.revision)
    await fill(store, 10)
    await store.compact(store.revision)
    await fill(store, _BUFFER + 1, prefix="/registry/minions/")
    assert len(await take(watch, _BUFFER + 1)) == _BUFFER + 1


async def test_a_bookmark_may_say_up_to_where_all_is_told(store):
    await fill(store, 2)
    watch = store.watch("/registry/minions/", after=1)
    reader = asyncio.create_task(anext(watch))
    assert watch.revision == 1
    while watch.revision < 3:  # until the reader has searched the past
        await asyncio.sleep(0)
    reader.cancel()
    await fill(store, 2)
    assert watch.revision == 5
    await store.create(NODE, lambda revision: b"")
    assert watch.revision == 5
    await anext(watch)
    assert watch.revision == 6


async def test_a_reader_that_is_cancelled_loses_nothing(store):
    await fill(store, 600)
    watch = store.watch("", after=1)
    seen: list[int] = []
    for patience in range(200):
        reader = asyncio.create_task(anext(watch))
        for _ in range(patience % 5):
            await asyncio.sleep(0)
        reader.cancel()
        await asyncio.wait([reader])
        if not reader.cancelled():
            seen += [each.kv.mod_revision for each in reader.result()]
    seen += await take(watch, 600 - len(seen))
    assert seen == list(range(2, 602))


async def test_closing_a_watch_ends_its_reader(store):
    watch = store.watch("", after=store.revision)
    reader = asyncio.create_task(anext(watch, None))
    await asyncio.sleep(0)
    watch.close()
    watch.close()
    assert await reader is None
    await fill(store, 1)
    assert [each async for each in watch] == []


async def test_closing_the_store_ends_all_watches(store):
    watches = [store.watch(prefix, after=1) for prefix in ("", "", NODE)]
    readers = [asyncio.create_task(anext(each, None)) for each in watches]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*readers) == [None] * 3


async def test_a_reader_that_waits_can_be_interrupted_and_loses_nothing(store):
    watch = store.watch("/a/", after=store.revision)
    waiting = asyncio.create_task(anext(watch))
    await asyncio.sleep(0)
    watch.interrupt()
    assert await waiting == []
    watch.interrupt()
    made = await store.create("/a/1", lambda _: b"")
    assert await anext(watch) == []
    [event] = await anext(watch)
    assert event.kv == made

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from kubelearn.embedded.store import Compacted, StoreFailed

WEB = "/registry/pods/default/web-0"


@pytest.fixture
async def lived(store):
    """A store at revision 7: web-0 was born in 2, grown in 3, gone in 4; a node came in 5..7."""
    await store.create(WEB, lambda revision: b"born")
    await store.update(WEB, lambda revision: b"grown", expected=2)
    await store.delete(WEB, lambda revision: b"last", expected=3)
    await store.create("/registry/minions/a", lambda revision: b"")
    await store.update("/registry/minions/a", lambda revision: b"", expected=5)
    await store.create("/registry/pods/default/web-1", lambda revision: b"")
    return store


async def test_a_key_is_read_as_it_was(lived):
    states = [await lived.range_at(WEB, revision) for revision in range(1, 8)]
    values = [[each.value for each in found] for found in states]
    assert values == [[], [b"born"], [b"grown"], [], [], [], []]
    [grown] = states[2]
    assert (grown.create_revision, grown.mod_revision, grown.version) == (2, 3, 2)


async def test_a_range_is_read_as_it_was(lived):
    def names(states):
        return [each.key.rpartition("/")[2] for each in states]

    assert names(await lived.range_at("", 3)) == ["web-0"]
    assert names(await lived.range_at("", 6)) == ["a"]
    assert names(await lived.range_at("", 7)) == ["a", "web-1"] == names(lived.range(""))


async def test_the_pages_of_a_list_show_one_moment(store):
    for i in range(10):
        await store.create(f"/registry/pods/{i}", lambda revision: b"old")
    moment = store.revision
    pages = [store.range("/registry/pods/", limit=4)]
    for i in range(0, 10, 2):
        await store.delete(f"/registry/pods/{i}", lambda revision: b"", expected=i + 2)
        await store.create(f"/registry/pods/{i}-new", lambda revision: b"new")
    while len(pages[-1]) == 4:
        start = pages[-1][-1].key + "\0"
        pages.append(await store.range_at("/registry/pods/", moment, start=start, limit=4))
    assert [each.key[-1] for page in pages for each in page] == list("0123456789")
    start = pages[0][-1].key + "\0"
    assert await store.count_at("/registry/pods/", moment, start=start) == 6
    assert await store.count_at("/registry/pods/", store.revision) == 10


async def test_changes_are_told_in_order_with_what_they_replaced(lived):
    told = await lived.changes("/registry/pods/", after=2)
    assert [(each.kind, each.kv.value, each.prev and each.prev.value) for each in told] == [
        ("PUT", b"grown", b"born"),
        ("DELETE", b"last", b"grown"),
        ("PUT", b"", None),
    ]
    assert [each.kv.mod_revision for each in await lived.changes("", after=2, limit=3)] == [3, 4, 5]


async def test_compaction_forgets_what_was_replaced_and_keeps_what_lives(lived):
    await lived.compact(6)
    assert lived.compacted == 6
    with pytest.raises(Compacted, match="revision 5 is forgotten: compacted up to 6"):
        await lived.range_at("", 5)
    with pytest.raises(Compacted):
        await lived.count_at("", 5)
    with pytest.raises(Compacted):
        await lived.changes("", after=5)
    assert await lived.range_at("", 6) == lived.range("", limit=1)
    assert [each.kv.mod_revision for each in await lived.changes("", after=6)] == [7]


async def test_what_a_later_change_replaced_is_kept_by_compaction(lived):
    await lived.compact(5)
    (change,) = await lived.changes("/registry/minions/", after=5)
    assert (change.prev.mod_revision, change.kv.mod_revision) == (5, 6)


async def test_the_file_keeps_no_more_than_what_can_be_asked_for(lived, path):
    await lived.compact(6)
    await lived.close()
    with closing(sqlite3.connect(path)) as file:
        assert [revision for (revision,) in file.execute("SELECT revision FROM change")] == [6, 7]


async def test_compaction_survives_a_restart(lived, open_store):
    await lived.compact(6)
    await lived.close()
    again = await open_store()
    assert (again.revision, again.compacted) == (7, 6)
    assert again.range("") == lived.range("")


async def test_compaction_never_passes_the_present_nor_goes_back(lived):
    await lived.compact(100)
    assert lived.compacted == 7
    await lived.compact(3)
    assert lived.compacted == 7
    assert (await lived.create(WEB, lambda revision: b"")).mod_revision == 8


async def test_a_long_past_is_forgotten_in_steps(store):
    await store.create(WEB, lambda revision: b"")
    for revision in range(2, 1203):
        await store.update(WEB, lambda revision: b"", expected=revision)
    await store.compact(1200)
    assert store.compacted == 1200
    assert [each.kv.mod_revision for each in await store.changes("", after=1200)] == [
        1201,
        1202,
        1203,
    ]


async def test_old_changes_leave_when_their_time_is_over(open_store, clock):
    store = await open_store(seconds=600, changes=1000)
    await store.create(WEB, lambda revision: b"")
    await store.compact()
    clock.seconds += 300
    await store.update(WEB, lambda revision: b"", expected=2)
    await store.compact()
    assert store.compacted == 0
    clock.seconds += 300
    await store.compact()
    assert store.compacted == 2
    clock.seconds += 600
    await store.compact()
    assert store.compacted == 3


async def test_too_many_changes_leave_before_their_time(open_store):
    store = await open_store(seconds=600, changes=3)
    for i in range(10):
        await store.create(f"/registry/{i}", lambda revision: b"")
    await store.compact()
    assert store.compacted == 8
    assert len(await store.changes("", after=8)) == 3


async def test_a_compaction_that_fails_is_made_up_for_by_the_next(store, full_disk, path):
    await store.create(WEB, lambda revision: b"x" * 100_000)
    for revision in range(2, 60):
        await store.update(WEB, lambda revision: b"x" * 100_000, expected=revision)
    with full_disk(-path.with_name("store.db-wal").stat().st_size), pytest.raises(StoreFailed):
        await store.compact(59)
    await store.compact(60)
    assert len(await store.changes("", after=60)) == 0
    assert store.get(WEB)

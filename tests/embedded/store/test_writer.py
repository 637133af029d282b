from __future__ import annotations

import asyncio

import pytest

from kubelearn.embedded.store import KeyExists, StoreFailed

WEB = "/registry/pods/default/web-0"


async def test_many_writers_get_revisions_without_gaps(store):
    written = await asyncio.gather(
        *(store.create(f"/registry/{i}", lambda revision: b"%d" % revision) for i in range(500))
    )
    assert [each.mod_revision for each in written] == list(range(2, 502))
    assert all(each.value == b"%d" % each.mod_revision for each in written)


async def test_a_full_disk_fails_the_write_and_changes_nothing(store, full_disk):
    before = await store.create(WEB, lambda revision: b"before")
    watch = store.watch("", after=store.revision)
    with full_disk(10_000):
        with pytest.raises(StoreFailed, match=f"{WEB} was not saved in .*store.db") as failure:
            await store.update(WEB, lambda revision: b"x" * 1_000_000, expected=2)
        assert "df -h" in failure.value.hint
        assert store.get(WEB) == before
        assert [each.kv for each in await store.changes("", after=1)] == [before]
        assert (store.revision, watch.revision) == (2, 2)


async def test_writing_goes_on_when_there_is_room_again(store, open_store, full_disk):
    await store.create(WEB, lambda revision: b"before")
    with full_disk(10_000), pytest.raises(StoreFailed):
        await store.update(WEB, lambda revision: b"x" * 1_000_000, expected=2)
    await store.update(WEB, lambda revision: b"x" * 1_000_000, expected=2)
    await store.close()
    again = await open_store()
    assert again.range("") == store.range("")


async def test_a_write_too_large_for_the_disk_takes_no_other_with_it(store, full_disk):
    async def write(name: str, size: int):
        return await store.create(f"/registry/{name}", lambda revision: b"x" * size)

    with full_disk(400_000):
        small = [write(f"small-{i}", 100) for i in range(10)]
        outcomes = await asyncio.gather(
            *small[:5], write("large", 1_000_000), *small[5:], return_exceptions=True
        )
    failed = [each for each in outcomes if isinstance(each, Exception)]
    assert outcomes.index(failed[0]) == 5
    assert len(failed) == 1
    assert store.count("/registry/small-") == 10


async def test_a_conflict_with_a_write_that_then_fails_is_none(store, full_disk):
    with full_disk(10_000):
        outcomes = await asyncio.gather(
            store.create(WEB, lambda revision: b"x" * 1_000_000),
            store.create(WEB, lambda revision: b"small"),
            store.create(WEB, lambda revision: b"late"),
            return_exceptions=True,
        )
    assert isinstance(outcomes[0], StoreFailed)
    assert store.get(WEB) == outcomes[1]
    assert isinstance(outcomes[2], KeyExists)


async def test_a_value_that_sqlite_refuses_fails_alone(store):
    outcomes = await asyncio.gather(
        store.create("/registry/good", lambda revision: b""),
        store.create("/registry/\ud800", lambda revision: b""),
        return_exceptions=True,
    )
    assert outcomes[0] == store.get("/registry/good")
    assert isinstance(outcomes[1], StoreFailed)

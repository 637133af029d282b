from __future__ import annotations

import asyncio

import pytest

from kubelearn.embedded.store import KeyExists, Stale, StoreFailed

WEB = "/registry/pods/default/web-0"


def text(words: str):
    """An object's value: it names its own revision, as a resourceVersion does."""
    return lambda revision: f"{words}@{revision}".encode()


async def test_an_empty_store_is_at_etcds_first_revision(store):
    assert (store.revision, store.compacted) == (1, 0)
    assert store.range("") == []


async def test_a_new_key_has_version_1_and_knows_its_revision(store):
    created = await store.create(WEB, text("born"))
    assert created == store.get(WEB)
    assert created.value == b"born@2"
    assert (created.create_revision, created.mod_revision, created.version) == (2, 2, 1)
    assert store.revision == 2


async def test_a_key_that_exists_cannot_be_created(store):
    created = await store.create(WEB, text("born"))
    with pytest.raises(KeyExists, match=f"{WEB} exists since revision 2") as refusal:
        await store.create(WEB, text("again"))
    assert refusal.value.current == created
    assert store.revision == 2


async def test_an_update_replaces_the_value_that_was_seen(store):
    await store.create(WEB, text("born"))
    updated = await store.update(WEB, text("grown"), expected=2)
    assert updated == store.get(WEB)
    assert updated.value == b"grown@3"
    assert (updated.create_revision, updated.mod_revision, updated.version) == (2, 3, 2)


async def test_an_update_of_an_older_state_is_stale(store):
    await store.create(WEB, text("born"))
    current = await store.update(WEB, text("grown"), expected=2)
    with pytest.raises(Stale, match="expected at revision 2 but is at revision 3") as refusal:
        await store.update(WEB, text("lost"), expected=2)
    assert refusal.value.current == current == store.get(WEB)


async def test_an_update_of_a_missing_key_is_stale(store):
    with pytest.raises(Stale, match="does not exist") as refusal:
        await store.update(WEB, text("lost"), expected=2)
    assert refusal.value.current is None


async def test_a_deletion_leaves_a_tombstone_with_its_own_revision(store):
    await store.create(WEB, text("born"))
    tombstone = await store.delete(WEB, text("last"), expected=2)
    assert (tombstone.value, tombstone.mod_revision, tombstone.version) == (b"last@3", 3, 0)
    assert store.get(WEB) is None
    assert store.count("") == 0


async def test_a_deletion_of_an_older_state_is_stale(store):
    await store.create(WEB, text("born"))
    await store.update(WEB, text("grown"), expected=2)
    with pytest.raises(Stale):
        await store.delete(WEB, text("last"), expected=2)
    assert store.get(WEB)


async def test_a_deleted_key_starts_a_new_life(store):
    await store.create(WEB, text("born"))
    await store.delete(WEB, text("last"), expected=2)
    reborn = await store.create(WEB, text("reborn"))
    assert (reborn.create_revision, reborn.version) == (4, 1)


async def test_a_range_holds_the_keys_of_a_prefix_in_order(store):
    for name in ("c", "a", "b"):
        await store.create(f"/registry/pods/default/{name}", text(name))
    await store.create("/registry/minions/a", text("node"))
    found = store.range("/registry/pods/", start="/registry/pods/default/b", limit=5)
    assert [each.key[-1] for each in found] == ["b", "c"]
    assert store.count("/registry/pods/") == 3


async def test_an_object_that_cannot_be_encoded_uses_up_no_revision(store):
    def refuse(revision: int) -> bytes:
        raise ValueError("no such field")

    with pytest.raises(ValueError, match="no such field"):
        await store.create(WEB, refuse)
    assert (await store.create(WEB, text("born"))).mod_revision == 2


async def test_of_two_creations_at_once_one_wins(store):
    outcomes = await asyncio.gather(
        *(store.create(WEB, text(words)) for words in "ab"), return_exceptions=True
    )
    assert outcomes[0] == store.get(WEB)
    assert isinstance(outcomes[1], KeyExists)


async def test_of_many_updates_at_once_one_wins(store):
    await store.create(WEB, text("born"))
    outcomes = await asyncio.gather(
        *(store.update(WEB, text(str(i)), expected=2) for i in range(20)), return_exceptions=True
    )
    assert [type(each) for each in outcomes[1:]] == [Stale] * 19
    assert store.get(WEB) == outcomes[0]


async def test_nobody_sees_a_write_before_it_is_on_disk(store, held_up):
    watch = store.watch("", after=store.revision)
    with held_up():
        write = asyncio.create_task(store.create(WEB, text("born")))
        rival = asyncio.create_task(store.create(WEB, text("rival")))
        reader = asyncio.create_task(anext(watch))
        await store.changes("", after=1)  # a read of the file goes on meanwhile
        assert [each.done() for each in (write, rival, reader)] == [False] * 3
        assert (store.get(WEB), store.revision) == (None, 1)
    assert (await write).value == b"born@2"
    assert [each.kv.value for each in await reader] == [b"born@2"]
    with pytest.raises(KeyExists):
        await rival


async def test_a_deletion_under_way_holds_the_next_creation_back(store, held_up):
    await store.create(WEB, text("born"))
    with held_up():
        deletion = asyncio.create_task(store.delete(WEB, text("last"), expected=2))
        creation = asyncio.create_task(store.create(WEB, text("reborn")))
        await store.changes("", after=2)
    assert (await deletion).mod_revision == 3
    assert (await creation).mod_revision == 4


async def test_a_writer_that_goes_away_leaves_its_write_behind(store, held_up):
    with held_up():
        write = asyncio.create_task(store.create(WEB, text("born")))
        waiting = asyncio.create_task(store.create(WEB, text("rival")))
        await store.changes("", after=1)
        write.cancel()
    with pytest.raises(KeyExists):
        await waiting
    assert store.get(WEB).value == b"born@2"


async def test_closing_finishes_what_was_begun(store, open_store):
    writes = [asyncio.create_task(store.create(f"/registry/{i}", text("x"))) for i in range(300)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*writes)) == 300
    assert (await open_store()).count("") == 300


async def test_a_closed_store_refuses_whatever_needs_the_file(store):
    await store.close()
    await store.close()
    with pytest.raises(StoreFailed, match="the store is closed"):
        await store.create(WEB, text("late"))
    with pytest.raises(StoreFailed, match="cannot be read"):
        await store.changes("", after=1)
    with pytest.raises(StoreFailed, match="was not compacted"):
        await store.compact(1)

"""Random operations on the store and on a model that is plainly right: a list of all changes."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from kubelearn.embedded.store import Compacted, KeyExists, KeyValue, Stale, Store, Watch, watch

PREFIXES = ["", "/registry/", "/registry/pods/", "/registry/pods/b/", "/registry/minions/"]
KEYS = [f"/registry/pods/{namespace}/{name}" for namespace in "abc" for name in "xyz"]
KEYS += ["/registry/minions/x", "/registry/podtemplates/a/x"]


class Model:
    """Every change since the beginning of time."""

    def __init__(self):
        self.changes: list[KeyValue] = []

    @property
    def revision(self) -> int:
        return len(self.changes) + 1

    def add(self, change: KeyValue) -> None:
        assert change.mod_revision == self.revision + 1
        self.changes.append(change)

    def at(self, revision: int) -> dict[str, KeyValue]:
        states = {each.key: each for each in self.changes[: revision - 1]}
        return {key: state for key, state in states.items() if state.version}

    def range(self, revision: int, prefix: str, start: str) -> list[KeyValue]:
        states = sorted(self.at(revision).values(), key=lambda state: state.key)
        return [each for each in states if each.key.startswith(prefix) and each.key >= start]

    def after(self, revision: int, prefix: str) -> list[KeyValue]:
        return [each for each in self.changes[revision - 1 :] if each.key.startswith(prefix)]


class Walk:
    """One random walk; every step compares."""

    def __init__(self, store: Store, *, seed: int):
        self.store = store
        self.model = Model()
        self.rng = random.Random(seed)
        self.watches: list[tuple[str, int, Watch]] = []

    async def step(self) -> None:
        steps = [self.write] * 10 + [self.read] * 3 + [self.read_the_past] * 3
        steps += [self.open_watch] * 2 + [self.read_watch] * 2 + [self.compact]
        await self.rng.choice(steps)()
        assert (self.store.revision, self.store.count("")) == (
            self.model.revision,
            len(self.model.at(self.model.revision)),
        )

    async def write(self) -> None:
        key = self.rng.choice(KEYS)
        current = self.model.at(self.model.revision).get(key)
        seen = self.rng.choice([current.mod_revision if current else 0, self.some_revision()])
        if self.rng.random() < 0.4:
            await self.create(key, current)
        elif current and seen == current.mod_revision:
            await self.replace(key, current)
        else:
            verb = self.rng.choice([self.store.update, self.store.delete])
            with pytest.raises(Stale) as refusal:
                await verb(key, self.encode, expected=seen)
            assert refusal.value.current == current

    async def create(self, key: str, current: KeyValue | None) -> None:
        if current:
            with pytest.raises(KeyExists) as refusal:
                await self.store.create(key, self.encode)
            assert refusal.value.current == current
            return
        created = await self.store.create(key, self.encode)
        revision = self.model.revision + 1
        assert created == KeyValue(key, self.encode(revision), revision, revision, 1)
        self.model.add(created)

    async def replace(self, key: str, current: KeyValue) -> None:
        revision, first = self.model.revision + 1, current.create_revision
        if self.rng.random() < 0.5:
            version = current.version + 1
            new = await self.store.update(key, self.encode, expected=current.mod_revision)
        else:
            version = 0
            new = await self.store.delete(key, self.encode, expected=current.mod_revision)
        assert new == KeyValue(key, self.encode(revision), first, revision, version)
        self.model.add(new)

    async def read(self) -> None:
        prefix, start, limit = self.some_page()
        expected = self.model.range(self.model.revision, prefix, start)
        assert self.store.count(prefix, start=start) == len(expected)
        assert self.store.range(prefix, start=start, limit=limit) == expected[: limit or None]
        key = self.rng.choice(KEYS)
        assert self.store.get(key) == self.model.at(self.model.revision).get(key)

    async def read_the_past(self) -> None:
        revision, (prefix, start, limit) = self.some_revision(), self.some_page()
        expected = self.model.range(revision, prefix, start)
        try:
            found = (
                await self.store.count_at(prefix, revision, start=start),
                await self.store.range_at(prefix, revision, start=start, limit=limit),
                [each.kv for each in await self.store.changes(prefix, after=revision, limit=5)],
            )
        except Compacted:
            assert revision < self.store.compacted
            return
        assert found == (
            len(expected),
            expected[: limit or None],
            self.model.after(revision, prefix)[:5],
        )

    async def open_watch(self) -> None:
        prefix, after = self.rng.choice(PREFIXES), self.some_revision()
        if after < self.store.compacted:
            with pytest.raises(Compacted):
                self.store.watch(prefix, after=after)
        else:
            self.watches.append((prefix, after, self.store.watch(prefix, after=after)))

    async def read_watch(self) -> None:
        """All that it has to tell, in as many portions as it likes."""
        if not self.watches:
            return
        number = self.rng.randrange(len(self.watches))
        prefix, position, opened = self.watches[number]
        expected = self.model.after(position, prefix)
        told: list[KeyValue] = []
        try:
            while len(told) < len(expected):
                told += [each.kv for each in await anext(opened)]
        except Compacted:
            assert opened.revision < self.store.compacted
            opened.close()
            del self.watches[number]
        else:
            self.watches[number] = (prefix, self.model.revision, opened)
        assert told == expected[: len(told)]

    async def compact(self) -> None:
        await self.store.compact(self.some_revision() // 2)

    def encode(self, revision: int) -> bytes:
        return b"%d" % revision * (revision % 50)

    def some_revision(self) -> int:
        return self.rng.randint(1, self.model.revision)

    def some_page(self) -> tuple[str, str, int]:
        start = self.rng.choice(["", *KEYS]) + self.rng.choice(["", "\0"])
        return self.rng.choice(PREFIXES), start, self.rng.randrange(4)


@pytest.fixture
def small_buffers(monkeypatch) -> Iterator[None]:
    """So that watches fall behind within a few steps."""
    monkeypatch.setattr(watch, "_BUFFER", 5)
    monkeypatch.setattr(watch, "_READ_AT_ONCE", 3)


@pytest.mark.usefixtures("small_buffers")
@pytest.mark.parametrize("seed", range(10))
async def test_a_random_walk_agrees_with_the_model(open_store, seed):
    walk = Walk(await open_store(), seed=seed)
    for _ in range(4):
        for _ in range(150):
            await walk.step()
        for _ in range(100):
            await walk.read_watch()
        await walk.store.close()
        walk.watches.clear()
        walk.store = await open_store()

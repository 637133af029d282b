"""A real process writes and is killed at moments that it can't choose; nothing it said is lost."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

# Each line that it prints is the acknowledgement of a write.
WRITER = """
import asyncio, os, random, sys
from kubelearn.embedded.clock import SystemClock
from kubelearn.embedded.store import KeyExists, Stale, Store

async def write(store, rng):
    while True:
        key = f"/registry/pods/default/web-{rng.randrange(20)}"
        current = store.get(key)
        size = rng.choice([10, 1000, 20_000])
        encode = lambda revision: (b"%d " % revision) * size
        try:
            if current is None:
                kv = await store.create(key, encode)
            elif rng.random() < 0.3:
                kv = await store.delete(key, encode, expected=current.mod_revision)
            else:
                kv = await store.update(key, encode, expected=current.mod_revision)
        except (KeyExists, Stale):
            continue
        os.write(1, f"{kv.mod_revision} {kv.version} {len(kv.value)} {kv.key}\\n".encode())

async def main():
    store = await Store.open(sys.argv[1], clock=SystemClock())
    rng = random.Random(int(sys.argv[2]))
    await asyncio.gather(*(write(store, rng) for _ in range(8)))

asyncio.run(main())
"""


def acknowledged_before_a_kill(path, seed: int) -> list[str]:
    """Lets a writer say a random number of things, kills it, and returns all that it said."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(seed)], stdout=subprocess.PIPE, text=True
    )
    said = [writer.stdout.readline() for _ in range(random.Random(seed).randrange(1, 300))]
    writer.kill()
    rest, _ = writer.communicate()
    return [line.strip() for line in [*said, *rest.splitlines()]]


async def everything(store):
    changes = []
    while more := await store.changes("", after=1 + len(changes)):
        changes += more
    return changes


@pytest.mark.parametrize("seed", range(2))
async def test_acknowledged_writes_survive_kill_9(path, open_store, seed):
    acknowledged: list[str] = []
    for round_ in range(5):
        acknowledged += acknowledged_before_a_kill(path, seed * 100 + round_)
        store = await open_store()
        found = [each.kv for each in await everything(store)]
        lines = {f"{kv.mod_revision} {kv.version} {len(kv.value)} {kv.key}" for kv in found}
        assert set(acknowledged) <= lines
        assert all(kv.value.startswith(b"%d " % kv.mod_revision) for kv in found)
        living = {kv.key: kv for kv in found}
        assert store.range("") == sorted(
            (kv for kv in living.values() if kv.version), key=lambda kv: kv.key
        )
        assert store.revision == found[-1].mod_revision == len(found) + 1
        await store.close()

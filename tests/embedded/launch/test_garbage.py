"""Garbage in cycles."""

import asyncio
import ctypes
import gc
import os
import weakref
from pathlib import Path

import pytest

from kubelearn.embedded.launch import garbage


class Knot:
    """Refers to itself, so that nothing frees it but the collector."""

    def __init__(self):
        self.me = self


@pytest.fixture
async def collector(clock):
    before = gc.get_threshold()
    task = asyncio.create_task(garbage.collect(clock))
    await clock.advance(0)
    yield
    task.cancel()
    await asyncio.wait([task])
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


async def test_what_is_new_is_looked_through_every_few_seconds(clock, collector):
    lost = weakref.ref(Knot())
    assert lost()
    await clock.advance(10)
    assert lost() is None


async def test_what_lives_is_put_aside_and_looked_at_no_more(clock, collector):
    kept = Knot()
    await clock.advance(10)
    assert not any(each is kept for each in gc.get_objects())
    assert gc.get_freeze_count() > 0


async def test_what_became_garbage_after_it_was_put_aside_goes_in_the_end(clock, collector):
    kept = Knot()
    lost = weakref.ref(kept)
    await clock.advance(10)
    del kept
    await clock.advance(10)
    assert lost()
    await clock.advance(600)
    assert lost() is None


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not glibc")
async def test_what_was_freed_goes_back_to_the_system(clock, collector):
    # Small pieces, of which the C library keeps all below the last one that is in use.
    pieces = [bytes(1000) for _ in range(20_000)]
    last = pieces[-1]
    before = resident_megabytes()
    del pieces
    assert resident_megabytes() > before - 5
    await clock.advance(10)
    assert resident_megabytes() < before - 10
    assert len(last) == 1000


def resident_megabytes():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

"""A worker's alarm clock."""

import asyncio

import pytest

from kubelearn.embedded.kubelet.wake import Wake


@pytest.fixture
def wake(clock):
    return Wake(clock)


async def test_it_rings_when_told(wake):
    wake.now()
    wake.now()
    await wake.wait()
    waiting = asyncio.create_task(wake.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    wake.now()
    await waiting


async def test_it_rings_at_the_earliest_time(wake, clock):
    wake.after(30)
    wake.after(10)
    wake.after(20)
    waiting = asyncio.create_task(wake.wait())
    await clock.advance(9)
    assert not waiting.done()
    await clock.advance(1)
    assert waiting.done()


async def test_times_are_forgotten_when_it_rings(wake, clock):
    wake.after(10)
    wake.now()
    await wake.wait()
    waiting = asyncio.create_task(wake.wait())
    await clock.advance(100)
    assert not waiting.done()
    waiting.cancel()

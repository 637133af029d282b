from __future__ import annotations

import asyncio

import pytest

from kubelearn.embedded.stopwatch import Stopwatch


@pytest.fixture
def work(clock):
    """Work for a number of seconds, without letting anybody else have a turn."""

    def call(seconds):
        clock._elapsed += seconds

    return call


async def test_work_counts_and_waiting_does_not(clock, work):
    async def both():
        work(2)
        await clock.sleep(100)
        work(3)

    watch = Stopwatch(both(), clock=clock)
    task = asyncio.ensure_future(_run(watch))
    await clock.advance(200)
    await task
    assert watch.seconds == 5


async def test_failures_come_through_after_they_were_counted(clock, work):
    async def fail():
        await asyncio.sleep(0)
        work(1)
        raise ValueError("no")

    watch = Stopwatch(fail(), clock=clock)
    with pytest.raises(ValueError, match="no"):
        await watch
    assert watch.seconds == 1


async def test_it_can_be_cancelled_and_may_take_its_time_for_that(clock):
    steps = []

    async def patient():
        try:
            await clock.sleep(100)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            steps.append("cleaned up")
            raise

    task = asyncio.ensure_future(_run(Stopwatch(patient(), clock=clock)))
    await clock.advance(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == ["cleaned up"]


async def _run(watch):
    await watch

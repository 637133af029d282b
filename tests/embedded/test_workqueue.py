from __future__ import annotations

import asyncio

import pytest

from kubelearn.embedded.workqueue import WorkQueue


@pytest.fixture
def queue(clock):
    queue = WorkQueue(clock, name="test")
    yield queue
    queue.close()


async def taken(queue: WorkQueue) -> list[str]:
    keys = []
    while len(queue):
        keys.append(await queue.get())
    return keys


async def test_a_key_added_twice_is_worked_on_once(queue):
    queue.add("a")
    queue.add("a")
    queue.add("b")
    assert await taken(queue) == ["a", "b"]


async def test_a_key_added_while_it_is_worked_on_waits_until_it_is_done(queue):
    queue.add("a")
    key = await queue.get()
    queue.add("a")
    assert len(queue) == 0
    queue.done(key)
    assert await taken(queue) == ["a"]


async def test_a_key_that_rests_comes_again_when_it_has_rested(queue, clock):
    queue.add("a")
    queue.done(await queue.get(), rest=5)
    queue.add("a")
    await clock.advance(4)
    assert len(queue) == 0
    await clock.advance(1)
    assert await taken(queue) == ["a"]


async def test_a_delayed_key_comes_when_its_time_has_come(queue, clock):
    queue.add_after("a", 10)
    await clock.advance(9)
    assert len(queue) == 0
    await clock.advance(1)
    assert await taken(queue) == ["a"]


async def test_the_earlier_of_two_delays_counts(queue, clock):
    queue.add_after("a", 10)
    queue.add_after("a", 5)
    queue.add_after("a", 20)
    await clock.advance(5)
    assert await taken(queue) == ["a"]
    queue.done("a")
    await clock.advance(20)
    assert len(queue) == 0


async def test_a_key_that_fails_comes_back_later_each_time_until_it_is_forgotten(queue, clock):
    async def wait() -> float:
        start = clock.monotonic()
        queue.add_rate_limited("a")
        while not len(queue):
            await clock.advance(0.001)
        await queue.get()
        queue.done("a")
        return clock.monotonic() - start

    waits = [await wait() for _ in range(4)]
    assert waits == pytest.approx([0.005, 0.01, 0.02, 0.04], abs=0.002)
    assert queue.failures("a") == 4
    queue.forget("a")
    assert await wait() == pytest.approx(0.005, abs=0.002)


async def test_closing_cancels_what_is_delayed(clock):
    queue = WorkQueue(clock, name="test")
    queue.add_after("a", 1)
    queue.close()
    await clock.advance(2)
    assert len(queue) == 0


async def test_get_waits_for_a_key(queue):
    waiting = asyncio.ensure_future(queue.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.add("a")
    assert await waiting == "a"


async def test_a_suspended_queue_collects_and_hands_out_what_is_chosen(queue, clock):
    waiting = asyncio.ensure_future(queue.get())  # a worker that waits already
    await clock.advance(0)
    queue.suspend()
    for key in ("a", "b", "c", "a"):
        queue.add(key)
    await clock.advance(0)
    assert not waiting.done()
    assert queue.waiting() == ["a", "b", "c"]
    queue.release("b")
    assert await waiting == "b"
    assert (queue.working(), queue.waiting()) == (["b"], ["a", "c"])
    queue.add("b")
    queue.done("b")
    assert queue.waiting() == ["a", "c", "b"]
    waiting = asyncio.ensure_future(queue.get())
    await clock.advance(0)
    assert not waiting.done()
    queue.resume()
    assert [await waiting, await queue.get(), await queue.get()] == ["a", "c", "b"]


async def test_what_comes_later_is_shown_with_its_time(queue, clock):
    queue.add_after("a", 10)
    await clock.advance(4)
    assert queue.later() == {"a": 6}
    await clock.advance(6)
    assert (queue.later(), queue.waiting()) == ({}, ["a"])

from __future__ import annotations

import asyncio

import pytest

from kubelearn.embedded.scheduler.cache import PodInfo
from kubelearn.embedded.scheduler.queue import SchedulingQueue


@pytest.fixture
def queue(clock):
    queue = SchedulingQueue(clock)
    yield queue
    queue.close()


@pytest.fixture
def pop(queue, clock):
    """The names of the pods that can be taken now."""

    async def take():
        names = []
        while True:
            waiting = asyncio.ensure_future(queue.pop())
            await clock.advance(0)
            if not waiting.done():
                waiting.cancel()
                return names
            take.last = waiting.result()
            names.append(take.last.info.pod["metadata"]["name"])

    return take


def helped(change):
    return lambda pod, rejected_by: change in rejected_by


async def test_the_more_important_pod_goes_first_then_the_earlier_one(queue, pop, make_pod):
    for name, priority in (("a", 0), ("b", 10), ("c", 0), ("d", 10)):
        queue.add(PodInfo(make_pod(name, priority=priority)))
    assert await pop() == ["b", "d", "a", "c"]


async def test_a_rejected_pod_waits_for_a_change_that_helps(queue, pop, clock, make_pod):
    queue.add(PodInfo(make_pod("a")))
    assert await pop() == ["a"]
    queue.put_back(pop.last, ["Taints"])
    await clock.advance(60)
    queue.move_all(helped("Ports"))
    assert await pop() == []
    queue.move_all(helped("Taints"))
    assert await pop() == ["a"]


async def test_soon_after_an_attempt_it_pauses_first_longer_each_time(queue, pop, clock, make_pod):
    queue.add(PodInfo(make_pod("a")))
    for pause in (1, 2, 4, 8, 10, 10):
        assert await pop() == ["a"]
        queue.put_back(pop.last, ["Taints"])
        queue.move_all(helped("Taints"))
        await clock.advance(pause - 0.1)
        assert await pop() == []
        await clock.advance(0.2)


async def test_a_pod_no_plugin_rejected_is_tried_again_after_a_pause(queue, pop, clock, make_pod):
    queue.add(PodInfo(make_pod("a")))
    assert await pop() == ["a"]
    queue.put_back(pop.last, [])
    assert await pop() == []
    await clock.advance(1)
    assert await pop() == ["a"]


async def test_a_forgotten_pod_is_tried_after_five_minutes(queue, pop, clock, make_pod):
    queue.add(PodInfo(make_pod("a")))
    await pop()
    queue.put_back(pop.last, ["Taints"])
    await clock.advance(299)
    assert await pop() == []
    await clock.advance(1)
    assert await pop() == ["a"]


async def test_a_removed_pod_is_never_taken(queue, pop, make_pod):
    queue.add(PodInfo(make_pod("a")))
    queue.remove("default/a")
    assert await pop() == []
    assert len(queue) == 0


async def test_a_pod_removed_while_it_was_tried_does_not_come_back(queue, pop, clock, make_pod):
    queue.add(PodInfo(make_pod("a")))
    await pop()
    queue.remove("default/a")
    queue.put_back(pop.last, [])
    await clock.advance(1000)
    assert await pop() == []


async def test_a_changed_wish_is_worth_a_try_a_changed_status_is_not(queue, pop, clock, make_pod):
    queue.add(PodInfo(make_pod("a")))
    await pop()
    queue.put_back(pop.last, ["Taints"])
    await clock.advance(10)
    queue.update(PodInfo(make_pod("a", status={"x": 1})), worth_a_try=False)
    assert await pop() == []
    queue.update(PodInfo(make_pod("a", tolerations=[{}])), worth_a_try=True)
    assert await pop() == ["a"]
    assert pop.last.info.pod["spec"]["tolerations"] == [{}]


async def test_a_pod_whose_gates_went_enters_the_queue(queue, pop, make_pod):
    queue.update(PodInfo(make_pod("a")), worth_a_try=True)
    assert await pop() == ["a"]


async def test_a_suspended_queue_gives_only_the_pod_that_is_chosen(queue, pop, make_pod):
    queue.suspend()
    for name, priority in (("a", 0), ("b", 10), ("c", 0)):
        queue.add(PodInfo(make_pod(name, priority=priority)))
    assert await pop() == []
    assert queue.waiting() == ["default/b", "default/a", "default/c"]
    queue.choose("default/c")
    assert await pop() == ["c"]
    queue.resume()
    assert await pop() == ["b", "a"]

import asyncio

import pytest

from kubelearn.embedded.apiserver.flowcontrol.levels import Level, Rejected

QUEUE = {"type": "Queue", "queuing": {"queues": 1, "queueLengthLimit": 2, "handSize": 1}}


def level(seats, response):
    made = Level("uid")
    spec = {"limited": {"nominalConcurrencyShares": seats, "limitResponse": response}}
    made.configure(spec, total=100, shares=100)
    return made


async def test_seats_follow_from_the_share_and_are_rounded_up():
    made = Level("uid")
    spec = {"limited": {"nominalConcurrencyShares": 5, "limitResponse": {"type": "Reject"}}}
    made.configure(spec, total=600, shares=245)
    assert made.seats == 13


async def test_without_a_queue_who_finds_no_seat_is_sent_away():
    made = level(1, {"type": "Reject"})
    await made.enter()
    with pytest.raises(Rejected):
        await made.enter()
    made.leave()
    await made.enter()


async def test_who_waits_longest_gets_the_next_seat():
    made, order = level(1, QUEUE), []

    async def visit(name):
        await made.enter()
        order.append(name)

    await made.enter()
    waiting = [asyncio.create_task(visit(name)) for name in "ab"]
    await asyncio.sleep(0)
    with pytest.raises(Rejected):
        await made.enter()
    made.leave()
    await waiting[0]
    assert order == ["a"]
    made.leave()
    await waiting[1]
    assert order == ["a", "b"]


async def test_who_goes_while_waiting_leaves_the_seat_to_the_next():
    made = level(1, QUEUE)
    await made.enter()
    gone, next_one = (asyncio.create_task(made.enter()) for _ in range(2))
    await asyncio.sleep(0)
    made.leave()
    gone.cancel()
    await next_one
    made.leave()
    await made.enter()


async def test_an_exempt_level_has_no_limit():
    made = Level("uid")
    made.configure({"exempt": {}}, total=1, shares=1)
    for _ in range(10):
        await made.enter()

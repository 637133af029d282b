"""What is done for a pod that matters more than others: room is made for it."""

from __future__ import annotations

import logging

import pytest

from kubelearn.errors import ApiError
from kubelearn.objects import EVENTS, NODES, PODS, condition


@pytest.fixture
def rivals(api, make_node, make_pod):
    """A node that a lesser pod has for itself, and an important one that needs it."""

    async def make():
        await api.create(NODES, make_node("a"))
        await api.create(PODS, make_pod("low", nodeName="a", requests={"cpu": "4"}, priority=1))
        await api.create(PODS, make_pod("high", requests={"cpu": "4"}, priority=9))

    return make


def by_name(api, name):
    return next(pod for pod in api.objects(PODS) if pod["metadata"]["name"] == name)


async def test_a_lesser_pod_is_marked_and_deleted_and_its_room_is_taken(
    api, clock, running, rivals, placed
):
    await rivals()
    marked = []
    delete = api.delete

    async def note(resource, name, *args, **options):
        marked.append(condition(by_name(api, name), "DisruptionTarget"))
        return await delete(resource, name, *args, **options)

    api.delete = note
    async with running() as scheduler:
        await clock.advance(0)
        decision = scheduler.decisions.get("default/high")
        assert decision.preemption.candidate.node == "a"
        assert by_name(api, "high")["status"]["nominatedNodeName"] == "a"
        assert condition(by_name(api, "high"), "PodScheduled")["message"] == (
            "0/1 nodes are available: 1 Insufficient cpu."
        )
        await clock.advance(1)
        assert placed() == {"high": "a"}
    [disrupted] = marked
    assert (disrupted["status"], disrupted["reason"]) == ("True", "PreemptionByScheduler")
    assert disrupted["message"] == (
        "default-scheduler: preempting to accommodate a higher priority pod"
    )
    found = {event["reason"]: event for event in api.objects(EVENTS)}
    assert found["Preempted"]["message"] == "Preempted by pod uid-of-high on node a"
    assert found["Preempted"]["involvedObject"]["name"] == "low"
    assert "FailedScheduling" in found


async def test_the_room_is_not_given_to_others_while_the_victim_leaves(
    api, clock, running, rivals, make_pod, placed
):
    await rivals()

    async def slowly(resource, name, *args, **options):
        old = by_name(api, name)
        meta = {
            **old["metadata"],
            "deletionTimestamp": "2026-01-01T12:00:30Z",
            "deletionGracePeriodSeconds": 30,
        }
        return await api.put(resource, {**old, "metadata": meta})

    api.delete = slowly
    async with running():
        await clock.advance(0)
        await api.create(PODS, make_pod("small", requests={"cpu": "1"}, priority=5))
        await clock.advance(5)
        await api.remove(PODS, by_name(api, "low"))
        await clock.advance(5)
        assert placed() == {"high": "a", "small": None}


async def test_a_more_important_pod_takes_over_the_room_of_a_nominated_one(
    api, clock, running, rivals, make_pod, placed
):
    await rivals()
    api.delete = by_nobody = lambda *args, **options: clock.sleep(0)
    async with running():
        await clock.advance(0)
        assert by_name(api, "high")["status"]["nominatedNodeName"] == "a"
        await api.create(PODS, make_pod("highest", requests={"cpu": "4"}, priority=10))
        await clock.advance(0)
        assert by_name(api, "highest")["status"]["nominatedNodeName"] == "a"
        assert "nominatedNodeName" not in by_name(api, "high")["status"]
        assert api.delete is by_nobody


async def test_a_preemption_that_is_refused_is_tried_again(
    api, clock, running, rivals, placed, caplog
):
    await rivals()
    delete, refusals = api.delete, [1]

    async def refuse(*args, **options):
        if refusals:
            refusals.pop()
            raise ApiError({"code": 500, "message": "try again"})
        return await delete(*args, **options)

    api.delete = refuse
    with caplog.at_level(logging.CRITICAL):
        async with running():
            await clock.advance(0)
            assert placed() == {"low": "a", "high": None}
            await clock.advance(5)
            assert placed() == {"high": "a"}

from __future__ import annotations

import asyncio
import logging
import random

import pytest

from kubelearn.embedded.controller import Controller, ControllerContext, supervise
from kubelearn.embedded.controllers.manager import ControllerManager
from kubelearn.embedded.informer import Informers
from kubelearn.errors import Conflict, Unreachable
from kubelearn.objects import CONFIG_MAPS, NAMESPACES, PODS, SERVICE_ACCOUNTS
from tests.embedded.tasks import running


class Recorder(Controller):
    """Notes the keys that it is given, and fails for some."""

    name = "recorder"
    workers = 2

    def __init__(self, context):
        super().__init__(context)
        self.synced = []
        self.failures = {}
        self.informer(PODS).add_handler(on_add=self.enqueue)

    async def sync(self, object_key):
        self.synced.append(object_key)
        if self.failures.get(object_key):
            raise self.failures[object_key].pop()


@pytest.fixture
def informers(api, clock):
    return Informers(api, clock=clock)


@pytest.fixture
def controller(api, clock, informers):
    return Recorder(ControllerContext(api, informers, clock, random.Random(1)))


async def test_it_begins_when_its_informers_know_everything(
    api, clock, controller, informers, make_pod
):
    await api.create(PODS, make_pod("a"))
    async with running(controller.run()):
        controller.queue.add("early")
        await clock.advance(1)
        assert controller.synced == []
        async with running(informers.run()):
            await clock.advance(1)
            assert sorted(controller.synced) == ["default/a", "early"]


@pytest.mark.parametrize("error", [ValueError("bug"), Conflict({"message": "modified"})])
async def test_a_key_that_fails_is_tried_again_and_holds_up_no_other(
    clock, controller, informers, caplog, error
):
    controller.failures["bad"] = [error, error]
    with caplog.at_level(logging.CRITICAL):
        async with running(controller.run(), informers.run()):
            controller.queue.add("bad")
            controller.queue.add("good")
            await clock.advance(1)
    assert controller.synced.count("bad") == 3
    assert controller.synced.count("good") == 1
    assert controller.queue.failures("bad") == 0


async def test_a_suspended_controller_goes_step_by_step_and_says_what_went_wrong(
    clock, controller, informers
):
    controller.failures["bad"] = [Conflict({"message": "modified"})]
    async with running(controller.run(), informers.run()):
        await clock.advance(1)
        controller.queue.suspend()
        controller.queue.add("good")
        controller.queue.add("bad")
        await clock.advance(0)
        assert controller.synced == []
        assert await controller.step("bad") == "modified"
        assert await controller.step("good") == ""
        assert controller.synced == ["bad", "good"]
        last = asyncio.ensure_future(controller.step("never"))
        await clock.advance(0)
    assert await last == "the controller was stopped"


async def test_only_surprises_are_logged(clock, controller, informers, caplog):
    controller.failures["lost"] = [Conflict({"message": "modified"})]
    controller.failures["odd"] = [ValueError("bug")]
    async with running(controller.run(), informers.run()):
        controller.queue.add("lost")
        controller.queue.add("odd")
        await clock.advance(1)
    assert [record.getMessage() for record in caplog.records] == ["recorder: odd: bug"]


async def test_what_crashes_is_run_again_later_each_time(clock, caplog):
    starts = []

    async def crash():
        starts.append(clock.monotonic())
        raise ValueError("crash")

    with caplog.at_level(logging.CRITICAL):
        async with running(supervise("crashing", crash, clock=clock)):
            await clock.advance(20)
    assert starts == [0, 1, 3, 7, 15]


async def test_what_cannot_do_its_work_says_why_in_one_line(clock, caplog):
    async def fail():
        raise Unreachable({"message": "no answer"})

    async with running(supervise("failing", fail, clock=clock)):
        await clock.advance(0.5)
    [record] = caplog.records
    assert record.getMessage() == "failing ended, again in 1 s: no answer"
    assert record.exc_info is None


async def test_after_a_long_good_run_the_next_crash_is_the_first(clock, caplog):
    starts = []

    async def crash():
        starts.append(clock.monotonic())
        await clock.sleep(100)
        raise ValueError("crash")

    with caplog.at_level(logging.CRITICAL):
        async with running(supervise("crashing", crash, clock=clock)):
            await clock.advance(250)
    assert starts == [0, 101, 202]


async def test_the_manager_runs_its_controllers_and_may_be_run_again(api, clock):
    manager = ControllerManager(api, clock=clock, random=random.Random(1), root_ca="certificate")
    for name in ("first", "second"):
        await api.create(NAMESPACES, {"metadata": {"name": name}})
        async with running(manager.run()):
            await clock.advance(1)
        assert len(asyncio.all_tasks()) == 1
    for resource in (SERVICE_ACCOUNTS, CONFIG_MAPS):
        found = {obj["metadata"]["namespace"] for obj in api.objects(resource)}
        assert found == {"first", "second"}


async def test_an_object_that_takes_long_rests_before_it_is_looked_at_again(
    api, clock, controller, informers
):
    async def slowly(object_key):
        controller.synced.append(object_key)
        clock._elapsed += 1  # works, and lets nobody else have a turn

    controller.sync = slowly
    async with running(controller.run(), informers.run()):
        await clock.advance(0)
        for _ in range(3):
            controller.queue.add("default/a")
            await clock.advance(2)
        assert controller.synced == ["default/a"]
        await clock.advance(19)
        assert controller.synced == ["default/a"] * 2

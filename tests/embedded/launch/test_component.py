"""Components that are stopped, started and restarted alone."""

import asyncio
import logging

from kubelearn.embedded.launch.component import Loop, Switch, name_records


async def test_a_loop_runs_until_it_is_stopped(clock):
    ended = []

    async def run():
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(True)

    loop = Loop("a", run, clock=clock)
    assert loop.describe()["state"] == "stopped"
    await loop.start()
    await loop.start()
    await clock.advance(1)
    assert loop.describe() == {"name": "a", "node": "", "state": "running", "restarts": 0}
    await loop.stop()
    await loop.stop()
    assert ended == [True]
    assert loop.describe()["state"] == "stopped"


async def test_a_loop_that_crashes_is_started_again_and_counted(clock, caplog):
    begun = []

    async def run():
        begun.append(True)
        raise RuntimeError("broken")

    loop = Loop("a", run, clock=clock)
    await loop.start()
    await clock.advance(10)
    assert loop.restarts == len(begun) - 1 > 1
    assert "broken" in caplog.text
    await loop.stop()


async def test_a_switch_calls_its_functions_once():
    calls = []

    async def on():
        calls.append("on")

    async def off():
        calls.append("off")

    switch = Switch("etcd", on=on, off=off)
    for _ in range(2):
        await switch.start()
    for _ in range(2):
        await switch.stop()
    assert calls == ["on", "off"]


async def test_what_a_component_logs_carries_its_name(clock):
    seen = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append((record.component, record.getMessage()))
    name_records(handler)
    logger = logging.getLogger("test_component")
    logger.addHandler(handler)

    async def deeper():
        logger.warning("inside")

    async def run():
        await asyncio.create_task(deeper())
        await asyncio.get_running_loop().create_future()

    loop = Loop("kube-scheduler", run, clock=clock)
    await loop.start()
    await clock.advance(0)
    logger.warning("outside")
    await loop.stop()
    logger.removeHandler(handler)
    assert seen == [("kube-scheduler", "inside"), ("kubelearn", "outside")]

"""Who of a pod ends before whom."""

import asyncio

import pytest

from kubelearn.embedded.kubelet.terminationorder import TerminationOrder


@pytest.fixture
def pod(pod_of):
    pod = pod_of()
    inits = [{"name": name, "image": "i", "restartPolicy": "Always"} for name in ("one", "two")]
    pod["spec"]["initContainers"] = [{"name": "first", "image": "i"}, *inits]
    return pod


async def order_of(pod, *running):
    """The names in the order of their turns, if each ends as soon as it may."""
    order, ended = TerminationOrder(pod, running), []

    async def end(name):
        await order.turn(name)
        ended.append(name)
        order.ended(name)

    await asyncio.gather(*(end(name) for name in running))
    return ended


async def test_sidecars_end_after_the_others_the_last_one_first(pod):
    assert await order_of(pod, "one", "two", "app") == ["app", "two", "one"]


async def test_nobody_waits_for_what_does_not_run(pod):
    assert await order_of(pod, "one", "app") == ["app", "one"]
    assert await order_of(pod, "one") == ["one"]

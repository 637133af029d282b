from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.tainteviction import TaintEvictionController
from kubelearn.objects import NODES, PODS

TAINT = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}
START = "2026-01-01T12:00:00Z"


@pytest.fixture
def tolerating(make_pod):
    def make(name, *seconds, **changes):
        tolerations = [
            {
                "key": TAINT["key"],
                "operator": "Exists",
                "effect": "NoExecute",
                **({"tolerationSeconds": value} if value is not None else {}),
            }
            for value in seconds
        ]
        return make_pod(name, nodeName="worker", tolerations=tolerations, **changes)

    return make


@pytest.fixture
def names(api):
    return lambda: {pod["metadata"]["name"] for pod in api.objects(PODS)}


async def taint(api, *taints):
    await api.patch(NODES, "worker", {"spec": {"taints": list(taints) or None}})


async def test_each_pod_goes_when_its_toleration_runs_out(
    api, clock, start, make_node, tolerating, names, messages
):
    await api.create(NODES, make_node())
    for pod in (
        tolerating("at-once"),
        tolerating("soon", 10),
        tolerating("shortest", 60, 20),
        tolerating("never", None),
    ):
        await api.create(PODS, pod)
    async with start(TaintEvictionController):
        await taint(api, {**TAINT, "timeAdded": START})
        await clock.advance(1)
        assert names() == {"soon", "shortest", "never"}
        await clock.advance(9)
        assert names() == {"shortest", "never"}
        await clock.advance(10)
        assert names() == {"never"}
        await clock.advance(10_000)
        assert names() == {"never"}
    assert "Marking for deletion Pod default/soon" in messages()


async def test_a_taint_that_goes_in_time_saves_the_pod(
    api, clock, start, make_node, tolerating, names, messages
):
    await api.create(NODES, make_node())
    await api.create(PODS, tolerating("web", 300))
    async with start(TaintEvictionController):
        await taint(api, {**TAINT, "timeAdded": START})
        await clock.advance(200)
        await taint(api)
        await clock.advance(10_000)
        assert names() == {"web"}
    assert messages() == ["Cancelling deletion of Pod default/web"]


async def test_a_restarted_controller_gives_no_more_time(
    api, clock, start, make_node, tolerating, names
):
    await api.create(NODES, make_node(taints=[{**TAINT, "timeAdded": START}]))
    await api.create(PODS, tolerating("web", 300))
    async with start(TaintEvictionController):
        await clock.advance(200)
    async with start(TaintEvictionController):
        await clock.advance(99)
        assert names() == {"web"}
        await clock.advance(2)
        assert names() == set()


async def test_the_time_for_a_taint_without_one_runs_from_when_it_is_seen(
    api, clock, start, make_node, tolerating, names
):
    await api.create(NODES, make_node())
    await api.create(PODS, tolerating("web", 30))
    async with start(TaintEvictionController):
        await clock.advance(100)
        await taint(api, TAINT)
        await clock.advance(29)
        assert names() == {"web"}
        await clock.advance(2)
        assert names() == set()


async def test_a_taint_that_comes_back_counts_from_then_on(
    api, clock, start, make_node, tolerating, names
):
    await api.create(NODES, make_node(taints=[TAINT]))
    await api.create(PODS, tolerating("web", 30))
    async with start(TaintEvictionController):
        await clock.advance(20)
        await taint(api)
        await clock.advance(20)
        await taint(api, TAINT)
        await clock.advance(29)
        assert names() == {"web"}


async def test_taints_against_scheduling_evict_nobody(
    api, clock, start, make_node, tolerating, names
):
    await api.create(NODES, make_node(taints=[{**TAINT, "effect": "NoSchedule"}]))
    await api.create(PODS, tolerating("web"))
    async with start(TaintEvictionController):
        await clock.advance(1000)
        assert names() == {"web"}

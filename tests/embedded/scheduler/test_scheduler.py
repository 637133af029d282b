from __future__ import annotations

import logging
from collections import Counter

import pytest

from kubelearn.errors import ApiError
from kubelearn.objects import EVENTS, NODES, PODS, condition


async def test_a_pod_is_bound_to_a_node_that_fits(api, clock, running, make_node, make_pod, placed):
    await api.create(NODES, make_node("small", allocatable={"cpu": "1"}))
    await api.create(NODES, make_node("large"))
    async with running() as scheduler:
        await api.create(PODS, make_pod("web", requests={"cpu": "2"}))
        await clock.advance(0)
        assert placed() == {"web": "large"}
        decision = scheduler.decisions.get("default/web")
    assert decision.node == "large"
    assert decision.rejections["small"].reasons == ("Insufficient cpu",)
    [event] = api.objects(EVENTS)
    assert event["message"] == "Successfully assigned default/web to large"
    assert (event["reason"], event["source"]["component"]) == ("Scheduled", "default-scheduler")


async def test_decisions_show_the_scores_of_every_plugin(api, clock, running, make_node, make_pod):
    await api.create(NODES, make_node("busy"))
    await api.create(NODES, make_node("idle"))
    await api.create(PODS, make_pod("there", nodeName="busy", requests={"cpu": "3"}))
    async with running() as scheduler:
        await api.create(PODS, make_pod("web", requests={"cpu": "1"}))
        await clock.advance(0)
        [decision] = scheduler.decisions.latest()
    assert decision.node == "idle"
    assert decision.total("idle") > decision.total("busy")
    assert set(decision.scores["idle"]) == {
        "TaintToleration",
        "NodeResourcesFit",
        "NodeResourcesBalancedAllocation",
        "ImageLocality",
    }


async def test_pods_that_come_together_are_spread_before_any_is_bound(
    api, clock, running, make_node, make_pod, placed
):
    for name in ("a", "b", "c"):
        await api.create(NODES, make_node(name))
    async with running():
        for i in range(6):
            await api.create(PODS, make_pod(f"web-{i}", requests={"cpu": "100m"}))
        await clock.advance(0)
    assert Counter(placed().values()) == {"a": 2, "b": 2, "c": 2}


async def test_a_pod_that_fits_nowhere_says_why_and_is_bound_when_that_changes(
    api, clock, running, make_node, make_pod, placed
):
    taint = {"key": "team", "value": "shop", "effect": "NoSchedule"}
    await api.create(NODES, make_node("a", taints=[taint]))
    async with running():
        await api.create(PODS, make_pod("web"))
        await clock.advance(0)
        message = (
            "0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to "
            "deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for "
            "scheduling."
        )
        found = condition(api.one(PODS), "PodScheduled")
        assert (found["status"], found["reason"]) == ("False", "Unschedulable")
        assert found["message"] == message
        [event] = api.objects(EVENTS)
        assert (event["type"], event["reason"]) == ("Warning", "FailedScheduling")
        assert event["message"] == message
        await clock.advance(60)
        await api.patch(NODES, "a", {"spec": {"taints": None}})
        await clock.advance(0)
        assert placed() == {"web": "a"}


async def test_room_that_a_deleted_pod_leaves_is_used(
    api, clock, running, make_node, make_pod, placed
):
    await api.create(NODES, make_node("a"))
    leaving = await api.create(PODS, make_pod("old", nodeName="a", requests={"cpu": "4"}))
    async with running():
        await api.create(PODS, make_pod("web", requests={"cpu": "1"}))
        await clock.advance(10)
        assert placed()["web"] is None
        await api.remove(PODS, leaving)
        await clock.advance(0)
        assert placed() == {"web": "a"}


@pytest.fixture
def near():
    """Affinity to the pods of an app."""

    def make(app):
        term = {
            "topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchLabels": {"app": app}},
        }
        return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}

    return make


async def test_a_pod_that_waits_for_another_follows_it_at_once(
    api, clock, running, make_node, make_pod, placed, near
):
    await api.create(NODES, make_node("a"))
    async with running():
        await api.create(PODS, make_pod("web", affinity=near("db")))
        await clock.advance(5)
        assert placed() == {"web": None}
        await api.create(PODS, make_pod("db", labels={"app": "db"}))
        await clock.advance(0)
        assert placed() == {"web": "a", "db": "a"}


async def test_a_pod_that_gets_a_label_is_found_by_those_who_wait_for_it(
    api, clock, running, make_node, make_pod, placed, near
):
    await api.create(NODES, make_node("a"))
    await api.create(PODS, make_pod("other", nodeName="a"))
    async with running():
        await api.create(PODS, make_pod("web", affinity=near("db")))
        await clock.advance(5)
        await api.patch(PODS, "other", {"metadata": {"labels": {"app": "db"}}}, "default")
        await clock.advance(0)
        assert placed()["web"] == "a"


async def test_a_heartbeat_of_a_node_tries_nothing_again(api, clock, running, make_node, make_pod):
    node = await api.create(NODES, make_node("a", unschedulable=True))
    async with running() as scheduler:
        await api.create(PODS, make_pod("web"))
        await clock.advance(10)
        before = scheduler.decisions.get("default/web")
        node["status"]["conditions"][0]["lastHeartbeatTime"] = "later"
        await api.update(NODES, node, sub="status")
        await clock.advance(10)
        assert scheduler.decisions.get("default/web") is before


async def test_without_nodes_a_pod_waits_for_the_first(
    api, clock, running, make_node, make_pod, placed
):
    async with running() as scheduler:
        await api.create(PODS, make_pod("web"))
        await clock.advance(5)
        assert scheduler.decisions.get("default/web").message == (
            "no nodes available to schedule pods"
        )
        await api.create(NODES, make_node("a"))
        await clock.advance(0)
        assert placed() == {"web": "a"}


@pytest.mark.parametrize(
    "spec",
    [
        {"schedulerName": "mine"},
        {"schedulingGates": [{"name": "example.com/wait"}]},
        {"nodeName": "elsewhere"},
    ],
)
async def test_pods_that_are_not_for_it_are_left_alone(
    api, clock, running, make_node, make_pod, spec
):
    await api.create(NODES, make_node("a"))
    async with running() as scheduler:
        await api.create(PODS, make_pod("web", **spec))
        await clock.advance(1)
        assert scheduler.decisions.latest() == []


async def test_a_refused_binding_frees_the_room_and_is_tried_again(
    api, clock, running, make_node, make_pod, placed, caplog
):
    await api.create(NODES, make_node("a", allocatable={"pods": "1"}))
    create, refusals = api.create, [1]

    async def refuse(resource, *args, **options):
        if options.get("sub") == "binding" and refusals:
            refusals.pop()
            raise ApiError({"code": 500, "message": "try again"})
        return await create(resource, *args, **options)

    api.create = refuse
    with caplog.at_level(logging.CRITICAL):
        async with running():
            await api.create(PODS, make_pod("web"))
            await clock.advance(0)
            assert placed() == {"web": None}
            told = condition(api.one(PODS), "PodScheduled")
            assert (told["status"], told["reason"]) == ("False", "SchedulerError")
            assert told["message"] == "binding rejected: try again"
            await clock.advance(1)
            assert placed() == {"web": "a"}
    messages = [event["message"] for event in api.objects(EVENTS)]
    assert messages[0] == "binding rejected: try again"


async def test_a_pod_that_makes_no_sense_stops_no_other(
    api, clock, running, make_node, make_pod, placed, caplog
):
    await api.create(NODES, make_node("a", labels={"cores": "8"}))
    senseless = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["many"]}]}
                ]
            }
        }
    }
    with caplog.at_level(logging.CRITICAL):
        async with running():
            await api.create(PODS, make_pod("odd", affinity=senseless))
            await api.create(PODS, make_pod("web"))
            await clock.advance(1)
            assert placed() == {"odd": None, "web": "a"}


async def test_run_again_it_knows_what_is_on_the_nodes(
    api, clock, running, make_node, make_pod, placed
):
    await api.create(NODES, make_node("a"))
    async with running():
        await api.create(PODS, make_pod("first", requests={"cpu": "3"}))
        await clock.advance(0)
    await api.create(PODS, make_pod("second", requests={"cpu": "3"}))
    async with running() as scheduler:
        await clock.advance(1)
        assert placed() == {"first": "a", "second": None}
        assert scheduler.decisions.get("default/second").rejections["a"].reasons == (
            "Insufficient cpu",
        )


async def test_only_the_latest_decisions_are_kept(api, clock, running, make_node, make_pod):
    await api.create(NODES, make_node("a", allocatable={"pods": "1000"}))
    async with running() as scheduler:
        for i in range(250):
            await api.create(PODS, make_pod(f"web-{i}"))
        await clock.advance(5)
        assert len(scheduler.decisions.latest()) == 200
        assert scheduler.decisions.get("default/web-0") is None
        assert scheduler.decisions.get("default/web-249").node == "a"

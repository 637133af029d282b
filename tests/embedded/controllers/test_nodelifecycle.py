from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.nodelifecycle import NodeLifecycleController
from kubelearn.objects import EVENTS, LEASES, NODES, PODS, condition, is_ready, micro_timestamp


@pytest.fixture
def renew(api, clock):
    """Play a kubelet that renews its Lease."""

    async def write(node: str) -> None:
        spec = {"renewTime": micro_timestamp(clock.now())}
        found = [o for o in api.objects(LEASES) if o["metadata"]["name"] == node]
        if found:
            await api.patch(LEASES, node, {"spec": spec}, "kube-node-lease")
        else:
            meta = {"name": node, "namespace": "kube-node-lease"}
            await api.create(LEASES, {"metadata": meta, "spec": spec})

    return write


@pytest.fixture
def pass_time(clock, renew):
    """Seconds go by while the named nodes live."""

    async def wait(seconds: int, *alive: str) -> None:
        for _ in range(seconds // 10):
            for name in alive:
                await renew(name)
            await clock.advance(10)

    return wait


@pytest.fixture
def taints(api):
    async def read(name: str) -> set[tuple[str, str]]:
        node = await api.get(NODES, name)
        found = node["spec"].get("taints") or []
        return {(t["key"].removeprefix("node.kubernetes.io/"), t["effect"]) for t in found}

    return read


UNREACHABLE = {("unreachable", "NoSchedule"), ("unreachable", "NoExecute")}


async def test_a_node_that_renews_its_lease_stays_ready(api, start, make_node, pass_time, taints):
    await api.create(NODES, make_node("a"))
    async with start(NodeLifecycleController):
        await pass_time(300, "a")
    assert condition(api.one(NODES), "Ready")["status"] == "True"
    assert await taints("a") == set()


async def test_after_fifty_seconds_of_silence_a_node_is_unknown_and_tainted(
    api, start, make_node, make_pod, pass_time, taints
):
    await api.create(NODES, make_node("a"))
    await api.create(NODES, make_node("b"))
    await api.create(PODS, make_pod("on-b", nodeName="b", ready=True, phase="Running"))
    async with start(NodeLifecycleController):
        await pass_time(40, "a")
        assert await taints("b") == set()
        await pass_time(10, "a")
        assert await taints("b") == UNREACHABLE
        assert await taints("a") == set()
    ready = condition(await api.get(NODES, "b"), "Ready")
    assert (ready["status"], ready["reason"]) == ("Unknown", "NodeStatusUnknown")
    assert ready["message"] == "Kubelet stopped posting node status."
    assert not is_ready(api.one(PODS))
    told = {event["reason"]: event["message"] for event in api.objects(EVENTS)}
    assert told["NodeNotReady"] in (
        "Node b status is now: NodeNotReady",
        "Node is not ready",
    )
    assert told["RegisteredNode"] == "Node b event: Registered Node b in Controller"


async def test_a_node_that_comes_back_loses_its_taints(
    api, clock, start, make_node, pass_time, taints
):
    await api.create(NODES, make_node("a"))
    await api.create(NODES, make_node("b"))
    async with start(NodeLifecycleController):
        await pass_time(60, "a")
        assert await taints("b") == UNREACHABLE
        ready = {"type": "Ready", "status": "True", "lastHeartbeatTime": "later"}
        await api.patch(
            NODES, "b", {"status": {"conditions": [ready]}}, kind="strategic", sub="status"
        )
        await clock.advance(1)
        assert await taints("b") == set()


async def test_when_every_node_is_silent_nothing_is_evicted(
    api, start, make_node, pass_time, taints
):
    await api.create(NODES, make_node("a"))
    await api.create(NODES, make_node("b"))
    async with start(NodeLifecycleController):
        await pass_time(60)
        assert await taints("a") == await taints("b") == {("unreachable", "NoSchedule")}


async def test_of_several_silent_nodes_one_is_emptied_every_ten_seconds(
    api, clock, start, make_node, pass_time, taints
):
    names = ("b", "c")
    for name in ("a", "x", *names):
        await api.create(NODES, make_node(name))

    async def emptied():
        return [name for name in names if ("unreachable", "NoExecute") in await taints(name)]

    async with start(NodeLifecycleController):
        await pass_time(50, "a", "x")
        assert len(await emptied()) == 1
        assert ("unreachable", "NoSchedule") in await taints("b") & await taints("c")
        await clock.advance(9)
        assert len(await emptied()) == 1
        await clock.advance(1)
        assert await emptied() == ["b", "c"]


async def test_when_most_nodes_are_silent_no_further_one_is_emptied(
    api, clock, start, make_node, pass_time, taints
):
    for name in "abcd":
        await api.create(NODES, make_node(name))

    async def emptied():
        return [name for name in "bcd" if ("unreachable", "NoExecute") in await taints(name)]

    async with start(NodeLifecycleController):
        await pass_time(60, "a")
        before = await emptied()
        await pass_time(300, "a")
        assert await emptied() == before
        assert len(before) < 3
        assert await taints("d") >= {("unreachable", "NoSchedule")}
        # With one more that is ready, they are no longer most of all.
        for name in "xyz":
            await api.create(NODES, make_node(name))
        await pass_time(40, "a", "x", "y", "z")
        assert await emptied() == ["b", "c", "d"]


async def test_a_node_that_says_it_is_not_ready_is_tainted_at_once(
    api, clock, start, make_node, taints
):
    await api.create(NODES, make_node("a"))
    await api.create(NODES, make_node("b", ready="False"))
    async with start(NodeLifecycleController):
        await clock.advance(1)
        assert await taints("b") == {("not-ready", "NoSchedule"), ("not-ready", "NoExecute")}


async def test_cordoning_adds_a_taint_and_uncordoning_removes_it(
    api, clock, start, make_node, taints
):
    own = {"key": "example.com/own", "effect": "NoSchedule"}
    await api.create(NODES, make_node("a", taints=[own], unschedulable=True))
    async with start(NodeLifecycleController):
        await clock.advance(1)
        assert await taints("a") == {
            ("unschedulable", "NoSchedule"),
            ("example.com/own", "NoSchedule"),
        }
        await api.patch(NODES, "a", {"spec": {"unschedulable": None}})
        await clock.advance(1)
        assert await taints("a") == {("example.com/own", "NoSchedule")}


async def test_a_node_that_never_reported_is_unknown_after_a_minute(
    api, start, make_node, pass_time
):
    node = make_node("a")
    node["status"]["conditions"] = []
    await api.create(NODES, node)
    async with start(NodeLifecycleController):
        await pass_time(50)
        assert condition(api.one(NODES), "Ready") is None
        await pass_time(10)
    ready = condition(api.one(NODES), "Ready")
    assert (ready["reason"], ready["message"]) == (
        "NodeStatusNeverUpdated",
        "Kubelet never posted node status.",
    )

"""Nodes without machines, and the pods on them."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager

import pytest

from kubelearn.embedded.controller import ControllerContext
from kubelearn.embedded.informer import Informers
from kubelearn.embedded.kubelet.hollownodes import HollowNodes
from kubelearn.embedded.kubelet.hollowpods import HollowPods
from kubelearn.embedded.kubelet.node import NodeConfig
from kubelearn.objects import LEASES, NODES, PODS, condition, is_ready

JOB = {"kind": "Job", "name": "j", "uid": "u", "apiVersion": "batch/v1", "controller": True}


@pytest.fixture
def play(api, clock, tmp_path):
    """Play two nodes; gives the names of those that are on, and a way to switch one on."""

    @asynccontextmanager
    async def run():
        nodes = {
            name: NodeConfig(name, "127.70.0.2", f"127.134.0.{i * 128}/25", tmp_path)
            for i, name in enumerate(("a", "b"))
        }
        on = set(nodes)
        informers = Informers(api, clock=clock)
        context = ControllerContext(api, informers, clock, random.Random(1))
        parts = [kind(context, nodes=nodes, on=on) for kind in (HollowNodes, HollowPods)]

        def switch_on(name):
            on.add(name)
            for part in parts:
                part.look_again(name)

        tasks = [asyncio.create_task(each.run()) for each in (informers, *parts)]
        await clock.advance(0)
        try:
            yield on, switch_on
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return run


def status(api, name):
    found = next(pod for pod in api.objects(PODS) if pod["metadata"]["name"] == name)
    return found["status"]


async def test_nodes_are_registered_and_their_leases_renewed(api, clock, play):
    async with play():
        assert {node["metadata"]["name"] for node in api.objects(NODES)} == {"a", "b"}
        assert all(map(is_ready, api.objects(NODES)))
        [before, _] = [lease["spec"]["renewTime"] for lease in api.objects(LEASES)]
        await clock.advance(25)
        [after, _] = [lease["spec"]["renewTime"] for lease in api.objects(LEASES)]
        assert after > before


async def test_a_node_that_is_off_falls_silent_and_says_that_it_is_well_when_on_again(
    api, clock, play
):
    async with play() as (on, switch_on):
        on.discard("a")
        before = next(x for x in api.objects(LEASES) if x["metadata"]["name"] == "a")["spec"]
        await clock.advance(60)
        after = next(x for x in api.objects(LEASES) if x["metadata"]["name"] == "a")["spec"]
        assert before == after
        unknown = {"type": "Ready", "status": "Unknown"}
        status = {"status": {"conditions": [unknown]}}
        await api.patch(NODES, "a", status, kind="strategic", sub="status")
        await clock.advance(1)
        assert not all(map(is_ready, api.objects(NODES)))
        switch_on("a")
        await clock.advance(1)
        assert all(map(is_ready, api.objects(NODES)))


async def test_a_pod_runs_as_soon_as_it_is_bound(api, clock, play, make_pod):
    inits = [
        {"name": "first", "image": "i"},
        {"name": "side", "image": "i", "restartPolicy": "Always"},
    ]
    async with play():
        await api.create(PODS, make_pod("web", nodeName="a", initContainers=inits))
        await api.create(PODS, make_pod("other", nodeName="elsewhere"))
        await clock.advance(0)
        found = status(api, "web")
        assert (found["phase"], found["podIP"], found["hostIP"]) == (
            "Running",
            "127.134.0.2",
            "127.70.0.2",
        )
        assert condition({"status": found}, "Ready")["status"] == "True"
        assert "running" in found["containerStatuses"][0]["state"]
        first, side = (each["state"] for each in found["initContainerStatuses"])
        assert first["terminated"]["exitCode"] == 0
        assert "running" in side
        assert "podIP" not in status(api, "other")


async def test_no_two_pods_have_one_address_and_a_restart_does_not_forget_them(
    api, clock, play, make_pod
):
    async with play():
        for name in ("x", "y"):
            await api.create(PODS, make_pod(name, nodeName="a"))
        await clock.advance(0)
    async with play():
        await api.create(PODS, make_pod("z", nodeName="a"))
        await clock.advance(0)
        assert len({status(api, name)["podIP"] for name in "xyz"}) == 3


async def test_a_jobs_pod_succeeds_after_a_moment(api, clock, play, make_pod):
    pod = make_pod("j-1", nodeName="a", restartPolicy="Never", meta={"ownerReferences": [JOB]})
    async with play():
        await api.create(PODS, pod)
        await clock.advance(0)
        assert status(api, "j-1")["phase"] == "Running"
        await clock.advance(2)
        found = status(api, "j-1")
        assert found["phase"] == "Succeeded"
        assert found["containerStatuses"][0]["state"]["terminated"]["reason"] == "Completed"


async def test_a_deleted_pod_goes_at_once_but_not_while_its_node_is_off(api, clock, play, make_pod):
    async with play() as (on, switch_on):
        pod = await api.create(PODS, make_pod("web", nodeName="a"))
        await clock.advance(0)
        on.discard("a")
        meta = {
            **pod["metadata"],
            "deletionTimestamp": "2026-01-01T12:00:30Z",
            "deletionGracePeriodSeconds": 30,
        }
        await api.put(PODS, {**pod, "metadata": meta})
        await clock.advance(5)
        assert len(api.objects(PODS)) == 1
        switch_on("a")
        await clock.advance(1)
        assert api.objects(PODS) == []

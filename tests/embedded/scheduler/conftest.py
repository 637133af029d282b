"""Nodes and pods as the scheduler's plugins see them."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager

import pytest

from kubelearn.embedded.informer import Informer
from kubelearn.embedded.scheduler import Scheduler
from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.objects import NAMESPACES, PODS
from tests.embedded import tasks


@pytest.fixture
def placed(api):
    """Where each pod is, by their names."""
    return lambda: {p["metadata"]["name"]: p["spec"].get("nodeName") for p in api.objects(PODS)}


@pytest.fixture
def running(api, clock):
    """Run a new scheduler: `async with running() as scheduler: ...`."""

    @asynccontextmanager
    async def run():
        scheduler = Scheduler(api, clock=clock, random=random.Random(1))
        async with tasks.running(scheduler.run()):
            await clock.advance(0)
            yield scheduler

    return run


@pytest.fixture
def make_info(make_node):
    """A NodeInfo with pods on it."""

    def make(name="worker", *pods, **node) -> NodeInfo:
        info = NodeInfo(name)
        info.set_node(make_node(name, **node))
        for pod in pods:
            info.add(PodInfo(pod))
        return info

    return make


@pytest.fixture
def namespaces(api, clock):
    """An informer that knows two namespaces, `default` and `shop`, of which one has a team."""
    informer = Informer(api, NAMESPACES, clock=clock)
    for name, labels in (("default", {}), ("shop", {"team": "shop"})):
        meta = {"name": name, "uid": name, "resourceVersion": "1"}
        labels = {"kubernetes.io/metadata.name": name, **labels}
        informer._put({"metadata": {**meta, "labels": labels}})
    return informer


@pytest.fixture
def reasons():
    """Why a plugin rejects a pod on a node, or nothing."""

    def check(plugin, pod, info):
        decide = plugin.filter_for(PodInfo(pod), [info])
        rejection = decide(info) if decide else None
        return rejection.reasons if rejection else ()

    return check


@pytest.fixture
def scores():
    """A plugin's normalised scores."""

    def score(plugin, pod, *infos):
        judge = plugin.score_for(PodInfo(pod), infos, infos)
        if judge is None:
            return None
        return plugin.normalize({info.name: judge(info) for info in infos})

    return score

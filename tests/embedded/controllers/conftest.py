"""Deployments, ReplicaSets, and controllers that run against an API server in memory."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.informer import Informers
from kubelearn.objects import EVENTS, PODS, Object
from tests.embedded.tasks import running

TIME = "2026-01-01T12:00:00Z"


@pytest.fixture
def start(api, clock):
    """Run controllers: `async with start(ReplicaSetController): ...`."""

    @asynccontextmanager
    async def run(*kinds: type[Controller]) -> AsyncIterator[list[Controller]]:
        informers = Informers(api, clock=clock)
        context = ControllerContext(api, informers, clock, random.Random(1))
        controllers = [kind(context) for kind in kinds]
        async with running(*(each.run() for each in controllers), informers.run()):
            await clock.advance(0)
            yield controllers

    return run


@pytest.fixture
def make_ready(api, clock):
    """Play the kubelet: let every pod serve that does not yet."""

    async def call() -> None:
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": TIME}
        status = {"phase": "Running", "conditions": [ready]}
        for pod in api.objects(PODS):
            if pod.get("status") != status:
                await api.patch(PODS, pod["metadata"]["name"], {"status": status}, "default")
        await clock.advance(0)

    return call


@pytest.fixture
def messages(api):
    """What all Events say."""
    return lambda: [event["message"] for event in api.objects(EVENTS)]


@pytest.fixture
def make_replica_set() -> Callable[..., Object]:
    def make(
        name: str = "web-1",
        replicas: int = 3,
        *,
        available: int = 0,
        image: str = "app:1",
        created: str = TIME,
        annotations: dict[str, str] | None = None,
        meta: Object | None = None,
        status: Object | None = None,
        **spec: object,
    ) -> Object:
        counts = {"replicas": replicas, "readyReplicas": available, "availableReplicas": available}
        return {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "namespace": "default",
                "uid": f"uid-of-{name}",
                "generation": 1,
                "creationTimestamp": created,
                "labels": {"app": "web"},
                "annotations": annotations or {},
                **(meta or {}),
            },
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "template": _template(image),
                **spec,
            },
            "status": {**counts, "observedGeneration": 1, **(status or {})},
        }

    return make


@pytest.fixture
def make_deployment() -> Callable[..., Object]:
    def make(
        replicas: int = 3,
        *,
        surge: int | str = "25%",
        unavailable: int | str = "25%",
        strategy: str = "RollingUpdate",
        image: str = "app:1",
        status: Object | None = None,
        **spec: object,
    ) -> Object:
        rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "web",
                "namespace": "default",
                "uid": "uid-of-web",
                "generation": 1,
                "creationTimestamp": TIME,
                "annotations": {},
            },
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "strategy": {
                    "type": strategy,
                    **({"rollingUpdate": rolling} if strategy == "RollingUpdate" else {}),
                },
                "template": _template(image),
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
                **spec,
            },
            "status": status or {},
        }

    return make


def _template(image: str) -> Object:
    return {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": image}]},
    }

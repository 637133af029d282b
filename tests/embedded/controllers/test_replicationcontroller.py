"""ReplicationControllers: the oldest of those who keep pods running."""

from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.replicaset import ReplicationController
from kubelearn.objects import EVENTS, PODS, REPLICATION_CONTROLLERS, controller_of


@pytest.fixture
async def made(api):
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}
    meta = {"name": "web", "namespace": "default", "uid": "uid-of-web"}
    spec = {"replicas": 2, "selector": {"app": "web"}, "template": template}
    return await api.create(REPLICATION_CONTROLLERS, {"metadata": meta, "spec": spec})


@pytest.mark.usefixtures("made")
async def test_it_adopts_and_creates_as_many_pods_as_it_says(api, clock, start, make_pod):
    await api.create(PODS, make_pod("orphan", labels={"app": "web"}))
    await api.create(PODS, make_pod("other", labels={"app": "shop"}))
    async with start(ReplicationController):
        await clock.advance(1)
    owned = [pod for pod in api.objects(PODS) if controller_of(pod)]
    assert len(owned) == 2
    assert {controller_of(pod)["kind"] for pod in owned} == {"ReplicationController"}
    assert "orphan" in {pod["metadata"]["name"] for pod in owned}
    status = api.one(REPLICATION_CONTROLLERS)["status"]
    assert status == {"replicas": 2, "fullyLabeledReplicas": 2, "observedGeneration": 1}
    assert {event["source"]["component"] for event in api.objects(EVENTS)} == {
        "replication-controller"
    }


@pytest.mark.usefixtures("made")
async def test_a_pod_that_changes_its_label_is_let_go_and_replaced(api, clock, start):
    async with start(ReplicationController):
        await clock.advance(1)
        name = api.objects(PODS)[0]["metadata"]["name"]
        await api.patch(PODS, name, {"metadata": {"labels": {"app": "free"}}}, "default")
        await clock.advance(1)
        assert controller_of(await api.get(PODS, name, "default")) is None
    assert len(api.objects(PODS)) == 3

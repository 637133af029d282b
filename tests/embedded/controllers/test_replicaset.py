from __future__ import annotations

import logging

from kubelearn.embedded.controllers.replicaset import ReplicaSetController
from kubelearn.errors import ApiError
from kubelearn.objects import PODS, REPLICA_SETS, controller_of


async def test_it_creates_the_pods_that_are_missing(api, clock, start, make_replica_set, messages):
    await api.create(REPLICA_SETS, make_replica_set("web", 3))
    async with start(ReplicaSetController):
        await clock.advance(1)
    pods = api.objects(PODS)
    assert len(pods) == 3
    assert all(pod["metadata"]["name"].startswith("web-") for pod in pods)
    assert {controller_of(pod)["name"] for pod in pods} == {"web"}
    assert messages() == [f"Created pod: {pod['metadata']['name']}" for pod in pods]
    status = api.one(REPLICA_SETS)["status"]
    assert (status["replicas"], status["fullyLabeledReplicas"]) == (3, 3)
    assert "readyReplicas" not in status


async def test_a_deleted_pod_is_replaced(api, clock, start, make_replica_set):
    await api.create(REPLICA_SETS, make_replica_set("web", 2))
    async with start(ReplicaSetController):
        await clock.advance(1)
        await api.remove(PODS, api.objects(PODS)[0])
        await clock.advance(1)
        assert len(api.objects(PODS)) == 2


async def test_surplus_pods_are_deleted(api, clock, start, make_replica_set, messages):
    made = await api.create(REPLICA_SETS, make_replica_set("web", 3))
    async with start(ReplicaSetController):
        await clock.advance(1)
        made = await api.get(REPLICA_SETS, "web", "default")
        await api.update(REPLICA_SETS, {**made, "spec": {**made["spec"], "replicas": 1}})
        await clock.advance(1)
        assert len(api.objects(PODS)) == 1
    assert [text.split(":")[0] for text in messages()].count("Deleted pod") == 2


async def test_a_cache_that_lags_makes_no_duplicates(api, clock, start, make_replica_set):
    async with start(ReplicaSetController) as [controller]:
        api.lagging.add(PODS)
        await api.create(REPLICA_SETS, make_replica_set("web", 2))
        await clock.advance(1)
        await controller.sync("default/web")
        assert len(api.objects(PODS)) == 2
        assert "fullyLabeledReplicas" not in api.one(REPLICA_SETS)["status"]
        api.lagging.clear()
        await api.hang_up()
        await clock.advance(1)
        assert len(api.objects(PODS)) == 2
        assert api.one(REPLICA_SETS)["status"]["fullyLabeledReplicas"] == 2


async def test_orphans_are_adopted_and_counted(api, clock, start, make_replica_set, make_pod):
    await api.create(PODS, make_pod("stray", labels={"app": "web"}, ready=True, phase="Running"))
    await api.create(REPLICA_SETS, make_replica_set("web", 2))
    async with start(ReplicaSetController):
        await clock.advance(1)
    assert len(api.objects(PODS)) == 2
    stray = await api.get(PODS, "stray", "default")
    assert controller_of(stray)["name"] == "web"


async def test_a_pod_whose_labels_no_longer_match_is_released_and_replaced(
    api, clock, start, make_replica_set
):
    await api.create(REPLICA_SETS, make_replica_set("web", 2))
    async with start(ReplicaSetController):
        await clock.advance(1)
        pod = api.objects(PODS)[0]
        await api.patch(
            PODS, pod["metadata"]["name"], {"metadata": {"labels": {"app": "free"}}}, "default"
        )
        await clock.advance(1)
        released = await api.get(PODS, pod["metadata"]["name"], "default")
    assert controller_of(released) is None
    assert len(api.objects(PODS)) == 3


async def test_a_refused_pod_is_told_in_status_and_event(
    api, clock, start, make_replica_set, messages, caplog
):
    await api.create(REPLICA_SETS, make_replica_set("web", 3))
    create = api.create

    async def refuse(resource, *args, **options):
        if resource == PODS:
            raise ApiError({"code": 403, "reason": "Forbidden", "message": "exceeded quota"})
        return await create(resource, *args, **options)

    api.create = refuse
    with caplog.at_level(logging.CRITICAL):
        async with start(ReplicaSetController):
            await clock.advance(0)
    [failure] = api.one(REPLICA_SETS)["status"]["conditions"]
    assert (failure["type"], failure["reason"]) == ("ReplicaFailure", "FailedCreate")
    assert failure["message"] == "exceeded quota"
    assert messages()[0] == "Error creating: exceeded quota"


async def test_a_ready_pod_is_available_only_after_min_ready_seconds(
    api, clock, start, make_replica_set, make_pod
):
    await api.create(PODS, make_pod("a", labels={"app": "web"}, ready=True, phase="Running"))
    await api.create(REPLICA_SETS, make_replica_set("web", 1, minReadySeconds=10))
    async with start(ReplicaSetController):
        await clock.advance(9)
        assert "availableReplicas" not in api.one(REPLICA_SETS)["status"]
        await clock.advance(2)
        assert api.one(REPLICA_SETS)["status"]["availableReplicas"] == 1

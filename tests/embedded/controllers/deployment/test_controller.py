from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.deployment.controller import DeploymentController
from kubelearn.embedded.controllers.deployment.revision import REVISION
from kubelearn.embedded.controllers.replicaset import ReplicaSetController
from kubelearn.objects import DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS, annotations_of, condition


@pytest.fixture
def running(start):
    """A Deployment controller and the ReplicaSet controller that it needs."""
    return lambda: start(DeploymentController, ReplicaSetController)


@pytest.fixture
def finish(clock, make_ready):
    async def roll() -> None:
        for _ in range(12):
            await clock.advance(1)
            await make_ready()
        await clock.advance(1)

    return roll


@pytest.fixture
def change(api):
    async def patch(**spec) -> None:
        await api.update(
            DEPLOYMENTS,
            {**(d := api.one(DEPLOYMENTS)), "spec": {**d["spec"], **spec}},
        )

    return patch


@pytest.fixture
def sizes(api):
    """The replicas of each revision."""

    def read() -> dict[str, int]:
        return {
            annotations_of(item)[REVISION]: item["spec"]["replicas"]
            for item in api.objects(REPLICA_SETS)
        }

    return read


def template(image):
    return {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": image}]},
    }


async def test_a_new_deployment_gets_a_replica_set_of_its_size(
    api, running, make_deployment, finish, sizes
):
    await api.create(DEPLOYMENTS, make_deployment(3))
    async with running():
        await finish()
        assert sizes() == {"1": 3}
        deployment = api.one(DEPLOYMENTS)
        assert annotations_of(deployment)[REVISION] == "1"
        assert condition(deployment, "Progressing")["reason"] == "NewReplicaSetAvailable"
        assert condition(deployment, "Available")["status"] == "True"
        assert deployment["status"]["observedGeneration"] == 1
    told = [e["message"] for e in api.objects(EVENTS) if e["reason"] == "ScalingReplicaSet"]
    [made] = api.objects(REPLICA_SETS)
    assert told == [f"Scaled up replica set {made['metadata']['name']} from 0 to 3"]


async def test_a_rollout_never_leaves_its_fenceposts(
    api, clock, running, make_deployment, finish, change, make_ready, sizes
):
    await api.create(DEPLOYMENTS, make_deployment(4, surge=1, unavailable=1))
    async with running():
        await finish()
        await change(template=template("app:2"))
        seen = []
        for _ in range(30):
            await clock.advance(0.02)
            seen.append(sum(sizes().values()))
            await make_ready()
        assert sizes() == {"1": 0, "2": 4}
        assert max(seen) <= 5
        assert min(seen) >= 3


async def test_a_broken_revision_stops_the_rollout(
    api, clock, running, make_deployment, finish, change, sizes
):
    await api.create(DEPLOYMENTS, make_deployment(4, surge=1, unavailable=0))
    async with running():
        await finish()
        await change(template=template("broken"), progressDeadlineSeconds=60)
        await clock.advance(30)
        assert sizes() == {"1": 4, "2": 1}
        await clock.advance(40)
        found = condition(api.one(DEPLOYMENTS), "Progressing")
        assert found["reason"] == "ProgressDeadlineExceeded"


async def test_undoing_gives_the_old_replica_set_a_new_revision(
    api, running, make_deployment, finish, change, sizes
):
    await api.create(DEPLOYMENTS, make_deployment(2))
    async with running():
        await finish()
        await change(template=template("app:2"))
        await finish()
        await change(template=template("app:1"))
        await finish()
        assert sizes() == {"2": 0, "3": 2}
        assert annotations_of(api.one(DEPLOYMENTS))[REVISION] == "3"


async def test_a_paused_deployment_is_scaled_but_not_rolled_out(
    api, clock, running, make_deployment, finish, change, sizes
):
    await api.create(DEPLOYMENTS, make_deployment(2))
    async with running():
        await finish()
        await change(paused=True, template=template("app:2"), replicas=5)
        await clock.advance(1)
        assert sizes() == {"1": 5}
        assert condition(api.one(DEPLOYMENTS), "Progressing")["reason"] == "DeploymentPaused"
        await change(paused=False)
        await finish()
        assert sizes() == {"1": 0, "2": 5}


async def test_recreate_waits_until_every_old_pod_is_gone(
    api, clock, running, make_deployment, finish, change, sizes
):
    await api.create(DEPLOYMENTS, make_deployment(2, strategy="Recreate"))
    async with running():
        await finish()
        lingering = api.objects(PODS)[0]
        meta = {**lingering["metadata"], "finalizers": ["example.com/slow"]}
        await api.update(PODS, {**lingering, "metadata": meta})
        await change(template=template("app:2"))
        await clock.advance(5)
        assert sizes() == {"1": 0}
        slow = await api.get(PODS, lingering["metadata"]["name"], "default")
        await api.remove(PODS, slow)
        await finish()
        assert sizes() == {"1": 0, "2": 2}


async def test_old_revisions_beyond_the_limit_are_deleted(
    api, running, make_deployment, finish, change, sizes
):
    await api.create(DEPLOYMENTS, make_deployment(1, revisionHistoryLimit=1))
    async with running():
        for image in ("app:1", "app:2", "app:3"):
            await change(template=template(image))
            await finish()
    assert sizes() == {"2": 0, "3": 1}


async def test_scaling_in_mid_rollout_keeps_the_proportions(
    api, clock, running, make_deployment, finish, change, sizes
):
    await api.create(DEPLOYMENTS, make_deployment(10, surge=3, unavailable=2))
    async with running():
        await finish()
        await change(template=template("broken"))
        await clock.advance(5)
        assert sizes() == {"1": 8, "2": 5}
        await change(replicas=15)
        await clock.advance(5)
        assert sizes() == {"1": 11, "2": 7}


async def test_a_name_that_is_taken_by_another_template_leads_to_another_hash(
    api, clock, running, make_deployment, make_replica_set
):
    from kubelearn.embedded.controllers.deployment.revision import make_replica_set as wanted

    deployment = make_deployment(1)
    name = wanted(deployment, 1)["metadata"]["name"]
    other = make_replica_set(name, 0, image="other", selector={"matchLabels": {"app": "other"}})
    other["metadata"]["labels"] = {"app": "other"}
    await api.create(REPLICA_SETS, other)
    await api.create(DEPLOYMENTS, deployment)
    async with running():
        await clock.advance(5)
        assert api.one(DEPLOYMENTS)["status"]["collisionCount"] == 1
        assert len(api.objects(REPLICA_SETS)) == 2


async def test_a_deployment_that_selects_everything_is_told_so_and_left_alone(
    api, clock, running, make_deployment
):
    await api.create(DEPLOYMENTS, make_deployment(selector={}))
    async with running():
        await clock.advance(1)
    assert api.objects(REPLICA_SETS) == []
    assert api.one(DEPLOYMENTS)["status"]["observedGeneration"] == 1
    assert {event["reason"] for event in api.objects(EVENTS)} == {"SelectingAll"}

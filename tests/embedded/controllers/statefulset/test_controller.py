from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.statefulset.controller import StatefulSetController
from kubelearn.objects import (
    CONTROLLER_REVISIONS,
    EVENTS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    STATEFUL_SETS,
)


@pytest.fixture
def make_stateful_set(api):
    async def make(**spec):
        template = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": []}}
        body = {
            "metadata": {"name": "db", "namespace": "default", "uid": "uid-of-db"},
            "spec": {
                "replicas": 2,
                "serviceName": "db",
                "selector": {"matchLabels": {"app": "db"}},
                "template": template,
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
                **spec,
            },
        }
        return await api.create(STATEFUL_SETS, body)

    return make


@pytest.fixture
def make_ready(make_ready):
    """Let pods serve, until no new ones come."""

    async def call():
        for _ in range(6):
            await make_ready()

    return call


@pytest.fixture
def change(api, clock):
    async def call(**spec):
        owner = api.one(STATEFUL_SETS)
        await api.update(STATEFUL_SETS, {**owner, "spec": {**owner["spec"], **spec}})
        await clock.advance(0)

    return call


def names(api):
    return sorted(pod["metadata"]["name"] for pod in api.objects(PODS))


async def test_pods_come_one_after_the_other_and_know_their_names(
    api, clock, start, make_stateful_set, make_ready
):
    await make_stateful_set()
    async with start(StatefulSetController):
        await clock.advance(0)
        assert names(api) == ["db-0"]
        await make_ready()
    assert names(api) == ["db-0", "db-1"]
    spec = api.objects(PODS)[0]["spec"]
    assert (spec["hostname"], spec["subdomain"]) == ("db-0", "db")
    status = api.one(STATEFUL_SETS)["status"]
    assert status["replicas"] == status["availableReplicas"] == status["currentReplicas"] == 2
    assert status["currentRevision"] == status["updateRevision"]
    assert "Create Pod db-0 in StatefulSet db successful" in {
        event["message"] for event in api.objects(EVENTS)
    }


async def test_the_last_pod_goes_first(api, clock, start, make_stateful_set, make_ready, change):
    await make_stateful_set(replicas=3)
    async with start(StatefulSetController):
        await make_ready()
        await change(replicas=1)
    assert names(api) == ["db-0"]


async def test_an_update_makes_a_revision_and_replaces_down_to_the_partition(
    api, clock, start, make_stateful_set, make_ready, change
):
    await make_stateful_set(
        updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    )
    async with start(StatefulSetController):
        await make_ready()
        template = {**api.one(STATEFUL_SETS)["spec"]["template"]}
        template["spec"] = {"containers": [{"name": "a"}]}
        await change(template=template)
        await make_ready()
        found = {pod["metadata"]["name"]: pod["spec"]["containers"] for pod in api.objects(PODS)}
        assert found == {"db-0": [], "db-1": [{"name": "a"}]}
        status = api.one(STATEFUL_SETS)["status"]
        assert status["currentRevision"] != status["updateRevision"]
        assert (status["currentReplicas"], status["updatedReplicas"]) == (1, 1)
        # What is below the partition comes back as it was.
        await api.remove(
            PODS, next(p for p in api.objects(PODS) if p["metadata"]["name"] == "db-0")
        )
        await make_ready()
        assert {len(pod["spec"]["containers"]) for pod in api.objects(PODS)} == {0, 1}
        await change(updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
        await make_ready()
    status = api.one(STATEFUL_SETS)["status"]
    assert status["currentRevision"] == status["updateRevision"]
    assert status["currentReplicas"] == 2
    assert {item["revision"] for item in api.objects(CONTROLLER_REVISIONS)} == {1, 2}


async def test_each_pod_has_its_own_claims_which_outlive_it(
    api, clock, start, make_stateful_set, make_ready, change
):
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    await make_stateful_set(replicas=1, volumeClaimTemplates=[claim])
    async with start(StatefulSetController):
        await make_ready()
        [volume] = api.one(PODS)["spec"]["volumes"]
        assert volume["persistentVolumeClaim"] == {"claimName": "data-db-0"}
        await change(replicas=0)
        assert names(api) == []
        await change(replicas=1)
    assert api.one(PERSISTENT_VOLUME_CLAIMS)["metadata"]["name"] == "data-db-0"
    assert names(api) == ["db-0"]


async def test_a_pod_gets_the_label_with_its_name_again(
    api, clock, start, make_stateful_set, make_ready
):
    label = "statefulset.kubernetes.io/pod-name"
    await make_stateful_set(replicas=1)
    async with start(StatefulSetController):
        await clock.advance(0)
        await make_ready()
        await api.patch(PODS, "db-0", {"metadata": {"labels": {label: None}}}, "default")
        await clock.advance(1)
        assert api.one(PODS)["metadata"]["labels"][label] == "db-0"
    told = {event["message"] for event in api.objects(EVENTS)}
    assert "Update Pod db-0 in StatefulSet db successful" in told

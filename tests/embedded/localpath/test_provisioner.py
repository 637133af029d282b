from __future__ import annotations

import random
from contextlib import asynccontextmanager

import pytest

from kubelearn.embedded.controller import ControllerContext
from kubelearn.embedded.informer import Informers
from kubelearn.embedded.localpath import LocalPathProvisioner, install
from kubelearn.embedded.localpath.manifests import NAMESPACE, PROVISIONER
from kubelearn.objects import (
    EVENTS,
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
)
from tests.embedded.tasks import running

ASKED = {"volume.kubernetes.io/storage-provisioner": PROVISIONER}
PLACED = {**ASKED, "volume.kubernetes.io/selected-node": "worker"}


@pytest.fixture
async def provisioner(api, clock, make_node):
    @asynccontextmanager
    async def run():
        await install(api)
        await api.create(NODES, make_node())
        informers = Informers(api, clock=clock)
        context = ControllerContext(api, informers, clock, random.Random(1))
        async with running(LocalPathProvisioner(context).run(), informers.run()):
            await clock.advance(0)
            yield

    return run


@pytest.fixture
def claim(make_claim):
    return lambda annotations, **spec: make_claim(
        annotations=annotations, storageClassName="standard", **spec
    )


async def test_a_new_cluster_has_a_default_class(api):
    await install(api)
    made = api.one(STORAGE_CLASSES)
    assert made["metadata"]["name"] == "standard"
    assert made["volumeBindingMode"] == "WaitForFirstConsumer"
    assert made["metadata"]["annotations"] == {
        "storageclass.kubernetes.io/is-default-class": "true"
    }


async def test_what_was_taken_away_stays_away(api):
    await install(api)
    await api.delete(STORAGE_CLASSES, "standard")
    await install(api)
    assert not api.objects(STORAGE_CLASSES)
    assert [each["metadata"]["name"] for each in api.objects(NAMESPACES)] == [NAMESPACE]


async def test_a_claim_gets_a_folder_of_the_chosen_node(api, clock, provisioner, claim):
    async with provisioner():
        made = await api.create(PERSISTENT_VOLUME_CLAIMS, claim(ASKED))
        await clock.advance(1)
        assert not api.objects(PERSISTENT_VOLUMES)  # the scheduler has not chosen yet
        made["metadata"]["annotations"] = PLACED
        await api.update(PERSISTENT_VOLUME_CLAIMS, made)
        await clock.advance(1)
    volume = api.one(PERSISTENT_VOLUMES)
    assert volume["metadata"]["name"] == "pvc-uid-of-data"
    assert volume["spec"]["hostPath"] == {
        "path": "/var/local-path-provisioner/pvc-uid-of-data_default_data",
        "type": "DirectoryOrCreate",
    }
    [term] = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["worker"]
    assert volume["spec"]["claimRef"]["uid"] == "uid-of-data"
    assert [event["reason"] for event in api.objects(EVENTS)] == [
        "Provisioning",
        "ProvisioningSucceeded",
    ]


async def test_a_folder_cannot_be_shared_by_nodes(api, clock, provisioner, claim):
    async with provisioner():
        await api.create(PERSISTENT_VOLUME_CLAIMS, claim(PLACED, accessModes=["ReadWriteMany"]))
        await clock.advance(0)
    assert not api.objects(PERSISTENT_VOLUMES)
    assert api.objects(EVENTS)[1]["message"] == (
        'failed to provision volume with StorageClass "standard": NodePath only supports '
        "ReadWriteOnce and ReadWriteOncePod (1.22+) access modes"
    )


async def test_other_classes_claims_are_not_its_business(api, clock, provisioner, claim):
    async with provisioner():
        other = {**PLACED, "volume.kubernetes.io/storage-provisioner": "example.com/disk"}
        await api.create(PERSISTENT_VOLUME_CLAIMS, claim(other))
        await clock.advance(1)
    assert not api.objects(PERSISTENT_VOLUMES)


async def release(api, clock, claim):
    await api.create(PERSISTENT_VOLUME_CLAIMS, claim(PLACED))
    await clock.advance(1)
    await api.remove(PERSISTENT_VOLUME_CLAIMS, api.one(PERSISTENT_VOLUME_CLAIMS))
    volume = api.one(PERSISTENT_VOLUMES)
    await api.update(PERSISTENT_VOLUMES, {**volume, "status": {"phase": "Released"}})
    await clock.advance(1)


async def test_a_pod_removes_the_folder_and_then_the_volume_goes(api, clock, provisioner, claim):
    async with provisioner():
        await release(api, clock, claim)
        helper = api.one(PODS)
        assert helper["metadata"]["namespace"] == NAMESPACE
        assert helper["spec"]["nodeName"] == "worker"
        assert helper["spec"]["containers"][0]["command"][-1] == (
            "/volumes/pvc-uid-of-data_default_data"
        )
        assert api.objects(PERSISTENT_VOLUMES)
        await api.update(PODS, {**helper, "status": {"phase": "Succeeded"}})
        await clock.advance(1)
        assert not api.objects(PODS)
        assert not api.objects(PERSISTENT_VOLUMES)


async def test_a_folder_that_cannot_be_removed_is_told_and_tried_again(
    api, clock, provisioner, claim
):
    async with provisioner():
        await release(api, clock, claim)
        await api.update(PODS, {**api.one(PODS), "status": {"phase": "Failed"}})
        await clock.advance(0)
        assert api.objects(EVENTS)[-1]["reason"] == "VolumeFailedDelete"
        await clock.advance(5)
        assert api.one(PODS)["metadata"]["name"] == "helper-pod-delete-pvc-uid-of-data"
        assert api.objects(PERSISTENT_VOLUMES)


async def test_a_node_that_is_gone_took_the_folder_with_it(api, clock, provisioner, claim):
    async with provisioner():
        await api.create(PERSISTENT_VOLUME_CLAIMS, claim(PLACED))
        await clock.advance(1)
        await api.delete(NODES, "worker")
        volume = api.one(PERSISTENT_VOLUMES)
        await api.update(PERSISTENT_VOLUMES, {**volume, "status": {"phase": "Released"}})
        await clock.advance(1)
        assert not api.objects(PERSISTENT_VOLUMES)


async def test_a_claim_whose_node_is_gone_goes_back_to_the_scheduler(
    api, clock, provisioner, claim
):
    async with provisioner():
        await api.delete(NODES, "worker")
        await api.create(PERSISTENT_VOLUME_CLAIMS, claim(PLACED))
        await clock.advance(1)
    assert api.one(PERSISTENT_VOLUME_CLAIMS)["metadata"]["annotations"] == ASKED
    assert not api.objects(PERSISTENT_VOLUMES)

"""The volume binder."""

from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.persistentvolume.controller import PersistentVolumeController
from kubelearn.objects import (
    EVENTS,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
)

LATE = {"volumeBindingMode": "WaitForFirstConsumer"}


@pytest.fixture
def binder(start):
    return lambda: start(PersistentVolumeController)


@pytest.fixture
def told(api):
    return lambda: [(e["type"], e["reason"], e["message"]) for e in api.objects(EVENTS)]


@pytest.fixture
def claims(api):
    return lambda: {
        claim["metadata"]["name"]: claim for claim in api.objects(PERSISTENT_VOLUME_CLAIMS)
    }


@pytest.fixture
def volumes(api):
    return lambda: {
        volume["metadata"]["name"]: volume for volume in api.objects(PERSISTENT_VOLUMES)
    }


async def test_a_claim_gets_a_volume_and_both_say_so(
    api, clock, binder, make_claim, make_volume, claims, volumes
):
    await api.create(PERSISTENT_VOLUMES, make_volume(size="2Gi", phase="Pending"))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim())
    async with binder():
        await clock.advance(1)
    claim, volume = claims()["data"], volumes()["disk"]
    assert claim["spec"]["volumeName"] == "disk"
    assert claim["metadata"]["annotations"] == {
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
    }
    assert claim["status"] == {
        "phase": "Bound",
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "2Gi"},
    }
    assert volume["spec"]["claimRef"]["uid"] == claim["metadata"]["uid"]
    assert volume["status"]["phase"] == "Bound"


async def test_two_claims_never_get_one_volume(api, clock, binder, make_claim, make_volume, claims):
    for name in ("a", "b", "c"):
        await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(name))
    for name in ("x", "y"):
        await api.create(PERSISTENT_VOLUMES, make_volume(name))
    async with binder():
        await clock.advance(20)
    got = [claim["spec"].get("volumeName") for claim in claims().values()]
    assert sorted(filter(None, got)) == ["x", "y"]


async def test_fewer_access_modes_are_better_than_a_smaller_volume(
    api, clock, binder, make_claim, make_volume, claims
):
    both = ["ReadWriteOnce", "ReadOnlyMany"]
    await api.create(PERSISTENT_VOLUMES, make_volume("small", accessModes=both))
    await api.create(PERSISTENT_VOLUMES, make_volume("large", size="9Gi"))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim())
    async with binder():
        await clock.advance(1)
    assert claims()["data"]["spec"]["volumeName"] == "large"


async def test_a_claim_without_class_waits_and_is_bound_when_a_volume_comes(
    api, clock, binder, make_claim, make_volume, claims, told
):
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(storageClassName=""))
    async with binder():
        await clock.advance(1)
        message = "no persistent volumes available for this claim and no storage class is set"
        assert told() == [("Normal", "FailedBinding", message)]
        await api.create(PERSISTENT_VOLUMES, make_volume(storageClassName=""))
        await clock.advance(1)
        assert claims()["data"]["status"]["phase"] == "Bound"


async def test_a_claim_that_named_no_class_gets_the_default_one_later(
    api, clock, binder, make_claim, make_class, claims
):
    claim = make_claim()
    del claim["spec"]["storageClassName"]
    await api.create(PERSISTENT_VOLUME_CLAIMS, claim)
    async with binder():
        await clock.advance(1)
        await api.create(STORAGE_CLASSES, make_class("late", default=True))
        await clock.advance(16)
    assert claims()["data"]["spec"]["storageClassName"] == "late"


@pytest.mark.parametrize(
    ("pods", "reason", "message"),
    [
        ([], "WaitForFirstConsumer", "waiting for first consumer to be created before binding"),
        (["a"], "WaitForPodScheduled", "waiting for pod a to be scheduled"),
        (["a", "b"], "WaitForPodScheduled", "waiting for pods a,b to be scheduled"),
    ],
)
async def test_a_delayed_claim_waits_for_a_pod(
    api, clock, binder, make_claim, make_class, make_volume, make_pod, told, pods, reason, message
):
    await api.create(STORAGE_CLASSES, make_class(**LATE))
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    for name in pods:
        await api.create(PODS, make_pod(name, volumes=[volume]))
    await api.create(PERSISTENT_VOLUMES, make_volume())
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim())
    async with binder():
        await clock.advance(1)
    assert told() == [("Normal", reason, message)]


@pytest.mark.parametrize("provisioner", ["kubernetes.io/no-provisioner", "kubernetes.io/made-up"])
async def test_a_class_that_makes_no_volumes_is_named(
    api, clock, binder, make_claim, make_class, told, provisioner
):
    await api.create(STORAGE_CLASSES, make_class(provisioner=provisioner))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim())
    async with binder():
        await clock.advance(1)
    message = f"no volume plugin matched name: {provisioner}"
    assert told() == [("Warning", "ProvisioningFailed", message)]


async def test_a_class_that_is_missing_is_named(api, clock, binder, make_claim, told):
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim())
    async with binder():
        await clock.advance(1)
    message = 'storageclass.storage.k8s.io "slow" not found'
    assert told() == [("Warning", "ProvisioningFailed", message)]


async def test_a_provisioner_is_asked_for_a_volume(
    api, clock, binder, make_claim, make_class, claims, told
):
    await api.create(STORAGE_CLASSES, make_class())
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim())
    async with binder():
        await clock.advance(1)
    asked = claims()["data"]["metadata"]["annotations"]
    assert asked["volume.kubernetes.io/storage-provisioner"] == "example.com/disk"
    [(kind, reason, message)] = told()
    assert (kind, reason) == ("Normal", "ExternalProvisioning")
    assert "either by the external provisioner 'example.com/disk' or manually" in message


async def test_a_claim_may_name_its_volume(api, clock, binder, make_claim, make_volume, claims):
    await api.create(PERSISTENT_VOLUMES, make_volume("other"))
    await api.create(PERSISTENT_VOLUMES, make_volume("mine", size="9Gi"))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(volumeName="mine"))
    async with binder():
        await clock.advance(1)
    claim = claims()["data"]
    assert claim["status"]["phase"] == "Bound"
    assert "pv.kubernetes.io/bound-by-controller" not in claim["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("spec", "event"),
    [
        (
            {"storageClassName": "fast"},
            (
                "Warning",
                "VolumeMismatch",
                'Cannot bind to requested volume "disk": storageClassName does not match',
            ),
        ),
        (
            {"claimRef": {"namespace": "default", "name": "other"}},
            ("Warning", "FailedBinding", 'volume "disk" already bound to a different claim.'),
        ),
    ],
    ids=("mismatch", "taken"),
)
async def test_a_claim_cannot_have_every_volume_that_it_names(
    api, clock, binder, make_claim, make_volume, claims, told, spec, event
):
    await api.create(PERSISTENT_VOLUMES, make_volume(**spec))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(volumeName="disk"))
    async with binder():
        await clock.advance(1)
    assert told() == [event]
    assert claims()["data"]["status"]["phase"] == "Pending"


async def bind(api, clock, claim, volume):
    await api.create(PERSISTENT_VOLUMES, volume)
    await api.create(PERSISTENT_VOLUME_CLAIMS, claim)
    await clock.advance(1)
    assert api.one(PERSISTENT_VOLUME_CLAIMS)["status"]["phase"] == "Bound"


async def test_a_volume_is_released_with_its_claim_and_kept(
    api, clock, binder, make_claim, make_volume, volumes
):
    async with binder():
        await bind(api, clock, make_claim(), make_volume())
        await api.remove(PERSISTENT_VOLUME_CLAIMS, api.one(PERSISTENT_VOLUME_CLAIMS))
        await clock.advance(1)
        assert volumes()["disk"]["status"]["phase"] == "Released"
        # Not even for the next claim of that name: there are somebody's data on it.
        await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(meta={"uid": "another"}))
        await clock.advance(30)
        assert volumes()["disk"]["status"]["phase"] == "Released"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"hostPath": {"path": "/tmp/disk"}}, None),
        (
            {"hostPath": {"path": "/data"}},
            "host_path deleter only supports /tmp/.+ but received provided /data",
        ),
        (
            {"hostPath": None, "nfs": {"server": "s", "path": "/"}},
            'error getting deleter volume plugin for volume "disk": '
            "no deletable volume plugin matched",
        ),
    ],
    ids=("gone", "host path", "nfs"),
)
async def test_a_volume_to_delete_is_deleted_or_fails(
    api, clock, binder, make_claim, make_volume, volumes, told, spec, message
):
    async with binder():
        volume = make_volume(persistentVolumeReclaimPolicy="Delete", **spec)
        await bind(api, clock, make_claim(), volume)
        await api.remove(PERSISTENT_VOLUME_CLAIMS, api.one(PERSISTENT_VOLUME_CLAIMS))
        await clock.advance(1)
        if message is None:
            assert not volumes()
        else:
            assert volumes()["disk"]["status"] == {"phase": "Failed", "message": message}
            assert ("Warning", "VolumeFailedDelete", message) in told()


async def test_a_provisioned_volume_is_left_to_its_provisioner(
    api, clock, binder, make_claim, make_volume, volumes
):
    async with binder():
        marks = {"pv.kubernetes.io/provisioned-by": "example.com/disk"}
        volume = make_volume(persistentVolumeReclaimPolicy="Delete", annotations=marks)
        await bind(api, clock, make_claim(), volume)
        await api.remove(PERSISTENT_VOLUME_CLAIMS, api.one(PERSISTENT_VOLUME_CLAIMS))
        await clock.advance(1)
        assert volumes()["disk"]["status"]["phase"] == "Released"


async def test_a_claim_is_lost_with_its_volume(
    api, clock, binder, make_claim, make_volume, claims, told
):
    async with binder():
        await bind(api, clock, make_claim(), make_volume())
        await api.remove(PERSISTENT_VOLUMES, api.one(PERSISTENT_VOLUMES))
        await clock.advance(1)
    assert claims()["data"]["status"] == {"phase": "Lost"}
    message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
    assert told() == [("Warning", "ClaimLost", message)]


async def test_a_volume_whose_claim_took_another_is_freed(
    api, clock, binder, make_claim, make_volume, volumes
):
    mark = {"pv.kubernetes.io/bound-by-controller": "yes"}
    ref = {"namespace": "default", "name": "data", "uid": "uid-of-data"}
    await api.create(PERSISTENT_VOLUMES, make_volume("spare", claimRef=ref, annotations=mark))
    await api.create(PERSISTENT_VOLUMES, make_volume("mine", claimRef=ref, annotations=mark))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(volumeName="mine"))
    async with binder():
        await clock.advance(1)
    assert "claimRef" not in volumes()["spare"]["spec"]
    assert volumes()["spare"]["metadata"]["annotations"] == {}
    assert volumes()["spare"]["status"]["phase"] == "Available"
    assert volumes()["mine"]["status"]["phase"] == "Bound"


async def test_volume_modes_that_differ_are_told_to_both(
    api, clock, binder, make_claim, make_volume, told
):
    ref = {"namespace": "default", "name": "data", "uid": "uid-of-data"}
    await api.create(PERSISTENT_VOLUMES, make_volume(claimRef=ref, volumeMode="Block"))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(storageClassName=""))
    async with binder():
        await clock.advance(1)
    mismatches = [message for _, reason, message in told() if reason == "VolumeMismatch"]
    assert mismatches == [
        'Cannot bind PersistentVolume to requested PersistentVolumeClaim "data" due to '
        "incompatible volumeMode.",
        'Cannot bind PersistentVolume "disk" to requested PersistentVolumeClaim due to '
        "incompatible volumeMode.",
    ]

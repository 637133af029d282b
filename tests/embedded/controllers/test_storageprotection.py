from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.storageprotection import (
    PVCProtectionController,
    PVProtectionController,
)
from kubelearn.objects import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS

CLAIM, VOLUME = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"


@pytest.fixture
def user(make_pod):
    """A pod that uses the claim `data`."""
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    return lambda **spec: make_pod("user", volumes=[volume], **spec)


async def test_a_claim_goes_when_its_last_pod_is_gone(api, clock, start, make_claim, user):
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(meta={"finalizers": [CLAIM]}))
    await api.create(PODS, user(nodeName="worker"))
    async with start(PVCProtectionController):
        await api.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")
        await clock.advance(1)
        assert api.one(PERSISTENT_VOLUME_CLAIMS)["metadata"]["finalizers"] == [CLAIM]
        await api.delete(PODS, "user", "default")
        await clock.advance(1)
        assert not api.objects(PERSISTENT_VOLUME_CLAIMS)


async def test_a_pod_without_a_node_keeps_no_claim(api, clock, start, make_claim, user):
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(meta={"finalizers": [CLAIM]}))
    await api.create(PODS, user())
    async with start(PVCProtectionController):
        await api.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")
        await clock.advance(1)
        assert not api.objects(PERSISTENT_VOLUME_CLAIMS)


async def test_the_api_server_is_asked_before_a_claim_goes(api, clock, start, make_claim, user):
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(meta={"finalizers": [CLAIM]}))
    async with start(PVCProtectionController):
        api.lagging.add(PODS)
        await api.create(PODS, user(nodeName="worker"))
        await api.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")
        await clock.advance(1)
        assert api.objects(PERSISTENT_VOLUME_CLAIMS)


async def test_an_old_object_gets_its_finalizer(api, clock, start, make_volume):
    await api.create(PERSISTENT_VOLUMES, make_volume())
    async with start(PVProtectionController):
        await clock.advance(1)
    assert api.one(PERSISTENT_VOLUMES)["metadata"]["finalizers"] == [VOLUME]


async def test_a_volume_goes_when_it_is_not_bound(api, clock, start, make_volume):
    volume = make_volume(phase="Bound")
    volume["metadata"]["finalizers"] = [VOLUME]
    await api.create(PERSISTENT_VOLUMES, volume)
    async with start(PVProtectionController):
        await api.delete(PERSISTENT_VOLUMES, "disk")
        await clock.advance(1)
        bound = api.one(PERSISTENT_VOLUMES)
        await api.update(PERSISTENT_VOLUMES, {**bound, "status": {"phase": "Released"}})
        await clock.advance(1)
        assert not api.objects(PERSISTENT_VOLUMES)

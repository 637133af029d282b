from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.ephemeralvolume import EphemeralVolumeController
from kubelearn.objects import EVENTS, PERSISTENT_VOLUME_CLAIMS, PODS, controller_of


@pytest.fixture
def pod(make_pod):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": spec}
    volume = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": template}}
    return make_pod("web", volumes=[volume])


async def test_the_claim_is_made_and_belongs_to_the_pod(api, clock, start, pod):
    made = await api.create(PODS, pod)
    async with start(EphemeralVolumeController):
        await clock.advance(1)
        claim = api.one(PERSISTENT_VOLUME_CLAIMS)
        assert claim["metadata"]["name"] == "web-scratch"
        assert claim["metadata"]["labels"] == {"app": "web"}
        assert controller_of(claim)["uid"] == made["metadata"]["uid"]
        await api.remove(PERSISTENT_VOLUME_CLAIMS, claim)
        await clock.advance(1)
        assert api.objects(PERSISTENT_VOLUME_CLAIMS)  # it comes back as long as the pod is there


async def test_somebody_elses_claim_of_that_name_is_not_taken(api, clock, start, pod, make_claim):
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim("web-scratch"))
    await api.create(PODS, pod)
    async with start(EphemeralVolumeController):
        await clock.advance(0)
        [event] = api.objects(EVENTS)
    assert (event["reason"], event["message"]) == (
        "FailedBinding",
        "ephemeral volume scratch: PVC default/web-scratch was not created for pod default/web "
        "(pod is not owner)",
    )

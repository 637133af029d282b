from __future__ import annotations

from kubelearn.embedded.controllers.volumeexpand import VolumeExpandController
from kubelearn.objects import EVENTS, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES


async def test_a_claim_that_asks_for_more_is_told_whom_it_waits_for(
    api, clock, start, make_claim, make_volume
):
    ref = {"namespace": "default", "name": "data", "uid": "uid-of-data"}
    await api.create(PERSISTENT_VOLUMES, make_volume(claimRef=ref))
    claim = make_claim(phase="Bound", volumeName="disk")
    claim["status"]["capacity"] = {"storage": "1Gi"}
    made = await api.create(PERSISTENT_VOLUME_CLAIMS, claim)
    async with start(VolumeExpandController):
        await clock.advance(1)
        assert api.objects(EVENTS) == []
        made["spec"]["resources"] = {"requests": {"storage": "2Gi"}}
        await api.update(PERSISTENT_VOLUME_CLAIMS, made)
        await clock.advance(1)
    [event] = api.objects(EVENTS)
    assert (event["reason"], event["source"]["component"]) == ("ExternalExpanding", "volume_expand")
    assert event["message"] == "waiting for an external controller to expand this PVC"

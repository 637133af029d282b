"""Whose the claims are, and what comes of it."""

from __future__ import annotations

import pytest

from kubelearn.embedded.controllers.statefulset.claims import wanted_owners
from kubelearn.embedded.controllers.statefulset.controller import StatefulSetController
from kubelearn.objects import EVENTS, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS, owner_reference

KEEP = {"whenDeleted": "Retain", "whenScaled": "Retain"}
SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}


@pytest.fixture
def stateful_set():
    """A StatefulSet of two pods, each with a claim."""

    def make(**policy):
        template = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": []}}
        return {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "db", "namespace": "default", "uid": "uid-of-db"},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "db"}},
                "template": template,
                "podManagementPolicy": "Parallel",
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": SPEC}],
                "persistentVolumeClaimRetentionPolicy": {**KEEP, **policy},
            },
        }

    return make


@pytest.mark.parametrize(
    ("policy", "ordinal", "owner"),
    [
        ({}, 0, None),
        ({}, 2, None),
        ({"whenDeleted": "Delete"}, 0, "db"),
        ({"whenDeleted": "Delete"}, 2, "db"),
        ({"whenScaled": "Delete"}, 0, None),
        ({"whenScaled": "Delete"}, 2, "db-2"),
        ({"whenDeleted": "Delete", "whenScaled": "Delete"}, 0, "db"),
        ({"whenDeleted": "Delete", "whenScaled": "Delete"}, 2, "db-2"),
    ],
)
def test_a_claim_belongs_to_who_takes_it_along(
    stateful_set, make_claim, make_pod, policy, ordinal, owner
):
    owning, pod = stateful_set(**policy), make_pod(f"db-{ordinal}")
    before = {"name": f"db-{ordinal}", "kind": "Pod", "uid": pod["metadata"]["uid"]}
    claim = make_claim(meta={"ownerReferences": [{**before, "controller": False}]})
    refs = wanted_owners(claim, owning, pod)
    assert [ref["name"] for ref in refs] == ([owner] if owner else [])
    assert all(ref["controller"] for ref in refs)
    claim["metadata"]["ownerReferences"] = refs
    assert wanted_owners(claim, owning, pod) is None


def test_a_claim_of_an_earlier_pod_of_that_name_is_left_alone(stateful_set, make_claim, make_pod):
    ref = owner_reference(make_pod("db-0", meta={"uid": "earlier"}))
    claim = make_claim(meta={"ownerReferences": [ref]})
    assert wanted_owners(claim, stateful_set(whenDeleted="Delete"), make_pod("db-0")) is None


def test_a_claim_that_somebody_else_controls_gets_no_other_owner(
    stateful_set, make_claim, make_pod
):
    owning, pod = stateful_set(whenDeleted="Delete"), make_pod("db-0")
    other = {"kind": "Operator", "name": "o", "uid": "other", "controller": True}
    claim = make_claim(meta={"ownerReferences": [other]})
    assert wanted_owners(claim, owning, pod) is None
    claim["metadata"]["ownerReferences"].append(owner_reference(owning))
    assert wanted_owners(claim, owning, pod) == [other]


@pytest.fixture
def owners(api):
    return lambda: {
        claim["metadata"]["name"]: [ref["kind"] for ref in claim["metadata"]["ownerReferences"]]
        for claim in api.objects(PERSISTENT_VOLUME_CLAIMS)
        if "ownerReferences" in claim["metadata"]
    }


async def test_claims_follow_a_change_of_the_policy(api, clock, start, stateful_set, owners):
    await api.create(STATEFUL_SETS, stateful_set())
    async with start(StatefulSetController):
        await clock.advance(0)
        assert owners() == {}
        changed = api.one(STATEFUL_SETS)
        changed["spec"]["persistentVolumeClaimRetentionPolicy"] = {**KEEP, "whenDeleted": "Delete"}
        await api.update(STATEFUL_SETS, changed)
        await clock.advance(1)
        assert owners() == {"data-db-0": ["StatefulSet"], "data-db-1": ["StatefulSet"]}
    told = [event["message"] for event in api.objects(EVENTS)]
    assert "Create Claim data-db-0 Pod db-0 in StatefulSet db success" in told
    assert "Update Pod db-0 in StatefulSet db successful" in told


async def test_a_pod_takes_its_claim_along_when_it_is_scaled_away(
    api, clock, start, stateful_set, owners
):
    await api.create(STATEFUL_SETS, stateful_set(whenScaled="Delete"))
    async with start(StatefulSetController):
        await clock.advance(0)
        await api.patch(STATEFUL_SETS, "db", {"spec": {"replicas": 1}}, "default")
        await clock.advance(1)
        assert owners() == {"data-db-1": ["Pod"]}
        assert [pod["metadata"]["name"] for pod in api.objects(PODS)] == ["db-0"]
        # Until the garbage collector has been there, no new pod gets the old data.
        await api.patch(STATEFUL_SETS, "db", {"spec": {"replicas": 2}}, "default")
        await clock.advance(1)
        assert len(api.objects(PODS)) == 1
        await api.delete(PERSISTENT_VOLUME_CLAIMS, "data-db-1", "default")
        await clock.advance(30)
        assert len(api.objects(PODS)) == 2


async def test_a_pod_that_waits_gets_a_lost_claim_again(api, clock, start, stateful_set, owners):
    await api.create(STATEFUL_SETS, stateful_set())
    async with start(StatefulSetController):
        await clock.advance(0)
        await api.delete(PERSISTENT_VOLUME_CLAIMS, "data-db-0", "default")
        await api.patch(PODS, "db-0", {"status": {"phase": "Pending"}}, "default")
        await clock.advance(1)
        assert len(api.objects(PERSISTENT_VOLUME_CLAIMS)) == 2


async def test_a_claim_that_is_going_holds_its_pod_back(
    api, clock, start, stateful_set, make_claim
):
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim("data-db-0", meta={"finalizers": ["x"]}))
    await api.delete(PERSISTENT_VOLUME_CLAIMS, "data-db-0", "default")
    await api.create(STATEFUL_SETS, stateful_set())
    async with start(StatefulSetController):
        await clock.advance(0)
    told = {event["message"] for event in api.objects(EVENTS)}
    expected = "Create Pod db-0 in StatefulSet db failed error: pvc data-db-0 is being deleted"
    assert expected in told

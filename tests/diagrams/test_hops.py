"""What the audit trail tells of one object and of all that came of it."""

from __future__ import annotations

import pytest

from kubelearn.diagrams.hops import Trail
from kubelearn.objects import DEPLOYMENTS
from tests.diagrams import audit
from tests.diagrams.audit import (
    DEPLOYMENT,
    KUBELET,
    MANAGER,
    ONE,
    OTHER,
    REPLICA_SET,
    SET,
    STORY,
    WEB,
    YOU,
    event,
    note,
    pod,
    thing,
)


def follow(*events):
    trail = Trail(DEPLOYMENTS, "shop", "web")
    return [hop for hop in map(trail.take, events) if hop]


def after(hops, at):
    """When the change came that the one at that time follows, in ms."""
    (hop,) = (each for each in hops if each.id == f"id-{at}")
    return hop.after.removeprefix("id-")


def test_everything_that_comes_of_the_object_belongs_to_its_story():
    hops = follow(*STORY)
    assert [(hop.actor, hop.deed, hop.words) for hop in hops[:6]] == [
        ("kubectl as kubernetes-admin", "creates Deployment web", "0 of 2 ready"),
        ("deployment-controller", "creates ReplicaSet web-1", "0 of 2 ready"),
        ("replicaset-controller", "creates Pod web-1-a", "Pending, not ready"),
        ("replicaset-controller", "creates Pod web-1-b", "Pending, not ready"),
        ("replicaset-controller", "notes SuccessfulCreate", "Well."),
        ("kube-scheduler", "binds Pod web-1-a", "to node worker"),
    ]
    assert len(hops) == len(STORY)


def test_what_is_made_follows_its_owner_and_a_binding_its_pod():
    hops = follow(*STORY)
    assert [after(hops, at) for at in (0, 10, 20, 21, 30, 40)] == ["", "0", "10", "10", "20", "21"]


def test_a_kubelet_follows_its_pod_and_an_owners_status_what_it_owns():
    hops = follow(*STORY)
    assert [after(hops, at) for at in (50, 500, 520)] == ["30", "50", "500"]


def test_a_replacement_follows_the_loss_of_a_pod():
    lost = event(900, YOU, "delete", pod(ONE))
    hops = follow(*STORY, lost, event(910, REPLICA_SET, "create", pod("web-1-c")))
    assert after(hops, 910) == "900"
    assert {hop.journey for hop in hops[-2:]} == {"id-900"}


def test_a_change_of_the_deployment_reaches_its_replica_set_in_the_same_journey():
    scaled = event(900, YOU, "patch", WEB, "scale", responseObject={"spec": {"replicas": 5}})
    hops = follow(*STORY, scaled, event(910, DEPLOYMENT, "update", SET))
    assert [hop.words for hop in hops[-2:]] == ["5 wanted", "0 of 2 ready"]
    assert after(hops, 910) == "900"


def test_an_endpoint_slice_follows_the_pods_that_it_leads_to():
    target = {"targetRef": {"uid": OTHER.upper()}, "conditions": {"ready": True}}
    slice_ = thing("EndpointSlice", "web-x", endpoints=[target])
    ready = event(600, KUBELET, "patch", pod(OTHER, ready=True), "status")
    hops = follow(*STORY, ready, event(610, MANAGER, "create", slice_))
    assert after(hops, 610) == "600"
    assert hops[-1].words == "1 ready endpoint"


@pytest.mark.parametrize(
    "other",
    [
        event(900, YOU, "get", WEB),
        event(900, YOU, "create", pod(ONE), "exec"),
        event(900, YOU, "create", thing("Deployment", "shop")),
        event(900, YOU, "create", WEB, requestURI="/apis/apps/v1?dryRun=All"),
        event(900, REPLICA_SET, "create", thing("Pod", "stray", owner="other-1")),
        note(900, KUBELET, "stray", "Started"),
        {**event(900, YOU, "create", WEB), "objectRef": None},
    ],
)
def test_what_changes_nothing_or_somebody_else_is_left_out(other):
    assert len(follow(*STORY, other)) == len(STORY)


def test_a_refusal_is_shown_but_nothing_follows_it():
    status = {"code": 409, "message": "the object has been modified"}
    refused = event(
        900, DEPLOYMENT, "update", WEB, "status", responseStatus=status, responseObject=None
    )
    hops = follow(*STORY, refused, event(910, DEPLOYMENT, "update", WEB, "status"))
    assert (hops[-2].code, hops[-2].words) == (409, "the object has been modified")
    assert after(hops, 910) == "520"


def test_events_that_keep_no_objects_still_tell_who_and_what():
    bare = [{**each, "responseObject": None, "requestObject": None} for each in STORY[:1]]
    (hop,) = follow(*bare)
    assert (hop.deed, hop.revision) == ("creates deployments web", "")


def test_a_container_is_no_request_but_has_its_place():
    trail = Trail(DEPLOYMENTS, "shop", "web")
    for each in STORY:
        trail.take(each)
    moment = audit.START.timestamp() + 0.3
    hop = trail.started(f"shop/{ONE}", container="c", process=42, node="worker", moment=moment)
    assert (hop.deed, hop.words, hop.after) == ("makes container c", "process 42", "id-50")
    stray = trail.started("shop/stray", container="c", process=4, node="worker", moment=moment)
    assert stray is None

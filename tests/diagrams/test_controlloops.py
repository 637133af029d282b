"""What control loops want beside what there is."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubelearn.diagrams.controlloops import KINDS, LOOPS, SCHEDULER, Family, summary
from kubelearn.diagrams.reconcileloop import draw


def owned(kind, name, owner=None, **more):
    meta = {"name": name, "namespace": "demo", "uid": f"uid-{name}", "generation": 2}
    if owner:
        reference = {"kind": owner["kind"], "uid": owner["metadata"]["uid"], "controller": True}
        meta["ownerReferences"] = [reference]
    return {"kind": kind, "metadata": meta, "spec": {}, "status": {}, **more}


def replicas(kind, name, wanted, owner=None, **status):
    return owned(kind, name, owner, spec={"replicas": wanted}, status=status)


def pod(name, owner, *, node="n", phase="Running", ready=True):
    conditions = [{"type": "Ready", "status": str(ready)}]
    spec = {"nodeName": node} if node else {}
    return owned("Pod", name, owner, spec=spec, status={"phase": phase, "conditions": conditions})


def counts(card):
    return {r["what"]: (r["desired"], r["observed"], r["live"]) for r in card["rows"]}


@pytest.fixture
def web():
    return replicas(
        "Deployment", "web", 3, observedGeneration=2, replicas=2, updatedReplicas=2, readyReplicas=1
    )


@pytest.fixture
def new(web):
    return replicas("ReplicaSet", "web-1", 3, web, observedGeneration=1, replicas=2)


def test_a_deployment_is_compared_with_its_status_and_with_what_is_there(web, new):
    pods = [pod("a", new), pod("b", new, ready=False, node="")]
    cards = Family(web, [new, *pods]).cards()
    assert list(cards) == list(KINDS["Deployment"][1])
    assert counts(cards["deployment-controller"][0]) == {
        "generation": (2, 2, None),
        "replicas of its ReplicaSets": (3, None, 3),
        "replicas": (3, 2, 2),
        "updated": (3, 2, None),
        "ready": (3, 1, 1),
    }
    (card,) = cards["replicaset-controller"]
    assert (card["title"], card["key"]) == ("ReplicaSet web-1", "demo/web-1")
    assert counts(card) == {"generation": (2, 1, None), "replicas": (3, 2, 2), "ready": (3, 0, 1)}
    assert counts(cards[SCHEDULER][0]) == {"pods without a node": (0, None, 1)}


def test_what_belongs_to_others_is_not_counted(web, new):
    other = replicas("ReplicaSet", "other", 5, replicas("Deployment", "x", 5))
    cards = Family(web, [new, other, pod("a", other)]).cards()
    assert len(cards["replicaset-controller"]) == 1
    assert counts(cards["deployment-controller"][0])["replicas"] == (3, 2, 0)


def test_old_revisions_without_pods_are_left_out_and_leaving_pods_do_not_count(web, new):
    old = replicas("ReplicaSet", "web-0", 0, web)
    leaving = pod("a", new)
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:00Z"
    cards = Family(web, [old, new, leaving]).cards()
    assert [card["title"] for card in cards["replicaset-controller"]] == ["ReplicaSet web-1"]
    assert counts(cards["replicaset-controller"][0])["replicas"] == (3, 2, 0)
    # As long as it has a pod, an old one is shown.
    cards = Family(web, [old, new, pod("b", old)]).cards()
    assert len(cards["replicaset-controller"]) == 2


def test_a_job_wants_successes_and_no_more_pods_than_are_left():
    job = owned("Job", "j", spec={"completions": 3, "parallelism": 2}, status={"succeeded": 2})
    job["status"]["active"] = 1
    pods = [pod("a", job, phase="Succeeded"), pod("b", job, phase="Succeeded"), pod("c", job)]
    (card,) = Family(job, pods).cards()["job-controller"]
    assert counts(card) == {"succeeded": (3, 2, 2), "active": (1, 1, 1)}


def test_a_daemon_set_wants_what_its_controller_counted_nodes_for():
    status = {"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 1}
    daemons = owned("DaemonSet", "d", status={**status, "observedGeneration": 2})
    cards = Family(daemons, [pod("a", daemons), pod("b", daemons, ready=False)]).cards()
    assert counts(cards["daemonset-controller"][0]) == {
        "generation": (2, 2, None),
        "nodes with a pod": (2, 2, 2),
        "ready": (2, 1, 1),
    }


def test_the_summary_says_what_differs_and_what_is_paused(web, new):
    cards = Family(web, [new, pod("a", new), pod("b", new)]).cards()
    told = summary(cards, paused=["kube-scheduler"])
    assert told.startswith("Deployment web: replicas 2 of 3; ")
    assert told.endswith("(kube-scheduler paused)")
    assert summary(Family(None, []).cards()) == "it is not there"
    done = replicas("ReplicaSet", "r", 1, observedGeneration=2, replicas=1, readyReplicas=1)
    assert summary(Family(done, [pod("a", done)]).cards()) == "all as wanted"


def test_every_loop_of_every_kind_is_known():
    assert {name for _, names in KINDS.values() for name in names} == set(LOOPS)


def test_the_picture_has_each_loop_with_its_objects(web, new):
    family = Family(web, [new, pod("a", new)])
    order = KINDS["Deployment"][1]
    drawn = draw("web", family.cards(), order=order, words="differs", alarm=False)
    ElementTree.fromstring(drawn)
    places = [drawn.index(f">{name}<") for name in order]
    assert places == sorted(places)
    assert ">Deployment web<" in drawn
    assert ">≠<" in drawn

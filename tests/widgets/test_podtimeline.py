"""PodTimeline, kernel side."""

from __future__ import annotations

import itertools

import pytest

from kubelearn.objects import PODS
from kubelearn.widgets import podtimeline
from kubelearn.widgets.podtimeline import PodTimeline


@pytest.fixture
def name(cluster):
    """A pod that was made just now and waits for a node."""
    cluster.remove(cluster.all(PODS)[0])
    cluster.internals.stop("kube-scheduler")
    cluster.step()
    cluster.internals.start("kube-scheduler")
    waiting = [p for p in cluster.all(PODS) if "nodeName" not in p["spec"]]
    return waiting[0]["metadata"]["name"]


@pytest.fixture
def shown(watches, cluster, name):
    return PodTimeline(cluster, name, "demo")


def words(widget, track):
    spans = widget.document.section("spans").values()
    return [span["word"] for span in spans if span["track"] == track]


def move(cluster, watches, *, steps=4):
    for _ in range(steps):
        cluster.step()
        watches.tell()


def test_the_pod_and_its_container_go_through_their_states(shown, cluster, watches):
    move(cluster, watches)
    assert words(shown, "pod") == [
        "Pending",
        "scheduled",
        "ContainerCreating",
        "Running, not ready",
        "Running",
    ]
    assert words(shown, "hello") == ["ContainerCreating", "not ready", "ready"]


def test_each_state_ends_where_the_next_one_begins(shown, cluster, watches):
    move(cluster, watches)
    mine = [s for s in shown.document.section("spans").values() if s["track"] == "pod"]
    assert all(abs(a["to"] - b["from"]) < 1_000 for a, b in itertools.pairwise(mine))
    assert mine[-1]["to"] is None


def test_a_pod_that_is_gone_has_ended(shown, cluster, watches, name):
    shown.comm.click("delete")
    watches.tell()
    assert words(shown, "pod")[-1] == "Terminating"
    cluster.remove(cluster.get(PODS, name))
    watches.tell()
    assert all(span["to"] for span in shown.document.section("spans").values())
    assert shown.document.get("pod", "owner") is None
    (entry,) = shown.document.section("trace").values()
    assert entry["command"] == f"kubectl delete pod {name} -n demo"


def event(cluster, about, reason="Scheduled"):
    meta = {"name": f"{about}.{reason}", "namespace": "demo"}
    involved = {"kind": "Pod", "name": about}
    cluster.put({"kind": "Event", "metadata": meta, "involvedObject": involved, "reason": reason})


def test_events_about_this_pod_are_kept_even_when_the_cluster_forgets_them(
    shown, cluster, watches, name
):
    event(cluster, name)
    event(cluster, "another")
    watches.tell()
    shown.on_object(podtimeline.EVENTS, f"demo/{name}.Scheduled", None)
    (row,) = shown.document.section("events").values()
    assert row["reason"] == "Scheduled"


def test_memory_is_bounded(shown, cluster, watches, name, monkeypatch):
    monkeypatch.setattr(podtimeline, "MAX_SPANS", 6)
    monkeypatch.setattr(podtimeline, "MAX_EVENTS", 3)
    move(cluster, watches)
    pod = cluster.get(PODS, name)
    for i in range(10):
        state = {"waiting": {"reason": f"Reason{i}"}}
        pod["status"]["containerStatuses"][0]["state"] = state
        cluster.put(pod)
        event(cluster, name, f"Reason{i}")
        watches.tell()
    assert len(shown.document.section("spans")) == 6
    assert len(shown.document.section("events")) == 3


def test_a_pod_that_is_not_there_yet_is_waited_for(watches, cluster):
    widget = PodTimeline(cluster, "later", "demo")
    assert widget.line() == "later: no such pod yet"
    assert widget.picture().startswith("<svg")


def test_the_text_and_the_picture_are_of_now(shown, cluster, watches, name):
    move(cluster, watches)
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == f"{name}: Running"
    assert "hello" in data["image/svg+xml"]

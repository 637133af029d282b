"""ObjectGraph, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.diagrams.export import export
from kubelearn.objects import DEPLOYMENTS, NODES, PODS, SECRETS
from kubelearn.widgets.objectgraph import WATCHED, ObjectGraph


@pytest.fixture
def shown(watches, cluster):
    return ObjectGraph(cluster, "demo")


def boxes(widget):
    return widget.document.section("boxes")


def pods(widget):
    return {key: box for key, box in boxes(widget).items() if box["kind"] == "Pod"}


def test_it_follows_one_namespace_and_never_reads_secrets(shown, watches):
    assert {namespace for _, namespace in watches.collections} == {"demo"}
    assert SECRETS not in WATCHED
    assert NODES not in [resource for resource, _ in watches.collections]


def test_the_objects_and_what_holds_them_together_are_shown(shown):
    lines = shown.document.section("lines").values()
    kinds = {(line["kind"], line["source"].partition("-")[0]) for line in lines}
    assert kinds == {
        ("owns", "Deployment"),
        ("owns", "ReplicaSet"),
        ("owns", "Service"),
        ("selects", "Service"),
        ("serves", "EndpointSlice"),
    }
    assert shown.line() == ("demo: 1 Deployment, 1 Service, 1 ReplicaSet, 1 EndpointSlice, 3 Pods")


def test_it_can_be_written_in_graphviz_s_language(shown, tmp_path):
    text = export(shown, tmp_path / "demo.dot").read_text()
    assert text.startswith("digraph demo {")
    assert '"Service-web" ->' in text


def test_nodes_are_followed_when_asked_for(watches, cluster):
    shown = ObjectGraph(cluster, "demo", nodes=True)
    assert (NODES, None) in watches.collections
    kinds = {line["kind"] for line in shown.document.section("lines").values()}
    assert "runs-on" in kinds


def test_a_change_of_state_moves_nothing_and_is_one_small_diff(shown, cluster, watches, courier):
    courier.deliver()
    pod = cluster.all(PODS)[0]
    name = f"Pod-{pod['metadata']['name']}"
    pod["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    cluster.put(pod)
    watches.tell()
    courier.deliver()
    (diff,) = [m for m in shown.comm.custom if m["type"] == "diff"][-1:]
    assert list(diff["sections"]) == ["boxes"]
    assert {key: box["status"] for key, box in diff["sections"]["boxes"].items()} == {
        name: "NotReady"
    }


def test_pods_that_come_do_not_change_the_order_of_those_that_were_there(shown, cluster, watches):
    before = sorted(pods(shown).values(), key=lambda box: box["y"])
    deployment = cluster.get(DEPLOYMENTS, "web")
    deployment["spec"]["replicas"] = 6
    cluster.put(deployment)
    watches.settle()
    after = sorted(pods(shown).values(), key=lambda box: box["y"])
    known = {box["id"] for box in before}
    assert len(after) == 6
    assert [b["id"] for b in after if b["id"] in known] == [b["id"] for b in before]
    # Those that come stand below: nobody has to make room.
    assert [b["y"] for b in after[:3]] == [b["y"] for b in before]


def test_many_changes_before_the_widget_comes_to_work_are_one_layout(watches, cluster, monkeypatch):
    jobs = []
    monkeypatch.setattr(ObjectGraph, "enqueue", lambda _self, job: jobs.append(job))
    shown = ObjectGraph(cluster, "demo")
    assert len(jobs) == 1
    jobs.pop()()
    assert len(pods(shown)) == 3


def test_a_deletion_is_the_request_that_kubectl_sends(shown, cluster, watches):
    shown.comm.click("delete", kind="Deployment", name="web")
    assert cluster.requests == [
        (
            "DELETE",
            "/apis/apps/v1/namespaces/demo/deployments/web",
            {"propagationPolicy": "Background"},
        )
    ]
    (entry,) = shown.document.section("trace").values()
    assert entry["command"] == "kubectl delete deployment web -n demo"
    watches.tell()
    assert boxes(shown)["Deployment-web"]["status"] == "Terminating"
    watches.settle()
    assert {box["kind"] for box in boxes(shown).values()} == {"Service", "EndpointSlice"}


@pytest.mark.parametrize("kind", ["Node", "Namespace", None])
def test_what_is_not_of_the_namespace_is_never_deleted(shown, cluster, kind):
    shown.comm.click("delete", kind=kind, name="simulated-worker")
    assert cluster.requests == []


def test_the_text_and_the_picture_are_of_now(shown, cluster, watches):
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"].startswith("demo: 1 Deployment")
    assert data["image/svg+xml"] == shown.picture()
    shown.on_connection("the API server is gone")
    assert shown.line() == "objects: not known (the API server is gone)"
    assert "the API server is gone" in shown.picture()


def test_a_watch_that_starts_anew_shows_what_is_there_now(shown, cluster, watches):
    shown.detach()
    assert len(pods(shown)) == 3
    cluster.remove(cluster.all(PODS)[0])
    shown.attach()
    assert len(pods(shown)) == 2

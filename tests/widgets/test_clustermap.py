"""ClusterMap, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.errors import NotAvailable
from kubelearn.objects import NODES, PODS
from kubelearn.widgets.clustermap import ClusterMap


def trace(widget):
    return list(widget.document.section("trace").values())


@pytest.fixture
def shown(watches, cluster):
    return ClusterMap(cluster)


def test_the_first_message_carries_the_whole_picture(shown):
    kind, data = shown.comm.sent[0]
    assert kind == "comm_open"
    sections = data["state"]["snapshot"]["sections"]
    assert sections["facts"]["cluster"] == "simulated"
    assert sections["pods"].keys() == {
        f"demo/{pod['metadata']['name']}" for pod in shown.cluster.all(PODS)
    }


def test_the_text_is_one_line_and_the_picture_an_svg(shown):
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == "pods: 3 Running"
    assert data["image/svg+xml"].startswith("<svg")
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == shown.model_id


def test_only_what_changed_travels_and_it_is_small(shown, cluster, watches, courier):
    courier.deliver()
    sent = len(shown.comm.custom)
    cluster.delete(cluster.all(PODS)[0])
    watches.tell()
    courier.deliver()
    (diff,) = shown.comm.custom[sent:]
    (row,) = diff["sections"]["pods"].values()
    assert row["phase"] == "Terminating"
    assert len(str(diff)) < 700


def test_a_click_on_a_pod_deletes_it_and_shows_the_request(shown, cluster):
    pod = cluster.all(PODS)[1]["metadata"]["name"]
    shown.comm.click("delete", namespace="demo", name=pod)
    assert cluster.get(PODS, pod)["metadata"]["deletionTimestamp"]
    (entry,) = trace(shown)
    assert entry["command"] == f"kubectl delete pod {pod} -n demo"
    assert (entry["request"], entry["code"]) == (
        f"DELETE /api/v1/namespaces/demo/pods/{pod}",
        200,
    )


def test_the_menu_of_a_node_cordons_and_uncordons_it(shown, cluster, watches):
    shown.comm.click("cordon", name="simulated-worker")
    watches.tell()
    assert shown.document.get("nodes", "simulated-worker")["cordoned"]
    shown.comm.click("uncordon", name="simulated-worker")
    watches.tell()
    assert not shown.document.get("nodes", "simulated-worker")["cordoned"]
    assert [entry["command"] for entry in trace(shown)] == [
        "kubectl cordon simulated-worker",
        "kubectl uncordon simulated-worker",
    ]


def test_stopping_a_node_is_not_an_api_request_and_says_so(shown, cluster, watches):
    shown.comm.click("stop", name="simulated-worker")
    watches.tell()
    row = shown.document.get("nodes", "simulated-worker")
    assert row["stopped"]
    assert row["ready"] == "Unknown"
    assert "no API request" in trace(shown)[0]["request"]
    assert cluster.requests == []
    shown.comm.click("start", name="simulated-worker")
    watches.tell()
    assert not shown.document.get("nodes", "simulated-worker")["stopped"]


def test_where_machines_cannot_be_stopped_the_reason_is_shown(shown, cluster, monkeypatch):
    def refuse(_name):
        raise NotAvailable("a plain kubeconfig gives no access to machines")

    monkeypatch.setattr(cluster.internals, "stop_node", refuse)
    shown.comm.click("stop", name="simulated-worker")
    (entry,) = trace(shown)
    assert entry["message"] == "a plain kubeconfig gives no access to machines"
    assert not shown.document.get("nodes", "simulated-worker")["stopped"]


def test_a_deleted_node_leaves_the_picture(shown, cluster, watches):
    cluster.remove(cluster.get(NODES, "simulated-worker2"))
    watches.tell()
    assert "simulated-worker2" not in shown.document.section("nodes")


def test_an_object_that_cannot_be_shown_does_not_end_the_watch(shown):
    shown.on_object(PODS, "demo/odd", {"metadata": {"name": "odd"}, "status": {"phase": 7}})
    shown.on_object(PODS, "demo/worse", {"metadata": None})
    (entry,) = trace(shown)
    assert "Pod demo/worse cannot be shown" in entry["message"]


def test_only_the_wanted_namespaces_are_watched(watches, cluster):
    ClusterMap(cluster, "demo")
    assert watches.collections == [(NODES, None), (PODS, "demo")]
    ClusterMap(cluster, ["demo", "shop"])
    assert watches.collections == [(NODES, None), (PODS, "demo"), (PODS, "shop")]


def test_a_lost_connection_is_shown_everywhere(shown, courier):
    shown.on_connection("no answer from the API server")
    courier.deliver()
    assert shown.comm.custom[-1]["sections"]["connection"]["reason"] == (
        "no answer from the API server"
    )
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == "pods: not known (no answer from the API server)"
    assert "no answer from the API server" in data["image/svg+xml"]


def open_views(widget, count, *, revision=0):
    content = {"type": "views", "page": "p", "count": count, "rev": revision}
    widget.comm.receive({"method": "custom", "content": content})


def test_a_view_that_lost_a_message_gets_everything(shown, courier):
    open_views(shown, 1)
    courier.deliver()
    shown.comm.receive({"method": "custom", "content": {"type": "resync"}})
    courier.deliver()
    assert shown.comm.custom[-1]["type"] == "snapshot"
    assert len(shown.comm.custom[-1]["sections"]["pods"]) == 3


def test_a_view_that_opens_late_is_told_what_it_missed_at_once(shown, courier):
    courier.deliver()
    sent = len(shown.comm.custom)
    open_views(shown, 1, revision=0)
    courier.deliver(after=0.2)
    assert shown.comm.custom[sent]["type"] == "snapshot"
    open_views(shown, 2, revision=shown.document.revision)
    courier.deliver(after=0.2)
    assert len(shown.comm.custom) == sent + 1


def test_without_a_view_nothing_is_watched_and_a_new_view_starts_afresh(
    shown, cluster, watches, courier
):
    open_views(shown, 1)
    open_views(shown, 0)
    assert not watches.subscribers
    assert not courier.parcels
    cluster.remove(cluster.all(PODS)[0])
    open_views(shown, 1)
    assert len(watches.subscribers) == 1
    assert len(shown.document.section("pods")) == 2


def test_closing_ends_the_watch(shown, watches, courier):
    shown.close()
    assert not watches.subscribers
    assert not courier.parcels


def test_a_job_that_fails_is_shown_and_the_next_one_still_runs(recorded, cluster, courier):
    widget = ClusterMap(cluster)
    widget.comm.click("delete")
    pod = cluster.all(PODS)[0]["metadata"]["name"]
    widget.comm.click("delete", namespace="demo", name=pod)
    widget._jobs.put(None)
    widget._worker.join(10)
    failed, done = trace(widget)
    assert "KeyError" in failed["message"]
    assert done["code"] == 200
    widget.close()

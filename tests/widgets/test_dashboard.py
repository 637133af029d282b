"""Dashboard, kernel side, on the simulated cluster with its real watches."""

from __future__ import annotations

import pytest

from kubelearn.objects import DEPLOYMENTS, PODS, ROLE_BINDINGS, SECRETS
from kubelearn.widgets import dashboard as module
from kubelearn.widgets.dashboard import Dashboard
from tests.waiting import eventually


@pytest.fixture
def shown(recorded, courier, cluster, monkeypatch):
    monkeypatch.setattr(Dashboard, "look_every", 0)
    monkeypatch.setattr(Dashboard, "enqueue", lambda _self, job: job())
    monkeypatch.setattr(module, "_SOON", 0.0)
    opened = Dashboard(cluster, "demo")
    yield opened
    opened.close()


def tile(widget, plural):
    return widget.document.get("tiles", plural)


def commands(widget):
    return [entry["command"] for entry in widget.document.section("trace").values()]


def last(widget):
    return list(widget.document.section("trace").values())[-1]


def test_the_overview_counts_what_there_is_and_in_which_state(shown):
    eventually(lambda: tile(shown, "pods")["count"] == 3)
    assert tile(shown, "pods")["looks"] == {"Running": 3}
    eventually(lambda: tile(shown, "deployments")["looks"] == {"Healthy": 1})
    eventually(lambda: shown.document.get("connection", "reason") is None)
    assert shown.line() == ("demo: 3 pods, 1 deployments, 1 replicasets, 1 services, 3 nodes")
    assert "Namespace demo" in shown.picture()


def test_a_kind_is_shown_as_the_servers_table_with_its_request(shown, cluster):
    shown.comm.click("go", kind="pods")
    assert len(shown.document.section("rows")) == 3
    assert last(shown)["command"] == "kubectl get pods -n demo"
    assert last(shown)["request"] == "GET /api/v1/namespaces/demo/pods?limit=500"
    assert (last(shown)["code"], shown.document.section("tiles")) == (200, {})
    cluster.remove(cluster.all(PODS)[0])

    def looked():
        shown.look()
        return len(shown.document.section("rows")) == 2

    eventually(looked)
    assert commands(shown)[-1] == "kubectl get pods -n demo"
    assert commands(shown).count("kubectl get pods -n demo") == 1


def test_nodes_have_no_namespace(shown):
    shown.comm.click("go", kind="nodes")
    assert last(shown)["command"] == "kubectl get nodes"


def test_an_object_is_shown_with_its_pods_and_what_can_be_done(shown):
    shown.comm.click("go", kind="deployments", name="web")
    told = shown.document.section("object")
    assert told["deeds"] == {"scale": 3, "restart": True, "cordon": None, "delete": True}
    assert "  replicas: 3" in told["yaml"]
    assert told["edit"] == "kubectl edit deployment web -n demo"
    assert last(shown)["command"] == "kubectl get deployment web -o yaml -n demo"
    eventually(lambda: len(shown.document.section("pods")) == 3)


def test_an_owner_leads_to_its_page(shown, cluster):
    pod = cluster.all(PODS)[0]["metadata"]
    shown.comm.click("go", kind="pods", name=pod["name"])
    (owner,) = shown.document.get("object", "owners")
    shown.comm.click("go", **owner)
    assert shown.document.get("place", "kind") == "replicasets"
    assert shown.document.get("place", "name") == owner["name"]


@pytest.mark.parametrize(
    ("name", "arguments", "command"),
    [
        ("scale", {"replicas": 5}, "kubectl scale deployment/web --replicas=5 -n demo"),
        ("restart", {}, "kubectl rollout restart deployment/web -n demo"),
        ("delete", {}, "kubectl delete deployment web -n demo"),
    ],
)
def test_buttons_send_what_kubectl_sends(shown, name, arguments, command):
    shown.comm.click("go", kind="deployments", name="web")
    shown.comm.click(name, **arguments)
    assert last(shown)["command"] == command
    assert last(shown)["code"] == 200


def test_a_node_is_cordoned(shown, cluster):
    shown.comm.click("go", kind="nodes", name="simulated-worker")
    assert shown.document.get("object", "deeds")["cordon"] is True
    shown.comm.click("cordon", on=True)
    assert last(shown)["command"] == "kubectl cordon simulated-worker"


def test_an_object_that_goes_is_told_as_gone(shown, cluster):
    pod = cluster.all(PODS)[0]
    shown.comm.click("go", kind="pods", name=pod["metadata"]["name"])
    cluster.remove(pod)
    eventually(lambda: shown.document.get("object", "gone"))


def test_logs_are_read_only_when_they_are_asked_for(shown):
    shown.comm.click("go", kind="deployments", name="web")
    eventually(lambda: len(shown.document.section("pods")) == 3)
    assert shown.document.section("streams") == {}
    shown.comm.click("logs")

    def lines():
        shown.look()
        return any("listens" in row["text"] for row in shown.document.section("lines").values())

    eventually(lines)
    assert commands(shown)[-1].startswith("kubectl logs deployment/web --all-pods")
    shown.comm.click("choose", container="hello", previous=False, last=100)
    assert shown.document.get("feed", "container") == "hello"
    shown.comm.click("go", kind="")
    assert shown.document.section("lines") == shown.document.section("streams") == {}


def test_events_about_the_object_are_shown_on_its_page(shown, cluster):
    shown.comm.click("go", kind="deployments", name="web")
    for number, about in enumerate(("web", "other")):
        meta = {"name": f"{about}.{number}", "namespace": "demo"}
        involved = {"kind": "Deployment", "name": about, "namespace": "demo"}
        cluster.put(
            {"kind": "Event", "metadata": meta, "involvedObject": involved, "reason": about}
        )
    eventually(lambda: shown.document.section("events"))
    assert [row["name"] for row in shown.document.section("events").values()] == ["web"]


def test_the_values_of_a_secret_never_leave_the_kernel(shown, cluster):
    meta = {"name": "db", "namespace": "demo", "uid": "u"}
    cluster.put({"kind": "Secret", "metadata": meta, "data": {"password": "aHVudGVyMg=="}})
    shown.comm.click("go", kind="secrets", name="db")
    assert "  password: '(hidden: 7 bytes)'" in shown.document.get("object", "yaml")
    shown.comm.click("go", kind="secrets")
    told = str(shown.document.snapshot())
    assert "aHVudGVyMg==" not in told
    assert "hunter2" not in told


def test_who_may_do_less_is_refused_and_reads_why(shown, cluster):
    shown.comm.click("become", identity="view")
    assert [each["metadata"]["name"] for each in cluster.all(ROLE_BINDINGS)] == [
        "kubelearn-dashboard-view"
    ]
    shown.comm.click("go", kind="deployments", name="web")
    shown.comm.click("scale", replicas=5)
    entry = last(shown)
    assert entry["command"].startswith("kubectl --as=kubelearn:view scale deployment/web")
    assert entry["code"] == 403
    assert 'User "kubelearn:view" cannot' in shown.document.get("place", "refused")
    assert cluster.get(DEPLOYMENTS, "web")["spec"]["replicas"] == 3
    shown.comm.click("go", kind="secrets")
    assert "forbidden" in shown.document.get("table", "error")
    shown.comm.click("go", kind="")
    eventually(lambda: "forbidden:" in tile(shown, SECRETS.plural)["reason"])
    eventually(lambda: tile(shown, "pods")["count"] == 3)
    eventually(lambda: shown.document.get("connection", "reason") is None)


def test_the_lent_role_is_taken_back(shown, cluster):
    shown.comm.click("become", identity="edit")
    shown.comm.click("become", identity="yourself")
    assert last_deleted(cluster) == "kubelearn-dashboard-edit"
    assert shown.document.get("place", "user") == ""
    shown.comm.click("become", identity="admin")
    shown.close()
    assert last_deleted(cluster) == "kubelearn-dashboard-admin"


def last_deleted(cluster):
    return [path for method, path, _ in cluster.requests if method == "DELETE"][-1].split("/")[-1]


def test_nothing_is_watched_while_nobody_looks(shown):
    shown.comm.click("go", kind="pods")
    following = shown._following
    assert following._subscriptions
    shown.detach()
    assert following._subscriptions == []
    shown.attach()
    eventually(lambda: shown.document.get("states", "demo/x") is None and shown._following._reasons)


def test_a_cluster_that_goes_and_comes_again_is_told(shown, cluster):
    eventually(lambda: shown.document.get("connection", "reason") is None)
    cluster.switch(on=False)
    eventually(lambda: "no answer" in str(shown.document.get("connection", "reason")))
    cluster.switch(on=True)
    eventually(lambda: shown.document.get("connection", "reason") is None)

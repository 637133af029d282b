"""DeploymentPanel, kernel side."""

from __future__ import annotations

import random

import pytest

from kubelearn.objects import DEPLOYMENTS, PODS
from kubelearn.widgets import deploymentpanel as module
from kubelearn.widgets.deploymentpanel import DeploymentPanel

IMAGES = ["kubelearn/hello:1.0", "kubelearn/hello:2.0"]


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1_000_000

        def __call__(self):
            return self.now

    told = Clock()
    monkeypatch.setattr(module, "_now", told)
    return told


@pytest.fixture
def panel(watches, cluster, clock):
    return DeploymentPanel(cluster, "web", "demo", images=IMAGES, chance=random.Random(7))


def commands(panel):
    return [entry["command"] for entry in panel.document.section("trace").values()]


def test_it_says_in_one_line_how_many_are_ready(panel):
    assert panel.line() == "web: 3 of 3 ready"
    assert panel.picture().startswith("<svg")


def test_a_missing_deployment_is_said_and_nothing_fails(watches, cluster):
    other = DeploymentPanel(cluster, "none", "demo")
    assert other.line() == "none: no such Deployment"
    for name, arguments in [
        ("image", {"image": "x"}),
        ("kill", {}),
        ("undo", {}),
        ("readiness", {"on": True}),
    ]:
        other.comm.click(name, **arguments)
    assert commands(other) == []


def test_the_slider_scales_through_the_subresource(panel, cluster, watches):
    panel.comm.click("scale", replicas=5)
    assert cluster.requests == [
        (
            "PATCH",
            "/apis/apps/v1/namespaces/demo/deployments/web/scale",
            {"spec": {"replicas": 5}},
        )
    ]
    watches.settle()
    assert panel.line() == "web: 5 of 5 ready"


def test_another_version_moves_pods_from_one_replicaset_to_the_other(panel, cluster, watches):
    panel.comm.click("image", image="kubelearn/hello:2.0")
    watches.settle()
    sets = {row["tag"]: row["ready"] for row in panel.document.section("sets").values()}
    assert sets == {"1.0": 0, "2.0": 3}
    assert commands(panel) == ["kubectl set image deployment/web hello=kubelearn/hello:2.0 -n demo"]


def test_undo_goes_back_and_uses_the_old_replicaset_again(panel, cluster, watches):
    panel.comm.click("image", image="kubelearn/hello:2.0")
    watches.settle()
    panel.comm.click("undo")
    watches.settle()
    image = cluster.get(DEPLOYMENTS, "web")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == "kubelearn/hello:1.0"
    sets = {row["tag"]: row["revision"] for row in panel.document.section("sets").values()}
    assert sets == {"1.0": 3, "2.0": 2}
    assert commands(panel)[-1] == "kubectl rollout undo deployment/web -n demo"


def test_kill_takes_one_of_the_running_pods(panel, cluster):
    panel.comm.click("kill")
    (dying,) = [p for p in cluster.all(PODS) if p["metadata"].get("deletionTimestamp")]
    assert commands(panel) == [f"kubectl delete pod {dying['metadata']['name']} -n demo"]


def test_how_far_a_rollout_may_go_is_a_patch_of_its_strategy(panel, cluster, watches):
    row = panel.document.get("deployment", "web")
    assert (row["surge"], row["unavailable"]) == ("25%", "25%")
    panel.comm.click("limits", surge="50%", unavailable=" 0 ")
    watches.tell()
    strategy = cluster.get(DEPLOYMENTS, "web")["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxSurge": "50%", "maxUnavailable": 0}
    assert commands(panel)[-1] == (
        "kubectl patch deployment web -p "
        '\'{"spec":{"strategy":{"rollingUpdate":{"maxSurge":"50%","maxUnavailable":0}}}}\' -n demo'
    )
    row = panel.document.get("deployment", "web")
    assert (row["surge"], row["unavailable"]) == ("50%", "0")


def test_a_readiness_probe_comes_and_goes_and_comes_back_as_it_was(panel, cluster, watches):
    def probe():
        watches.tell()
        spec = cluster.get(DEPLOYMENTS, "web")["spec"]["template"]["spec"]
        return spec["containers"][0].get("readinessProbe")

    panel.comm.click("readiness", on=True)
    assert probe() == {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    own = {"tcpSocket": {"port": 8080}}
    changed = cluster.get(DEPLOYMENTS, "web")
    changed["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = own
    cluster.put(changed)
    watches.tell()
    panel.comm.click("readiness", on=False)
    assert probe() is None
    panel.comm.click("readiness", on=True)
    assert probe() == own


def test_the_picture_over_time_keeps_the_last_minutes(panel, cluster, watches, clock):
    first = panel.document.section("history")
    assert len(first) == 1
    for replicas in (5, 2):
        clock.now += 60_000
        panel.comm.click("scale", replicas=replicas)
        watches.settle()
    sizes = [step["sets"] for step in panel.document.section("history").values()]
    assert [sum(ready for _, ready in step.values()) for step in sizes] == [3, 5, 2]
    clock.now += 10 * 60_000
    panel.comm.click("scale", replicas=1)
    watches.settle()
    # One step before the edge stays, because it says how things stood at the edge.
    assert len(panel.document.section("history")) == 2


def test_foreign_pods_and_replicasets_are_not_shown(panel, cluster, watches):
    stranger = cluster.all(PODS)[0]
    stranger["metadata"] |= {"name": "stranger", "ownerReferences": []}
    cluster.put(stranger)
    watches.tell()
    assert len(panel.document.section("pods")) == 3


def test_requests_are_counted_and_say_who_answered(panel):
    panel._report(panel._traffic.ask())
    (entry,) = panel.document.section("requests").values()
    assert entry["owner"].startswith("ReplicaSet/web-")
    assert not entry["failed"]
    assert panel.document.section("traffic") == {"on": False, "ok": 1, "failed": 0}


def test_a_failed_request_says_why(panel, cluster, watches):
    panel.comm.click("scale", replicas=0)
    watches.settle()
    panel._report(panel._traffic.ask())
    (entry,) = panel.document.section("requests").values()
    assert entry["failed"]
    assert (entry["code"], entry["text"]) == (503, 'no endpoints available for service "web"')
    cluster.switch(on=False)
    panel._report(panel._traffic.ask())
    assert panel.document.get("requests", "2")["code"] == 0
    assert panel.document.get("traffic", "failed") == 2


def test_only_the_latest_requests_are_kept(panel):
    for _ in range(100):
        panel._report({"code": 200, "text": "", "ms": 1})
    assert next(iter(panel.document.section("requests"))) == "41"
    assert panel.document.get("traffic", "ok") == 100


def test_the_request_log_is_started_and_stopped_by_a_click(panel, monkeypatch):
    monkeypatch.setattr(panel._traffic, "_run", lambda off: None)
    panel.comm.click("requests", on=True)
    assert panel.document.get("traffic", "on")
    panel.comm.click("requests", on=False)
    assert not panel.document.get("traffic", "on")
    panel.start_requests()
    panel.close()
    assert not panel._traffic.on

"""ApplyXray, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.errors import ClusterError, NotAvailable
from kubelearn.objects import DEPLOYMENTS, PODS
from kubelearn.widgets import applyxray
from kubelearn.widgets.applyxray import ApplyXray


@pytest.fixture
def shown(watches, cluster):
    return ApplyXray(cluster, "web", "demo")


def journeys(widget):
    rows = widget.document.section("journeys").values()
    return sorted(rows, key=lambda row: row["at"])


def way(widget, journey):
    hops = widget.document.section("hops")
    return [f"{hops[key]['actor']} {hops[key]['deed'].split()[0]}" for key in journey["way"]]


def test_a_change_from_before_the_widget_is_followed_to_the_running_process(shown):
    (journey,) = journeys(shown)
    steps = way(shown, journey)
    assert steps[:3] == [
        "kubectl as kubernetes-admin creates",
        "deployment-controller creates",
        "replicaset-controller creates",
    ]
    assert steps[3] == "kube-scheduler binds"
    assert steps[-1].startswith("kubelet of simulated-worker")
    assert sum("runtime of" in step for step in steps) == 1
    assert journey["ready"] > 0


def test_a_new_change_begins_another_journey(shown, cluster, watches):
    watches.tell()
    shown.comm.click("restart")
    deployment = cluster.get(DEPLOYMENTS, "web")
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in annotations
    watches.tell()
    shown.look()
    _, second = journeys(shown)
    assert second["title"] == "patches Deployment web"
    assert second["ready"] is None
    (entry,) = shown.document.section("trace").values()
    assert entry["command"] == "kubectl rollout restart deployment/web -n demo"
    assert entry["code"] == 200


def test_a_change_that_is_stuck_says_whom_it_waits_for(shown, cluster, watches):
    cluster.internals.stop("kube-scheduler")
    cluster.delete(cluster.all(PODS)[0])
    for _ in range(3):
        cluster.step()
    watches.tell()
    shown.look()
    assert journeys(shown)[-1]["waits"] == "the scheduler, to choose a node"
    assert shown.line().endswith("waits for the scheduler, to choose a node")


def test_only_what_is_new_is_read_from_the_trail(shown, cluster, monkeypatch):
    asked = []
    whole = cluster.internals.audit

    def audit(**options):
        asked.append(options)
        return whole(**options)

    monkeypatch.setattr(cluster.internals, "audit", audit)
    shown.picture()
    assert asked == [{"since": None, "after": f"simulated-{cluster.version}"}]


def test_a_quiet_cluster_is_rarely_asked(shown, cluster, monkeypatch):
    reads = []
    monkeypatch.setattr(cluster.internals, "audit", lambda **o: reads.append(o) or iter(()))
    for _ in range(applyxray._READ_EVERY * 3):
        shown.look()
    assert len(reads) <= applyxray._READS_AFTER_A_CHANGE + 3


def test_a_trail_that_no_longer_has_the_last_event_is_read_from_the_beginning(
    shown, cluster, monkeypatch
):
    before = journeys(shown)
    whole = cluster.internals.audit

    def refuse(**options):
        raise ClusterError("the audit trail has no such event (any more)")

    monkeypatch.setattr(cluster.internals, "audit", refuse)
    shown.picture()
    monkeypatch.setattr(cluster.internals, "audit", whole)
    shown.picture()
    assert journeys(shown) == before


def test_without_an_audit_trail_the_reason_is_shown(shown, cluster, monkeypatch):
    def refuse(**options):
        raise NotAvailable("a plain kubeconfig gives no access to the audit trail")

    monkeypatch.setattr(cluster.internals, "audit", refuse)
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == "web: a plain kubeconfig gives no access to the audit trail"
    assert "no access to the audit trail" in data["image/svg+xml"]


def test_only_the_latest_journeys_are_kept(shown, cluster, watches, monkeypatch):
    monkeypatch.setattr(applyxray, "MAX_JOURNEYS", 2)
    for _ in range(3):
        shown.comm.click("restart")
        cluster.settle()
        shown.picture()
    kept = {row["id"] for row in journeys(shown)}
    assert len(kept) == 2
    assert {row["journey"] for row in shown.document.section("hops").values()} == kept


def test_a_journey_that_never_ends_is_cut(shown, cluster, monkeypatch):
    monkeypatch.setattr(applyxray, "MAX_HOPS", len(shown.document.section("hops")) + 2)
    shown._start_over()
    cluster.internals.stop("kube-scheduler")
    pod = cluster.all(PODS)[0]
    with cluster.acting("system:node:simulated-worker"):
        for i in range(5):
            cluster.put({**pod, "status": {**pod["status"], "message": str(i)}})
    shown.picture()
    assert len(shown.document.section("hops")) == applyxray.MAX_HOPS


def test_only_known_kinds_can_be_followed(watches, cluster):
    with pytest.raises(ValueError, match="not 'Node'"):
        ApplyXray(cluster, "web", kind="Node")

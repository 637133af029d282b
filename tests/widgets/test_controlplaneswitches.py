"""ControlPlaneSwitches, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.errors import NotAvailable
from kubelearn.widgets.controlplaneswitches import ControlPlaneSwitches


@pytest.fixture
def shown(watches, cluster):
    return ControlPlaneSwitches(cluster)


def test_all_components_are_there_from_the_beginning(shown):
    rows = shown.document.section("components")
    assert {"etcd", "kube-apiserver", "kubelet@simulated-worker"} <= rows.keys()
    assert {row["state"] for row in rows.values()} == {"running"}
    assert shown.line() == "7 components run"


def test_a_switch_stops_and_starts_a_component_and_says_how(shown, cluster):
    shown.comm.click("stop", name="kube-scheduler")
    assert not cluster.internals.runs("kube-scheduler")
    assert shown.document.get("components", "kube-scheduler")["state"] == "stopped"
    shown.comm.click("start", name="kube-scheduler")
    assert cluster.internals.runs("kube-scheduler")
    assert [entry["command"] for entry in shown.document.section("trace").values()] == [
        'cluster.internals.stop("kube-scheduler")',
        'cluster.internals.start("kube-scheduler")',
    ]


def test_what_somebody_else_stops_is_seen_too(shown, cluster):
    cluster.internals.stop("etcd")
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == "6 components run, stopped: etcd"
    assert "without it: nothing can be read" in data["image/svg+xml"]


def test_a_refusal_is_shown(shown):
    shown.comm.click("stop", name="nothing")
    (entry,) = shown.document.section("trace").values()
    assert "no component 'nothing'" in entry["message"]


def test_where_the_cluster_cannot_be_opened_the_reason_is_shown(shown, cluster, monkeypatch):
    def refuse():
        raise NotAvailable("a plain kubeconfig gives no access to components")

    monkeypatch.setattr(cluster.internals, "components", refuse)
    assert shown.line() == "a plain kubeconfig gives no access to components"
    assert shown.document.get("connection", "reason") == shown.line()
    monkeypatch.undo()


def test_closing_ends_the_looking(shown, courier):
    shown.close()
    assert not courier.parcels

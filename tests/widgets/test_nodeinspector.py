"""NodeInspector, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.errors import NotAvailable
from kubelearn.objects import PODS
from kubelearn.widgets.nodeinspector import NodeInspector

NODE = "simulated-worker"


@pytest.fixture
def shown(watches, cluster):
    return NodeInspector(cluster, NODE)


def commands(widget):
    return [row["command"] for row in widget.document.get("processes", "tree")]


def test_containers_and_processes_are_those_of_the_node(shown, cluster):
    here = {p["metadata"]["name"] for p in cluster.all(PODS) if p["spec"]["nodeName"] == NODE}
    rows = shown.document.section("containers").values()
    assert {row["pod"] for row in rows} == here
    assert commands(shown) == ["kubelet", *["python app.py"] * len(here)]


def test_stopping_the_kubelet_leaves_the_containers_alone(shown, cluster):
    shown.comm.click("stop-kubelet")
    assert shown.document.get("node", "kubelet") == "stopped"
    assert commands(shown) == ["python app.py"] * len(shown.document.section("containers"))
    shown.comm.click("start-kubelet")
    assert commands(shown)[0] == "kubelet"


def test_a_machine_that_is_off_has_nothing_and_can_be_switched_on(shown):
    shown.comm.click("stop-node")
    assert shown.document.get("node", "off") == f"node {NODE} is switched off"
    assert not shown.document.section("containers")
    assert shown.line() == f"{NODE}: node {NODE} is switched off"
    assert shown.document.get("connection", "reason") is None
    shown.comm.click("start-node")
    assert shown.document.section("containers")
    assert [entry["command"] for entry in shown.document.section("trace").values()] == [
        f'cluster.internals.stop_node("{NODE}")',
        f'cluster.internals.start_node("{NODE}")',
    ]


def test_the_text_and_the_picture_are_of_now(shown):
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"].startswith(f"{NODE}: ")
    assert "python app.py" in data["image/svg+xml"]


def test_where_the_cluster_cannot_be_opened_the_reason_is_shown(shown, cluster, monkeypatch):
    def refuse(_node):
        raise NotAvailable("no access to nodes")

    monkeypatch.setattr(cluster.internals, "containers", refuse)
    assert shown.line() == f"{NODE}: no access to nodes"

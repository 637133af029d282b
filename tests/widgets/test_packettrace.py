"""PacketTrace, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.errors import NotAvailable
from kubelearn.objects import ENDPOINT_SLICES, PODS
from kubelearn.widgets.packettrace import PacketTrace


@pytest.fixture
def shown(watches, cluster):
    return PacketTrace(cluster, "web", "demo")


def targets(widget):
    (row,) = widget.document.section("entries").values()
    return row["targets"]


def test_each_endpoint_has_its_chance_and_its_pods_name(shown, cluster, watches):
    assert {each["pod"] for each in targets(shown)} == {
        pod["metadata"]["name"] for pod in cluster.all(PODS)
    }
    assert sum(each["chance"] for each in targets(shown)) == pytest.approx(1, abs=0.001)
    assert watches.collections == [(PODS, "demo"), (ENDPOINT_SLICES, "demo")]


def test_a_pod_that_goes_leaves_the_rules(shown, cluster, watches):
    pod = cluster.all(PODS)[0]
    cluster.remove(pod)
    watches.tell()
    shown.look()
    assert pod["metadata"]["name"] not in {each["pod"] for each in targets(shown)}
    assert len(targets(shown)) == 2


def test_the_rules_are_those_of_the_node_that_was_asked_for(watches, cluster):
    shown = PacketTrace(cluster, "web", "demo", node="simulated-worker")
    assert shown.document.get("path", "node") == "simulated-worker"
    assert shown.document.get("path", "rules").startswith("service demo/web TCP")


def test_the_text_and_the_picture_are_of_now(shown):
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == "web: 127.65.128.7:80 leads to 3 endpoints"
    assert "127.65.128.7:80" in data["image/svg+xml"]


def test_where_rules_cannot_be_read_the_reason_is_shown(shown, cluster, monkeypatch):
    def refuse(*_, **__):
        raise NotAvailable("there is no Service demo/web")

    monkeypatch.setattr(cluster.internals, "service_path", refuse)
    assert shown.line() == "web: there is no Service demo/web"
    assert not shown.document.section("entries")
    monkeypatch.undo()

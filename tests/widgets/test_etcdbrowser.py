"""EtcdBrowser, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.errors import NotAvailable
from kubelearn.objects import DEPLOYMENTS, PODS
from kubelearn.widgets import etcdbrowser
from kubelearn.widgets.etcdbrowser import EtcdBrowser

WEB = "/registry/deployments/demo/web"


@pytest.fixture
def shown(watches, cluster, monkeypatch):
    """A browser whose changes are told when the test says so, by `follow`."""
    monkeypatch.setattr(EtcdBrowser, "_keep_following", lambda *_: None)
    browser = EtcdBrowser(cluster)
    browser.follow()
    return browser


def scale(cluster, replicas):
    deployment = cluster.get(DEPLOYMENTS, "web")
    deployment["spec"]["replicas"] = replicas
    cluster.put(deployment)


def selected(widget):
    return widget.document.get("selected", "shown")


def test_all_keys_are_listed_with_their_revisions(shown, cluster):
    rows = shown.document.section("keys")
    version = int(cluster.get(DEPLOYMENTS, "web")["metadata"]["resourceVersion"])
    assert rows[WEB]["mod"] == version
    assert rows[WEB]["kind"] == "Deployment"
    assert shown.document.section("etcd") == {"revision": cluster.version, "compacted": 0}


def test_changes_are_watched_from_the_revision_of_the_list_on(shown, cluster):
    pod = cluster.all(PODS)[0]
    scale(cluster, 5)
    cluster.remove(pod)
    shown.follow()
    told = list(shown.document.section("events").values())
    assert [(event["type"], event["revision"]) for event in told] == [
        ("PUT", cluster.version - 1),
        ("DELETE", cluster.version),
    ]
    assert f"/registry/pods/demo/{pod['metadata']['name']}" not in shown.document.section("keys")
    shown.follow()
    assert len(shown.document.section("events")) == 2


def test_a_chosen_key_shows_its_value_and_what_is_new_in_it(shown, cluster):
    scale(cluster, 5)
    shown.comm.click("select", key=WEB)
    told = selected(shown)
    assert "  replicas: 5" in told["lines"]
    assert ("-", "  replicas: 3") in told["difference"]
    assert ("+", "  replicas: 5") in told["difference"]
    shown.comm.click("select", key=WEB, revision=told["before"])
    assert "  replicas: 3" in selected(shown)["lines"]


def test_the_chosen_key_is_shown_as_it_changes_but_the_past_stays(shown, cluster):
    shown.comm.click("select", key=WEB)
    scale(cluster, 6)
    shown.follow()
    assert "  replicas: 6" in selected(shown)["lines"]
    shown.comm.click("select", key=WEB, revision=selected(shown)["before"])
    scale(cluster, 7)
    shown.follow()
    assert "  replicas: 3" in selected(shown)["lines"]


def test_a_key_that_only_begins_like_another_is_not_taken_for_it(shown):
    shown.comm.click("select", key=WEB[:-1])
    assert selected(shown)["note"] == "There is no such key."


def test_what_was_compacted_is_forgotten_and_says_so(shown, cluster):
    scale(cluster, 5)
    shown.follow()
    shown.comm.click("select", key=WEB)
    before = selected(shown)["before"]
    shown.comm.click("compact")
    assert shown.document.get("etcd", "compacted") == cluster.version
    (entry,) = shown.document.section("trace").values()
    assert entry["command"] == f"cluster.internals.compact({cluster.version})"
    shown.comm.click("select", key=WEB, revision=before)
    assert selected(shown)["note"] == f"Revision {before} is forgotten: it was compacted."
    shown.comm.click("select", key=WEB)
    assert selected(shown)["note"] == "The state before it is forgotten: it was compacted."


def test_a_watch_that_comes_too_late_lists_again(shown, cluster):
    scale(cluster, 5)
    scale(cluster, 6)
    cluster.internals.compact(cluster.version)
    shown.follow()
    assert shown.document.get("keys", WEB)["mod"] == cluster.version
    assert shown.unknown == ""


def test_only_the_latest_events_are_kept(shown, cluster, monkeypatch):
    monkeypatch.setattr(etcdbrowser, "EVENTS_SHOWN", 3)
    for replicas in range(8):
        scale(cluster, replicas)
    shown.follow()
    assert len(shown.document.section("events")) == 3


def test_the_text_and_the_picture_are_of_now(shown, cluster):
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == f"etcd: revision {cluster.version}, 10 keys"
    assert WEB in data["image/svg+xml"]


def test_a_list_that_was_quicker_than_the_watch_is_not_undone_by_it(shown, cluster):
    scale(cluster, 5)
    scale(cluster, 6)
    shown.look()
    assert shown.document.get("keys", WEB)["mod"] == cluster.version
    told = shown.cluster.internals.watch_keys(start=cluster.version - 1)
    shown._take(next(told))
    assert shown.document.get("keys", WEB)["mod"] == cluster.version
    assert len(shown.document.section("events")) == 1


def test_where_etcd_cannot_be_read_the_reason_is_shown(shown, cluster, monkeypatch):
    def refuse(*_, **__):
        raise NotAvailable("no access to etcd")

    monkeypatch.setattr(cluster.internals, "watch_keys", refuse)
    monkeypatch.setattr(cluster.internals, "etcd", refuse)
    assert not shown.attempt(shown.follow)
    assert shown.unknown == "no access to etcd"
    assert shown.line() == "etcd: no access to etcd"

"""Several collections followed at once, and what is counted of them."""

from __future__ import annotations

import pytest

from kubelearn.objects import EVENTS, PODS, SECRETS
from kubelearn.widgets import following as module
from kubelearn.widgets.following import Following, Listening
from kubelearn.widgets.glance import Glance
from kubelearn.widgets.usage import Usage, used
from kubelearn.widgets.watchset import CONNECTING

FORBIDDEN = 'secrets is forbidden: User "a" cannot list resource "secrets"'


class HandDrivenWatches:
    def __init__(self):
        self.opened = []

    def subscribe(self, collections, subscriber):
        self.opened.append(subscriber)
        return self

    def wait(self, seconds):
        return True

    def close(self):
        self.opened.clear()


@pytest.fixture
def watches(monkeypatch):
    driven = HandDrivenWatches()
    monkeypatch.setattr(module, "watches_of", lambda _api: driven)
    return driven


@pytest.fixture
def told():
    return []


@pytest.fixture
def followed(watches, told):
    started = Following(told.append)
    for resource in (PODS, SECRETS):
        started.follow(None, (resource, "demo"), Listening(lambda *_: None))
    return started


def test_all_is_well_only_when_each_is(followed, watches, told):
    pods, secrets = watches.opened
    pods.on_connection(None)
    assert told == [CONNECTING]
    secrets.on_connection(None)
    assert told[-1] is None
    pods.on_connection("no answer")
    assert told[-1] == "no answer"


def test_what_is_forbidden_is_no_lost_connection(followed, watches, told):
    pods, secrets = watches.opened
    secrets.on_connection(FORBIDDEN)
    pods.on_connection(None)
    assert told[-1] is None


def test_what_was_closed_is_not_heard(followed, watches, told):
    pods, _ = watches.opened
    followed.close()
    pods.on_connection("too late")
    assert told == []


def test_objects_are_told_with_their_kind():
    heard = []
    listening = Listening(lambda name, obj: heard.append((name, obj)))
    listening.on_object(PODS, "demo/a", {"metadata": {}})
    listening.on_object(PODS, "demo/a", None)
    assert heard == [
        ("demo/a", {"metadata": {}, "apiVersion": "v1", "kind": "Pod"}),
        ("demo/a", None),
    ]


def test_a_glance_counts_objects_by_their_states(cluster):
    rows = []
    glance = Glance(rows.append)
    pods = cluster.all(PODS)
    for pod in pods:
        glance.on_object(PODS, pod["metadata"]["name"], pod)
    assert rows[-1] == {"count": 3, "looks": {"Running": 3}, "reason": ""}
    gone = {**pods[0], "metadata": {**pods[0]["metadata"], "deletionTimestamp": "2026-01-01"}}
    glance.on_object(PODS, pods[0]["metadata"]["name"], gone)
    assert rows[-1]["looks"] == {"Running": 2, "Terminating": 1}
    glance.on_object(PODS, pods[0]["metadata"]["name"], None)
    assert rows[-1] == {"count": 2, "looks": {"Running": 2}, "reason": ""}
    glance.on_connection(FORBIDDEN)
    assert rows[-1]["reason"] == FORBIDDEN


def test_a_glance_at_events_counts_warnings():
    rows = []
    glance = Glance(rows.append)
    for i, kind in enumerate(("Normal", "Warning", "Warning")):
        glance.on_object(EVENTS, str(i), {"metadata": {}, "type": kind})
    assert rows[-1] == {"count": 3, "looks": {"Warning": 2}, "reason": ""}


def test_usage_is_summed_over_containers():
    containers = [
        {"usage": {"cpu": "1500u", "memory": "1Mi"}},
        {"usage": {"cpu": "2m", "memory": "0"}},
    ]
    assert used({"containers": containers}) == [4, 2**20]
    assert used({"usage": {"cpu": "1", "memory": "2Ki"}}) == [1000, 2048]


def test_where_nothing_measures_the_reason_is_told_and_asked_for_seldom(cluster):
    now = [100.0]
    documents = _Document()
    usage = Usage(documents, clock=lambda: now[0])
    usage.ask(cluster.api_client, "demo")
    assert "not found" in documents.found["pods?"]
    documents.found = None
    now[0] += 1
    usage.ask(cluster.api_client, "demo")
    assert documents.found is None
    now[0] += 60
    usage.ask(cluster.api_client, "demo")
    assert documents.found


class _Document:
    found = None

    def replace(self, _section, values):
        self.found = values

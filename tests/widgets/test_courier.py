"""When changes travel: the first at once, a storm ten times a second."""

from __future__ import annotations

import threading

import pytest

from kubelearn.widgets import courier as module
from kubelearn.widgets.courier import BURST, HEARTBEAT, INTERVAL, KNOCK, KNOCKS, Courier, Parcel
from kubelearn.widgets.document import Document


@pytest.fixture
def document():
    return Document()


@pytest.fixture
def sent():
    return []


@pytest.fixture
def parcel(document, sent):
    opened = Parcel(document, sent.append)
    opened.opened()
    opened.post(100.0)
    return opened


def test_a_change_after_a_rest_travels_at_once(parcel, document, sent):
    document.put("pods", "a", 1)
    assert parcel.due(101.0) == 101.0
    parcel.post(101.0)
    assert sent[-1]["sections"] == {"pods": {"a": 1}}


def test_a_storm_is_told_ten_times_a_second(parcel, document, sent):
    del sent[:]
    now = 101.0
    for i in range(10_000):
        document.put("pods", "a", i)
        now += 0.001
        if parcel.due(now) <= now:
            parcel.post(now)
    diffs = [message for message in sent if message["type"] == "diff"]
    assert len(diffs) <= 10 / INTERVAL + BURST
    assert [d["rev"] for d in diffs] == list(range(1, len(diffs) + 1))


def test_the_last_change_of_a_storm_is_told_too(parcel, document, sent):
    for i in range(BURST + 1):
        document.put("pods", "a", i)
        if parcel.due(101.0) <= 101.0:
            parcel.post(101.0)
    assert sent[-1]["sections"]["pods"]["a"] == BURST - 1
    due = parcel.due(101.0)
    assert 101.0 < due <= 101.0 + INTERVAL
    parcel.post(due)
    assert sent[-1]["sections"]["pods"]["a"] == BURST


def test_a_quiet_widget_gives_a_sign_of_life(parcel, document, sent):
    assert parcel.due(101.0) == 100.0 + HEARTBEAT
    parcel.post(103.0)
    assert sent[-1]["type"] == "beat"
    assert sent[-1]["rev"] == document.revision


def test_everything_is_sent_when_a_view_lost_something(parcel, document, sent):
    document.put("pods", "a", 1)
    parcel.post(101.0)
    parcel.ask_for_all()
    assert parcel.due(101.5) == 101.5
    parcel.post(101.5)
    assert sent[-1]["type"] == "snapshot"
    assert sent[-1]["sections"] == {"pods": {"a": 1}}
    assert parcel.due(102.0) == 101.5 + HEARTBEAT


def test_until_a_view_answers_everything_is_sent_again_a_few_times(document, sent):
    parcel = Parcel(document, sent.append)
    for _ in range(KNOCKS + 2):
        parcel.post(parcel.due(100.0) if sent else 100.0)
    assert [message["type"] for message in sent] == ["snapshot"] * KNOCKS + ["beat"] * 2
    assert parcel.due(100.0) != 100.0 + KNOCK


def test_the_thread_posts_and_ends_with_the_last_parcel(document):
    told = threading.Event()
    courier = Courier()
    parcel = Parcel(document, lambda message: told.set() if "sections" in message else None)
    courier.add(parcel)
    document.put("pods", "a", 1)
    courier.wake()
    assert told.wait(5)
    courier.remove(parcel)
    thread = next((t for t in threading.enumerate() if t.name == "kubelearn courier"), None)
    if thread:
        thread.join(5)
    assert not courier._running


def test_a_front_end_that_fails_does_not_stop_the_others(document, monkeypatch):
    monkeypatch.setattr(module, "KNOCKS", 0)
    told = threading.Event()

    def fail(_message):
        raise OSError("the socket is closed")

    courier = Courier()
    broken, sound = Parcel(document, fail), Parcel(Document(pods={}), lambda _: told.set())
    courier.add(broken)
    courier.add(sound)
    assert told.wait(5)
    courier.remove(broken)
    courier.remove(sound)

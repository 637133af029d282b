"""TimeMachine, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.objects import NODES, PODS
from kubelearn.widgets import timemachine
from kubelearn.widgets.history import History
from kubelearn.widgets.timemachine import RECORDED, TimeMachine


class Clock:
    """A second goes by whenever somebody looks."""

    def __init__(self):
        self.now = 1_000.0

    def time(self):
        self.now += 1
        return self.now


@pytest.fixture
def shown(watches, cluster, monkeypatch):
    monkeypatch.setattr(timemachine, "time", Clock())
    return TimeMachine(cluster, history=History(max_moments=30))


def moments(widget):
    return list(widget.document.section("moments").values())


def lose_a_pod(cluster, watches):
    pod = cluster.all(PODS)[0]
    cluster.delete(pod)
    watches.tell()
    cluster.step()
    watches.tell()
    return pod["metadata"]["name"]


def test_everything_that_was_there_is_the_first_moment(shown, watches):
    (first,) = moments(shown)
    assert len(first["nodes"]) == 3
    assert len(first["pods"]) == 3
    assert first["words"] == []
    assert watches.collections == [(NODES, None), *((each, None) for each in RECORDED)]


def test_each_change_becomes_a_moment_with_words(shown, cluster, watches):
    name = lose_a_pod(cluster, watches)
    words = [word for moment in moments(shown) for word in moment["words"]]
    assert words[0] == f"Pod {name}: Running → Terminating"
    assert f"Pod {name} is gone" in words
    assert any(word.endswith("is new") for word in words)
    assert any(moment["pods"].get(f"demo/{name}", 1) is None for moment in moments(shown))


def test_two_moments_are_compared_object_by_object(shown, cluster, watches):
    name = lose_a_pod(cluster, watches)
    numbers = [moment["number"] for moment in moments(shown)]
    shown.comm.click("compare", **{"from": numbers[1], "to": numbers[0]})
    told = shown.document.get("difference", "shown")
    assert (told["from"], told["to"]) == (numbers[0], numbers[1])
    (changed,) = told["objects"]
    assert changed["title"] == f"Pod demo/{name}"
    marks = [line for line in changed["lines"] if line[0] == "+"]
    assert any("deletionTimestamp" in text for _, text in marks)


def test_memory_is_bounded_and_the_view_is_told_what_was_thinned(shown, cluster, watches):
    for _ in range(30):
        lose_a_pod(cluster, watches)
        cluster.settle()
        watches.tell()
    assert len(moments(shown)) <= 30
    assert [each["number"] for each in moments(shown)] == [
        moment.number for moment in shown._history.moments
    ]


def test_it_records_on_when_nobody_looks_until_it_is_closed(shown, cluster, watches):
    for count in (1, 0):
        content = {"type": "views", "page": "p", "count": count, "rev": 0}
        shown.comm.receive({"method": "custom", "content": content})
    lose_a_pod(cluster, watches)
    assert len(moments(shown)) > 1
    shown.close()
    assert not watches.subscribers


def test_the_text_and_the_picture_are_of_now(shown):
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == "recording; pods: 3 Running"
    assert data["image/svg+xml"].startswith("<svg")


def test_a_lost_connection_is_shown(shown):
    shown.on_connection("no answer")
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == "pods: not known (no answer)"

"""The logs of some pods in one document: bounded, and never too fast."""

from __future__ import annotations

import pytest

from kubelearn.widgets import logfeed
from kubelearn.widgets.document import Document
from kubelearn.widgets.logfeed import EVERY, LogFeed


class HandDrivenStream:
    """A stream that reads what the test says."""

    def __init__(self, _api, path, container, *, sink, last, previous):
        self.path, self.container, self.sink = path, container, sink
        self.last, self.previous = last, previous
        self.following = False
        self.status = None
        self.request = f"GET {path}?container={container}"

    def tell(self, status):
        self.status = status

    def start(self):
        self.following = True

    def stop(self):
        self.following = False

    def read(self, *texts):
        for text in texts:
            self.sink.on_line(f"2026-01-01T12:00:00Z {text}".encode())


@pytest.fixture
def streams(monkeypatch):
    made = []

    def make(*arguments, **options):
        made.append(HandDrivenStream(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(logfeed, "LogStream", make)
    return made


@pytest.fixture
def document():
    return Document()


@pytest.fixture
def feed(document, streams):
    started = LogFeed(document, last=100)
    started.start(object())
    return started


def pod(name, uid="u", **meta):
    spec = {"initContainers": [{"name": "init"}], "containers": [{"name": "app"}, {"name": "side"}]}
    status = {"containerStatuses": [{"name": "app", "containerID": "a"}]}
    meta = {"name": name, "namespace": "demo", "uid": uid, **meta}
    return {"metadata": meta, "spec": spec, "status": status}


def texts(document):
    return [row["text"] for row in document.section("lines").values()]


def test_the_container_that_kubectl_would_take_is_followed(feed, streams):
    feed.pod("demo/a", pod("a"))
    annotations = {"kubectl.kubernetes.io/default-container": "side"}
    feed.pod("demo/b", pod("b", annotations=annotations))
    assert [each.container for each in streams] == ["app", "side"]
    assert streams[0].status["containerID"] == "a"
    assert all(each.following for each in streams)


def test_lines_tell_their_pod_and_pods_have_different_colours(feed, streams, document):
    feed.pod("demo/a", pod("a"))
    feed.pod("demo/b", pod("b"))
    streams[1].read("from b")
    streams[0].read("from a")
    feed.flush()
    rows = list(document.section("lines").values())
    assert {row["text"]: row["name"] for row in rows} == {"from a": "a", "from b": "b"}
    assert rows[0]["colour"] != rows[1]["colour"]


def test_all_containers_can_be_chosen_or_one_of_them(feed, streams, document):
    feed.pod("demo/a", pod("a"))
    feed.flush()
    assert document.get("feed", "containers") == ["init", "app", "side"]
    feed.choose(container=EVERY, previous=False, last=100)
    assert [each.container for each in streams if each.following] == ["init", "app", "side"]
    feed.choose(container="init", previous=True, last=200)
    (chosen,) = [each for each in streams if each.following]
    assert (chosen.container, chosen.previous, chosen.last) == ("init", True, 200)
    assert texts(document) == []


def test_what_comes_too_fast_is_left_out_and_counted(feed, streams, document, monkeypatch):
    monkeypatch.setattr(logfeed, "PER_FLUSH", 20)
    feed.pod("demo/a", pod("a"))
    streams[0].read(*[f"first {i}" for i in range(100)])
    feed.flush()
    assert len(texts(document)) == 100
    streams[0].read(*[f"line {i}" for i in range(1_000)])
    feed.flush()
    assert texts(document)[-21:-18] == ["… 980 lines left out", "line 980", "line 981"]
    assert len(texts(document)) == 100


def test_a_note_is_never_left_out(feed, streams, document, monkeypatch):
    monkeypatch.setattr(logfeed, "PER_FLUSH", 5)
    feed.pod("demo/a", pod("a"))
    streams[0].read(*["first"] * 100)
    feed.flush()
    streams[0].sink.on_note("it was restarted")
    streams[0].read(*[str(i) for i in range(12)])
    feed.flush()
    last = ["… 3 lines left out", "it was restarted", *[str(i) for i in range(3, 12)]]
    assert texts(document)[-11:] == last


def test_only_so_many_logs_are_followed_and_the_rest_is_counted(
    feed, streams, document, monkeypatch
):
    monkeypatch.setattr(logfeed, "MAX_STREAMS", 3)
    for i in range(5):
        feed.pod(f"demo/{i}", pod(str(i)))
    feed.flush()
    assert len(streams) == 3
    assert document.get("feed", "left_out") == 2
    feed.pod("demo/0", None)
    feed.flush()
    assert len(document.section("streams")) == 3
    assert document.get("feed", "left_out") == 1


def test_a_pod_that_goes_leaves_its_last_lines_and_a_note(feed, streams, document):
    feed.pod("demo/a", pod("a"))
    streams[0].read("last words")
    feed.pod("demo/a", None)
    assert texts(document) == ["last words", "the pod is gone"]
    assert not streams[0].following
    assert document.section("streams") == {}


def test_a_pod_that_comes_again_under_its_name_is_another_one(feed, streams):
    feed.pod("demo/a", pod("a", uid="1"))
    feed.pod("demo/a", pod("a", uid="2"))
    assert [each.following for each in streams] == [False, True]


def test_when_nobody_looks_it_stops_and_later_goes_on_with_the_same_streams(feed, streams):
    feed.pod("demo/a", pod("a"))
    feed.stop()
    assert not streams[0].following
    feed.start(object())
    feed.pod("demo/a", pod("a"))
    assert streams[0].following
    assert len(streams) == 1


def test_pods_that_went_while_nobody_looked_are_dropped(feed, streams, document):
    feed.pod("demo/a", pod("a"))
    feed.pod("demo/b", pod("b"))
    feed.forget({"demo/b"})
    assert list(document.section("streams")) == ["demo/b/app"]

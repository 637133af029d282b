"""List, then watch, for ever: what happens on 410, on a lost connection, on nonsense."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import orjson
import pytest

from kubelearn.clusters.transport import Answer
from kubelearn.errors import Unreachable
from kubelearn.objects import PODS
from kubelearn.widgets import reflector as module
from kubelearn.widgets.reflector import Reflector

END = Unreachable({"message": "the end of the script"})
GONE = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}


def pod(name, version):
    return {"metadata": {"name": name, "namespace": "demo", "resourceVersion": str(version)}}


def a_list(version, *items):
    body = {"metadata": {"resourceVersion": str(version)}, "items": list(items)}
    return Answer("GET", 200, body)


class Stream(list):
    """The lines of a watch."""

    def close(self):
        self.clear()


def stream(*events):
    return Stream(orjson.dumps({"type": kind, "object": obj}) for kind, obj in events)


class Sink:
    def __init__(self):
        self.heard = []

    def on_object(self, _resource, name, obj):
        self.heard.append((name, obj and obj["metadata"]["resourceVersion"]))

    def on_state(self, reason):
        self.heard.append(reason)


@pytest.fixture
def play(monkeypatch):
    """Run a reflector against scripted answers until they are used up."""

    def run(*script):
        answers, sink, asked, delays = [*script, END], Sink(), [], []

        def answer(path, query=None, **_):
            asked.append((query or {}).get("resourceVersion", "list"))
            result = answers.pop(0)
            if not answers:
                reflector.stop()
            if isinstance(result, Exception):
                raise result
            return result

        def wait(_event, seconds):
            delays.append(seconds)
            return True

        monkeypatch.setattr(module, "send", lambda _api, _method, path: answer(path))
        monkeypatch.setattr(module, "lines", lambda _api, path, **options: answer(path, **options))
        reflector = Reflector(None, PODS, "demo", sink=sink, lock=threading.RLock(), wait=wait)
        reflector.run()
        return SimpleNamespace(heard=sink.heard, asked=asked, delays=delays, reflector=reflector)

    return run


def test_it_lists_and_then_watches_from_the_lists_version(play):
    played = play(
        a_list(5, pod("a", 3)),
        stream(("ADDED", pod("b", 6)), ("MODIFIED", pod("a", 7)), ("DELETED", pod("b", 8))),
    )
    assert played.heard[:5] == [
        ("demo/a", "3"),
        None,
        ("demo/b", "6"),
        ("demo/a", "7"),
        ("demo/b", None),
    ]
    assert played.asked == ["list", "5", "8"]


def test_a_watch_that_ends_in_good_order_goes_on_where_it_was(play):
    played = play(
        a_list(5),
        stream(("BOOKMARK", pod("", 20))),
        stream(("ADDED", pod("a", 21))),
    )
    assert played.asked == ["list", "5", "20", "21"]
    assert ("demo/a", "21") in played.heard


def test_410_means_list_again_and_only_differences_are_told(play):
    played = play(
        a_list(5, pod("a", 3), pod("b", 4), pod("c", 5)),
        stream(("ERROR", GONE)),
        a_list(50, pod("a", 3), pod("c", 40)),
    )
    assert played.asked == ["list", "5", "list", "50"]
    assert played.heard[4:7] == [("demo/b", None), ("demo/c", "40"), None]


def test_a_lost_connection_is_told_with_its_reason_and_found_again(play):
    played = play(
        a_list(5),
        Unreachable({"message": "connection refused"}),
        Unreachable({"message": "connection refused"}),
        a_list(6),
    )
    assert played.heard[:4] == [None, "connection refused", "connection refused", None]


def test_it_waits_longer_after_each_failure_in_a_row(play):
    refused = Unreachable({"message": "refused"})
    played = play(*[refused] * 7, a_list(5), refused, refused)
    assert played.delays[:7] == [0.2, 0.5, 1, 2, 3, 3, 3]
    assert played.delays[7] == 0.2


def test_a_refusal_is_a_reason_too(play):
    status = {"kind": "Status", "code": 403, "message": "pods is forbidden"}
    played = play(Answer("GET", 403, status), a_list(5))
    assert played.heard[0] == "pods is forbidden"


@pytest.mark.parametrize("nonsense", [Answer("GET", 200, "<html>"), Answer("GET", 200, {})])
def test_an_answer_that_is_not_kubernetes_does_not_end_the_thread(play, nonsense):
    played = play(nonsense, a_list(5))
    assert "not a Kubernetes list" in played.heard[0]
    assert played.heard[1] is None


def test_a_line_that_is_cut_off_counts_as_a_lost_connection(play):
    played = play(a_list(5), Stream([b'{"type":"ADD']), a_list(6))
    assert isinstance(played.heard[1], str)
    assert played.asked == ["list", "5", "list", "6"]


def test_a_server_that_ends_every_watch_at_once_is_not_hammered(play):
    played = play(a_list(5), stream(), a_list(5), stream(), a_list(5))
    assert played.delays
    assert "ended at once" in played.heard[1]


def test_the_bookkeeping_that_nobody_shows_is_not_kept(play):
    fat = pod("a", 3)
    fat["metadata"]["managedFields"] = [{}] * 100
    played = play(a_list(5, fat))
    assert "managedFields" not in played.reflector.objects["demo/a"]["metadata"]

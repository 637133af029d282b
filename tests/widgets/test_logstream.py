"""One container's log: no line is lost or doubled, whatever breaks."""

from __future__ import annotations

import threading

import pytest

from kubelearn.errors import Unreachable
from kubelearn.widgets import logstream
from kubelearn.widgets.logstream import LogStream

LOST = Unreachable({"message": "the connection is lost"})


class Log:
    """A container's log as the kubelet serves it: `sinceTime` knows whole seconds only."""

    def __init__(self):
        self.runs = [[]]
        self.asked = []
        self.plan = []
        """What each request does: None reads to the end, a number breaks after so many lines."""

    def write(self, *stamped):
        self.runs[-1] += [line.encode() for line in stamped]

    def open(self, _api, _path, *, query, **_):
        self.asked.append(query)
        run = self.runs[-2] if query["previous"] else self.runs[-1]
        since = (query["sinceTime"] or "").rstrip("Z").encode()
        found = [line for line in run[-query["tailLines"] :] if line[:19] >= since]
        broken = self.plan.pop(0) if self.plan else None
        return Stream(found, broken)


class Stream:
    def __init__(self, found, broken):
        self.found, self.broken = found, broken

    def __iter__(self):
        yield from self.found if self.broken is None else self.found[: self.broken]
        if self.broken is not None:
            raise LOST

    def close(self):
        pass


class Sink:
    def __init__(self):
        self.told = []
        self.states = []

    def on_line(self, raw):
        self.told.append(raw.decode().partition(" ")[2])

    def on_note(self, words):
        self.told.append(f"({words})")

    def on_state(self, state, words):
        self.states.append((state, words))


@pytest.fixture
def log(monkeypatch):
    written = Log()
    monkeypatch.setattr(logstream, "lines", written.open)
    return written


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def follow(log, sink):
    """A function that follows the log, and between requests does what it is told."""

    def run(*steps, status=None, last=100, **options):
        between = iter(steps)
        stopped = threading.Event()

        def wait(_event, _seconds):
            step = next(between, None)
            if step is None:
                stopped.set()
            else:
                step(stream)
            return True

        stream = LogStream(None, "/log", "app", sink=sink, last=last, wait=wait, **options)
        stream.tell(status or running("a"))
        stream.run(stopped)
        return stream

    return run


def running(container, restarts=0, **more):
    return {"containerID": container, "restartCount": restarts, "state": {"running": {}}, **more}


def ended(container, code=1):
    state = {"terminated": {"exitCode": code, "reason": "Error"}}
    return {"containerID": container, "restartCount": 0, "state": state}


def test_a_lost_connection_goes_on_where_it_was(log, sink, follow):
    log.write("2026-01-01T12:00:00.1Z one", "2026-01-01T12:00:00.25Z two")
    log.plan = [None]

    def more(_stream):
        log.write("2026-01-01T12:00:00.25Z three", "2026-01-01T12:00:01Z four")

    follow(more)
    assert sink.told == ["one", "two", "three", "four"]
    assert log.asked[1]["sinceTime"] == "2026-01-01T12:00:00Z"


@pytest.mark.parametrize("broken", range(7))
def test_wherever_it_breaks_each_line_is_told_once(log, sink, follow, broken):
    second = "2026-01-01T12:00:00"
    stamps = [f"{second}Z", *[f"{second}.1Z"] * 2, f"{second}.05Z", "2026-01-01T12:00:01.3Z"]
    log.write(*[f"{stamp} {i}" for i, stamp in enumerate(stamps)])
    log.plan = [broken, 2, None]
    follow(lambda _: None, lambda _: None)
    assert sink.told == ["0", "1", "2", "3", "4"]


def test_it_says_when_it_is_lost_and_when_it_follows(log, sink, follow):
    log.plan = [0, None]
    follow(lambda _: None)
    words = "the connection is lost"
    assert sink.states == [("following", ""), ("lost", words), ("following", "")]


def test_a_restart_is_told_between_the_runs(log, sink, follow):
    log.write("2026-01-01T12:00:00Z old")

    def restart(stream):
        log.runs.append([])
        log.write("2026-01-01T12:00:05Z new")
        last = {"terminated": {"exitCode": 3, "reason": "Error"}}
        stream.tell(running("b", 1, lastState=last))

    follow(lambda stream: stream.tell(ended("a", 3)), restart)
    note = "(container app was restarted: exit code 3, Error)"
    assert sink.told == ["old", note, "new"]
    assert ("ended", "exit code 3") in sink.states


def test_the_end_of_a_run_that_ended_unseen_is_read_too(log, sink, follow):
    log.write("2026-01-01T12:00:00Z one", "2026-01-01T12:00:00Z two", "2026-01-01T12:00:01Z three")
    log.plan = [1]

    def restart(stream):
        log.runs.append([])
        log.write("2026-01-01T12:00:05Z new")
        stream.tell(running("b", 3))

    follow(restart)
    note = "(container app was restarted (and 2 more times, unseen))"
    assert sink.told == ["one", "two", "three", note, "new"]


def test_more_than_is_asked_for_after_a_break_is_told_as_left_out(log, sink, follow):
    log.write("2026-01-01T12:00:00Z first")
    log.plan = [1]

    def much(_stream):
        log.write(*[f"2026-01-01T12:00:0{i}Z {i}" for i in range(1, 9)])

    follow(much, last=3)
    assert sink.told == [
        "first",
        "(… lines left out: more came meanwhile than are asked for)",
        *["6", "7", "8"],
    ]


def test_a_container_that_waits_is_not_asked_for_a_log(log, sink, follow):
    follow(status={"state": {"waiting": {"reason": "ContainerCreating"}}})
    assert sink.states == [("waiting", "ContainerCreating")]
    assert log.asked == []


def test_the_run_before_is_read_once(log, sink, follow):
    log.write("2026-01-01T12:00:00Z old")
    log.runs.append([])
    follow(previous=True)
    assert sink.told == ["old"]
    assert log.asked[0]["follow"] is None
    assert len(log.asked) == 1


def test_nothing_is_told_after_it_is_stopped(log, sink):
    log.write("2026-01-01T12:00:00Z one")
    stream = LogStream(None, "/log", "app", sink=sink, last=100)
    stream.tell(running("a"))
    stopped = threading.Event()
    stopped.set()
    stream._read(stopped, follow=True)
    assert sink.told == []
    assert stream.request == ("GET /log?container=app&follow=true&timestamps=true&tailLines=100")

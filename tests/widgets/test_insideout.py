"""InsideOut, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.containers.handmade import KINDS, NamespaceView
from kubelearn.errors import ContainerError
from kubelearn.widgets import insideout as module
from kubelearn.widgets.insideout import InsideOut


class FakeContainer:
    """Answers as a container does, without one."""

    name = "box"

    def __init__(self):
        self.own = ("uts", "pid")
        self.pid = 4711

    def look(self):
        return [
            NamespaceView(
                kind, "something", kind in self.own, 1, 2, ("laptop",),
                ("box",) if self.pid else (), "not permitted" if kind == "user" else "",
            )
            for kind in KINDS
        ]  # fmt: skip

    def command(self):
        return ["unshare", *(KINDS[kind].option for kind in self.own), "cat"]

    def start(self, *, quiet=False):
        self.pid = 4712

    def switch(self, kind, *, on, quiet=False):
        if kind == "user":
            raise ContainerError("no user namespace of its own here: not permitted")
        self.own = tuple(k for k in KINDS if (k in self.own or k == kind) and (on or k != kind))
        self.pid += 1


@pytest.fixture
def container():
    return FakeContainer()


@pytest.fixture
def widget(watches, courier, monkeypatch, container):
    monkeypatch.setattr(module, "courier", courier)
    monkeypatch.setattr(InsideOut, "look_every", 0)
    made = InsideOut(container)
    yield made
    made.close()


def states(widget):
    return {kind: row["state"] for kind, row in widget.document.section("namespaces").items()}


def traced(widget):
    return list(widget.document.section("trace").values())


def test_it_says_in_one_line_what_is_its_own(widget):
    assert widget.line().startswith("box: own namespaces: uts, pid; the machine's: mnt")
    assert widget.picture().startswith("<svg")


def test_a_switch_starts_the_container_anew_and_shows_the_line_and_the_flags(widget, container):
    widget.comm.click("switch", kind="mnt", on=True)
    assert states(widget)["mnt"] == "own"
    [entry] = traced(widget)
    assert entry["command"] == "unshare --uts --pid --mount cat"
    assert entry["request"] == "unshare(CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS)"
    assert widget.document.get("container", "pid") == 4712


def test_with_all_off_it_is_an_ordinary_process(widget):
    for kind in ("uts", "pid"):
        widget.comm.click("switch", kind=kind, on=False)
    assert traced(widget)[-1]["request"] == "no namespace of its own: fork, and no more"


def test_what_is_not_allowed_is_said_and_nothing_changes(widget):
    before = states(widget)
    widget.comm.click("switch", kind="user", on=True)
    assert "not permitted" in traced(widget)[0]["message"]
    assert states(widget) == before


def test_a_container_that_has_ended_can_be_started_again(widget, container):
    container.pid = 0
    widget.look()
    assert "box" in widget.picture()
    assert widget.document.get("container", "pid") == 0
    widget.comm.click("start")
    assert widget.document.get("container", "pid") == 4712


def test_it_looks_again_while_somebody_looks_and_stops_after(watches, courier, monkeypatch):
    monkeypatch.setattr(module, "courier", courier)
    monkeypatch.setattr(InsideOut, "look_every", 0.01)
    container = FakeContainer()
    widget = InsideOut(container)
    container.pid = 99
    deadline = 500
    while widget.document.get("container", "pid") != 99 and deadline:
        deadline -= widget._unseen.wait(0.01) or 1
    assert widget.document.get("container", "pid") == 99
    content = {"type": "views", "page": "one", "count": 0, "rev": 0}
    widget.comm.receive({"method": "custom", "content": content})
    assert widget._unseen is None
    widget.close()

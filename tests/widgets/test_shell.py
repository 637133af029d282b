"""Shell, kernel side."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kubelearn.clusters.podexec import Ending
from kubelearn.errors import NotFound
from kubelearn.objects import PODS
from kubelearn.widgets import shell as module
from kubelearn.widgets.shell import Shell, bundled


class Scripted:
    """A program that prints what it is told to, and then waits to be hung up."""

    def __init__(self, *pieces, ending=None):
        self.pieces = list(pieces)
        self.ending = ending or Ending(None, "the connection was lost")
        self.ends = ending is not None
        self.typed = []
        self.sizes = []
        self.idle = threading.Event()
        self.closed = threading.Event()

    def read(self):
        if self.pieces:
            return self.pieces.pop(0)
        self.idle.set()
        if not self.ends:
            assert self.closed.wait(30)
        return None

    def write(self, data):
        self.typed.append(data)

    def resize(self, columns, rows):
        self.sizes.append((columns, rows))

    def close(self):
        self.closed.set()


@pytest.fixture
def pod(cluster):
    return cluster.all(PODS)[0]["metadata"]["name"]


@pytest.fixture
def start(watches, cluster, pod):
    """A function that shows a Shell whose sessions are these, and opens a view of it."""
    made = []

    def start_(*sessions, **options):
        waiting = list(sessions)
        targets = []

        def connect(_api, target):
            targets.append(target)
            found = waiting.pop(0)
            if isinstance(found, Exception):
                raise found
            return found

        widget = Shell(cluster, pod, "demo", connect=connect, **options)
        widget.targets = targets
        made.append(widget)
        look(widget)
        return widget

    yield start_
    for widget in made:
        widget.close()


def look(widget, count=1):
    content = {"type": "views", "page": "p", "count": count, "rev": widget.document.revision}
    widget.comm.receive({"method": "custom", "content": content})


def now(widget):
    return widget.document.get("session", "now")


def join():
    for thread in threading.enumerate():
        if thread.name.startswith("kubelearn shell"):
            thread.join(30)


def test_nothing_is_started_before_somebody_looks(watches, cluster, pod):
    widget = Shell(cluster, pod, "demo", connect=lambda *_: pytest.fail("started"))
    assert widget.line() == f"shell in {pod}: sh: not started"
    assert "not started" in widget.picture()


def test_it_is_started_when_somebody_looks_with_the_line_that_would_do_the_same(start, pod):
    session = Scripted(b"/ # ")
    widget = start(session, container="hello", command="sh -l")
    assert session.idle.wait(30)
    assert widget.output == "/ # "
    assert now(widget)["state"] == "open"
    assert widget.targets[0].command == ["sh", "-l"]
    (entry,) = widget.document.section("trace").values()
    assert entry["command"] == f"kubectl exec -it -n demo {pod} -c hello -- sh -l"
    assert (entry["code"], "tty=true" in entry["request"]) == (101, True)


def test_what_is_typed_reaches_the_program_and_the_view_knows(start):
    session = Scripted()
    widget = start(session)
    widget.comm.click("input", data="é\r", view="v", number=1)
    widget.comm.click("resize", columns=91, rows=17)
    assert session.typed == ["é\r".encode()]
    assert session.sizes == [(80, 24), (91, 17)]
    assert widget.document.get("heard", "v") == 1


def test_a_letter_that_comes_in_two_pieces_is_one(start):
    letter = "é".encode()
    session = Scripted(b"caf", letter[:1], letter[1:])
    widget = start(session)
    assert session.idle.wait(30)
    assert widget.output == "café"


def test_the_exit_code_is_told_and_another_can_be_started(start, pod):
    again = Scripted(b"again")
    widget = start(Scripted(b"bye", ending=Ending(3)), again)
    join()
    assert (now(widget)["state"], now(widget)["code"]) == ("ended", 3)
    assert widget.line() == f"shell in {pod}: sh ended with exit code 3"
    widget.comm.click("open", container="hello", command="sh -c 'exit 3'")
    assert again.idle.wait(30)
    assert widget.output == "byeagain"
    assert now(widget)["number"] == 2
    assert widget.targets[1].command == ["sh", "-c", "exit 3"]


def test_a_pod_that_cannot_be_entered_is_said_in_the_servers_words(start):
    refusal = NotFound({"message": 'pods "web" not found', "code": 404})
    widget = start(refusal)
    assert (now(widget)["state"], now(widget)["message"]) == ("ended", 'pods "web" not found')
    (entry,) = widget.document.section("trace").values()
    assert entry["code"] == 404


def test_a_command_that_cannot_be_read_is_said(start):
    session = Scripted()
    widget = start(session)
    widget.comm.click("open", container="", command="sh -c 'open")
    assert "No closing quotation" in now(widget)["message"]


def test_it_ends_when_nobody_looks_any_more_and_begins_anew_for_the_next(start):
    first, second = Scripted(), Scripted()
    widget = start(first, second)
    look(widget, 0)
    assert first.closed.is_set()
    assert now(widget)["state"] == "unseen"
    look(widget)
    assert now(widget)["state"] == "open"
    assert not second.closed.is_set()


def test_it_can_be_ended_and_stays_so(start):
    session = Scripted()
    widget = start(session)
    widget.comm.click("close")
    join()
    assert session.closed.is_set()
    assert (now(widget)["state"], now(widget)["message"]) == ("ended", "you ended it")
    look(widget)
    assert now(widget)["state"] == "ended"


def test_the_containers_are_told_and_that_the_pod_has_gone(start, cluster, watches, pod):
    widget = start(Scripted())
    told = widget.document.get("pod", "now")
    assert told["containers"] == [{"name": "hello", "running": True}]
    found = cluster.get(PODS, pod)
    cluster.remove(found)
    watches.tell()
    assert widget.document.get("pod", "now")["there"] is False


def test_only_the_latest_output_is_kept(start, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 10)
    session = Scripted(b"12345", b"67890", b"abc")
    widget = start(session)
    assert session.idle.wait(30)
    assert widget.output == "67890abc"
    monkeypatch.setattr(module, "PIECES", 2)
    assert list(widget.document.section("output")) == ["2", "3"]


def test_the_picture_has_the_last_lines_without_colours(start):
    session = Scripted(b"\x1b[32mgreen\x1b[0m\r\n", b"lx\b \bs\r\n")
    widget = start(session)
    assert session.idle.wait(30)
    assert ">green<" in widget.picture()
    assert ">ls<" in widget.picture()


def test_the_terminal_comes_along_and_needs_no_network():
    for name, export in (("xterm", "Terminal"), ("xterm-addon-fit", "FitAddon")):
        text = bundled(name)
        assert text.startswith(f"const {export} = ")
        assert "export{" not in text
        assert "import " not in text.partition("\n")[0]


def test_what_is_by_others_is_named_with_its_licence():
    folder = Path(module.__file__).parent / "bundled"
    told = (folder / "README.md").read_text()
    for path in folder.iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in told

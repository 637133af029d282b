"""ProgressBar, kernel side."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from kubelearn.progress import Lines, Progress
from kubelearn.widgets.progressbar import ProgressBar, in_notebook


@pytest.fixture
def shown(recorded, monkeypatch):
    """The bars that a notebook shows."""
    bars = []
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    display = SimpleNamespace(display=lambda bar, metadata: bars.append(bar))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return bars


def test_the_view_is_told_the_step_the_time_and_what_comes_next(shown):
    with Progress("start cluster a") as work:
        work.plan("one", "two", "three")
        work.finish("one", "here")
        (bar,) = shown
        assert bar.told == {
            "state": "running",
            "words": "two (2 of 3)",
            "next": "three",
            "total": 3,
            "elapsed": 0,
            "steps": [{"name": "one", "result": "here"}],
        }
    assert bar.told["state"] == "done"
    updates = [data for kind, data in bar.comm.sent if data and data.get("method") == "update"]
    assert updates[-1]["state"]["told"]["state"] == "done"


def test_a_failure_is_its_end_and_the_error_goes_on(shown):
    def fail():
        with Progress("start") as work:
            work.begin("one")
            raise OSError("no")

    with pytest.raises(OSError, match="no"):
        fail()
    assert (shown[0].told["state"], shown[0].told["words"]) == ("failed", "one")


def test_what_is_stored_is_the_same_however_far_it_is(recorded):
    bar = ProgressBar(title="start cluster a")
    before, _ = bar._repr_mimebundle_()
    work = Progress(bar.title, display=Lines(lambda _: None))
    work.finish("one")
    bar.show(work)
    after, _ = bar._repr_mimebundle_()
    assert before["text/plain"] == after["text/plain"] == "start cluster a"
    assert before["image/svg+xml"] == after["image/svg+xml"]


def test_work_that_has_nothing_to_show_shows_no_bar_and_still_speaks(shown, capsys):
    with Progress("start") as work:
        work("it runs already")
        assert shown == []
        work.begin("one")
        assert [each.title for each in shown] == ["start"]
    assert capsys.readouterr().out == "it runs already\n"


def test_elsewhere_there_are_no_bars(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert in_notebook(Progress("start")) is None

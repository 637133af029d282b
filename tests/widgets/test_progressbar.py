"""ProgressBar, kernel side."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from kubelearn.progress import Progress
from kubelearn.widgets.progressbar import ProgressBar, in_notebook


@pytest.fixture
def bar(recorded):
    return ProgressBar(title="start cluster a")


def test_the_view_is_told_the_step_the_time_and_what_comes_next(bar):
    with Progress(bar.title, display=bar) as work:
        work.plan("one", "two", "three")
        work.finish("one", "here")
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


def test_a_failure_is_its_end_and_the_error_goes_on(bar):
    def fail():
        with Progress(bar.title, display=bar) as work:
            work.begin("one")
            raise OSError("no")

    with pytest.raises(OSError, match="no"):
        fail()
    assert bar.told["state"] == "failed"
    assert bar.told["words"] == "one"


def test_what_is_stored_is_the_same_however_far_it_is(bar):
    before, _ = bar._repr_mimebundle_()
    with Progress(bar.title, display=bar) as work:
        work.finish("one")
    after, _ = bar._repr_mimebundle_()
    assert before["text/plain"] == after["text/plain"] == "start cluster a"
    assert before["image/svg+xml"] == after["image/svg+xml"]


def test_only_a_notebook_has_bars_and_only_for_work_that_tells_something(recorded, monkeypatch):
    shown = []
    work = Progress("start")
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert in_notebook(work) is None
    shell = SimpleNamespace(kernel=object())
    ipython = SimpleNamespace(get_ipython=lambda: shell, display=None)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    displayed = SimpleNamespace(display=lambda bar, metadata: shown.append(bar))
    monkeypatch.setitem(sys.modules, "IPython.display", displayed)
    with work:
        assert shown == []
        work.begin("one")
        assert [each.title for each in shown] == ["start"]

"""ProgressBar in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.progressbar import ProgressBar

TOLD = {
    "state": "running",
    "words": "nodes (3 of 4)",
    "next": "last",
    "total": 4,
    "elapsed": 7,
    "steps": [{"name": "state", "result": "here"}, {"name": "store", "result": "no objects"}],
}


@pytest.fixture
def open_bar(open_view):
    def open_(**told):
        state = {"title": "start cluster a", "told": {**TOLD, **told}}
        return open_view(ProgressBar, state, clock=True)

    return open_


def bar(view):
    return view('[role="progressbar"]')


def test_it_shows_the_step_the_time_and_what_comes_next(open_bar):
    view = open_bar()
    assert view(".kl-words").inner_text() == "nodes (3 of 4)"
    assert view(".kl-elapsed").inner_text() == "7 s"
    assert view(".kl-next").inner_text() == "next: last"
    told = [bar(view).get_attribute(f"aria-value{name}") for name in ("now", "max", "text")]
    assert told == ["2", "4", "nodes (3 of 4)"]
    assert view(".kl-fill").get_attribute("style") == "width: 50%;"
    view("summary").click()
    assert view(".kl-steps li").all_inner_texts()[1].split("\n")[-1] == "no objects"


def test_without_a_number_of_steps_it_only_moves(open_bar):
    view = open_bar(total=0, steps=[], words="Available=False")
    assert view(".kl-unknown").count() == 1
    assert bar(view).get_attribute("aria-valuenow") is None


@pytest.mark.parametrize(
    ("state", "words"), [("done", "done"), ("failed", "failed at: nodes"), ("stopped", "stopped")]
)
def test_the_end_is_said_whatever_it_is(open_bar, state, words):
    view = open_bar(state=state, words="" if state == "stopped" else "nodes")
    assert view(".kl-words").inner_text() == words
    assert view(".kl-spoken").inner_text() == f"start cluster a: {words}"
    assert not view(".kl-next").is_visible()


def test_a_kernel_that_says_nothing_any_more_is_noticed(open_bar):
    view = open_bar()
    view.page.clock.run_for(10_000)
    assert "no sign of life" in view(".kl-words").inner_text()


def test_a_bar_that_has_ended_waits_for_nobody(open_bar):
    view = open_bar(state="done")
    view.page.clock.run_for(10_000)
    assert view(".kl-words").inner_text() == "done"


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(open_bar, dark):
    view = open_bar()
    view.check_accessible(dark=dark)

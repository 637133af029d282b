"""Predict in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.predict import Predict

STATE = {
    "word": "Predict",
    "kind": "one",
    "question": "How many pods are there for a moment?",
    "options": ["two", "three", "four"],
    "why": [],
    "right": [2],
    "unit": "",
    "solution": "",
    "explain": "One is still leaving.",
    "given": None,
    "compared": False,
    "verdict": None,
}


@pytest.fixture
def view(open_view):
    return open_view(Predict, dict(STATE))


def test_a_choice_is_saved_once_and_stays(view):
    assert not view(".kl-compare").is_visible()
    view(".kl-choice").nth(1).click()
    view(".kl-choice").nth(2).click(force=True)
    assert view.page.evaluate("window.saved") == {"given": [1]}
    assert view.page.evaluate("window.saves") == 1
    assert view('.kl-choice[aria-pressed="true"]').inner_text().split() == ["b", "three"]
    assert "run the next cell" in view(".kl-news").inner_text()


def test_the_answer_is_shown_only_when_the_learner_compares(view):
    view(".kl-choice").nth(1).click()
    assert view(".kl-right").count() == 0
    view(".kl-compare").click()
    assert view(".kl-right").inner_text().split() == ["c", "four", "the", "answer"]
    assert view(".kl-wrong").inner_text().split() == ["b", "three", "your", "choice"]
    assert view(".kl-news").inner_text() == "One is still leaving."


def test_a_page_that_is_loaded_again_still_knows_the_choice(open_view):
    view = open_view(Predict, {**STATE, "given": [0]})
    assert view('.kl-choice[aria-pressed="true"]').count() == 1
    view(".kl-choice").nth(1).click(force=True)
    assert view.page.evaluate("window.saves") == 0


def test_without_an_answer_there_is_nothing_to_compare(open_view):
    view = open_view(Predict, {**STATE, "right": [], "explain": ""})
    view(".kl-choice").first.click()
    assert not view(".kl-compare").is_visible()


def test_what_stands_between_backticks_is_code(open_view):
    asked = {"question": "Is `a<b>` in `etcd`?", "explain": "No: `<i>` is."}
    view = open_view(Predict, {**STATE, **asked})
    assert view(".kl-question").inner_text() == "Is a<b> in etcd?"
    assert view(".kl-question code").all_inner_texts() == ["a<b>", "etcd"]
    view(".kl-choice").first.click()
    view(".kl-compare").click()
    assert view(".kl-news code").all_inner_texts() == ["<i>"]


def test_the_keyboard_chooses(view):
    view(".kl-choice").first.focus()
    view.page.keyboard.press("Tab")
    view.page.keyboard.press("Enter")
    assert view.page.evaluate("window.saved") == {"given": [1]}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(view, theme):
    view.page.evaluate("theme => document.body.classList.add(theme)", theme)
    view(".kl-choice").nth(1).click()
    view(".kl-compare").click()
    view.check_accessible()

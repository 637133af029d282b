"""Quiz in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.quiz import Quiz

STATE = {
    "word": "Quiz",
    "kind": "several",
    "question": "What keeps objects?",
    "options": ["etcd", "kubelet", "DNS"],
    "why": ["The API server stores them there.", "It runs on nodes.", ""],
    "right": [0, 2],
    "unit": "",
    "solution": "",
    "explain": "So it is.",
    "given": None,
    "compared": False,
    "verdict": None,
}
NUMBER = {"kind": "number", "options": [], "why": [], "right": [], "solution": "30", "unit": "s"}


@pytest.fixture
def open_quiz(open_view):
    return lambda **more: open_view(Quiz, {**STATE, **more})


def saved(view):
    return view.page.evaluate("window.saved")


def test_several_options_can_be_chosen_and_taken_back_before_one_commits(open_quiz):
    view = open_quiz()
    assert view(".kl-commit").is_disabled()
    for i in (0, 1, 1, 2):
        view(".kl-choice").nth(i).click()
    assert saved(view) == {}
    view(".kl-commit").click()
    assert saved(view) == {"given": [0, 2]}
    assert view(".kl-compare").evaluate("e => e === document.activeElement")
    view(".kl-choice").nth(1).click(force=True)
    assert view('.kl-choice[aria-pressed="true"]').count() == 2


def test_every_option_says_why_when_one_compares(open_quiz):
    view = open_quiz(given=[0, 1], verdict=False)
    assert view(".kl-why").all_inner_texts() == ["", "", ""]
    view(".kl-compare").click()
    assert view(".kl-why").first.inner_text() == "The API server stores them there."
    assert view(".kl-verdict").all_inner_texts() == ["right", "not right", "right too"]
    assert view(".kl-news").inner_text() == "Not all right. So it is."
    assert saved(view) == {"compared": True}


def test_a_number_is_committed_with_enter_and_a_comma_will_do(open_quiz):
    view = open_quiz(**NUMBER)
    view(".kl-answer").fill("many")
    assert view(".kl-news").inner_text() == "That is not a number yet."
    assert view(".kl-commit").is_disabled()
    view(".kl-answer").fill("28,5")
    view(".kl-answer").press("Enter")
    assert saved(view) == {"given": 28.5}
    assert view(".kl-answer").evaluate("e => e.readOnly")


def test_the_solution_is_shown_only_when_one_compares(open_quiz):
    view = open_quiz(**NUMBER, given=5, verdict=False)
    assert "30" not in view(".kl-root").inner_text()
    view(".kl-compare").click()
    assert view(".kl-news").inner_text() == "Not right. The answer is 30 s. So it is."
    right = open_quiz(**NUMBER, given=30, verdict=True, compared=True)
    assert right(".kl-news").inner_text() == "Right. So it is."


def test_what_was_answered_is_there_again_when_it_is_displayed_again(open_quiz):
    view = open_quiz(given=[0, 2], verdict=True, compared=True)
    assert view('.kl-choice[aria-pressed="true"]').count() == 2
    assert view(".kl-news").inner_text() == "Right. So it is."
    assert not view(".kl-compare").is_visible()


def test_two_views_of_one_quiz_share_the_answer(open_quiz):
    view = open_quiz(kind="text", options=[], why=[], right=[], solution="etcd")
    view.page.evaluate("window.open()")
    view(".kl-answer").first.fill("etcd")
    view(".kl-answer").first.press("Enter")
    view.page.evaluate("window.change('given')")
    assert view(".kl-answer").nth(1).input_value() == "etcd"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("more", [{"given": [0, 1], "compared": True, "verdict": False}, NUMBER])
def test_axe_finds_nothing_to_complain_about(open_quiz, theme, more):
    view = open_quiz(**more)
    view.page.evaluate("theme => document.body.classList.add(theme)", theme)
    view.check_accessible()


def test_nothing_sticks_out_at_600_pixels(open_view):
    view = open_view(Quiz, dict(STATE), viewport={"width": 600, "height": 800})
    view.check_width()

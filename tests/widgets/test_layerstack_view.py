"""LayerStack in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.diagrams.layerstack import LOOKS
from kubelearn.widgets.layerstack import LayerStack


def rows(*states):
    texts = ["FROM python:3.12-slim", "COPY app.py .", 'CMD ["python", "app.py"]']
    return [
        {"number": n, "text": text, "state": state, "size": size, "shown": f"{size} B", "why": "so"}
        for n, (text, state, size) in enumerate(zip(texts, states, [1000, 10, -1], strict=True), 1)
    ]  # fmt: skip


@pytest.fixture
def state():
    return {
        "name": "portal:1.0",
        "rows": rows("cached", "done", "done"),
        "looks": LOOKS,
        "ask": True,
        "marked": [],
        "outcome": [],
    }


@pytest.fixture
def view(open_view, state):
    return open_view(LayerStack, state)


def test_the_top_layer_comes_first_and_settings_are_flat(view):
    assert view(".kl-layer code").all_inner_texts()[-1] == "FROM python:3.12-slim"
    assert view(".kl-flat").count() == 1
    assert view(".kl-words").all_inner_texts() == ["made anew", "made anew", "from the cache"]


def test_marks_are_set_and_taken_back_by_keyboard(view):
    view(".kl-mark >> nth=1").focus()
    view.page.keyboard.press("Space")
    assert view.page.evaluate("window.saved.marked") == [2]
    assert view(".kl-mark >> nth=1").get_attribute("aria-pressed") == "true"
    view.page.keyboard.press("Enter")
    assert view.page.evaluate("window.saved.marked") == []
    assert "0 marked" in view(".kl-news").inner_text()


def test_after_the_build_each_step_says_whether_the_guess_was_right(open_view, state):
    state |= {"marked": [2], "outcome": rows("cached", "done", "done")}
    view = open_view(LayerStack, state)
    verdicts = view(".kl-again b").all_inner_texts()
    assert verdicts == ["✗ not as you said", "✓ as you said", "✓ as you said"]
    assert view(".kl-news").inner_text() == "2 of 3 as you said."
    view(".kl-mark >> nth=0").click(force=True)
    assert view.page.evaluate("window.saves") == 0


def test_without_a_question_there_is_nothing_to_mark(open_view, state):
    view = open_view(LayerStack, {**state, "ask": False})
    assert view(".kl-mark").count() == 0
    assert view(".kl-news").is_hidden()


@pytest.mark.parametrize("width", [320, 600, 1200])
def test_nothing_sticks_out_at_any_width(open_view, state, width):
    view = open_view(LayerStack, state, viewport={"width": width, "height": 900})
    view.check_width()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(open_view, state, theme):
    state |= {"marked": [2], "outcome": rows("cached", "done", "done")}
    view = open_view(LayerStack, state)
    view.page.evaluate("theme => document.body.classList.add(theme)", theme)
    view.check_accessible()

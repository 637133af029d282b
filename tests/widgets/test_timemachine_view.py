"""TimeMachine in a browser, without Jupyter: travelling, playing, comparing."""

from __future__ import annotations

import pytest

from kubelearn.widgets.timemachine import TimeMachine


@pytest.fixture
def state(watches, cluster):
    return {"snapshot": TimeMachine(cluster).document.snapshot()}


@pytest.fixture
def first(state):
    (moment,) = state["snapshot"]["sections"]["moments"].values()
    return moment


@pytest.fixture
def view(open_view, state, first):
    """With three more moments: a pod terminates, is gone, and another one comes."""
    view = open_view(TimeMachine, state, clock=True)
    key, row = next(iter(first["pods"].items()))
    going = {**row, "phase": "Terminating", "word": "Terminating"}
    coming = {**row, "name": "web-new", "phase": "Pending", "node": ""}
    changes = [{key: going}, {key: None}, {"demo/web-new": coming}]
    for i, pods in enumerate(changes, start=1):
        tell(view, first, i, pods=pods)
    return view


def tell(view, first, i, **rows):
    moment = {**first, "nodes": {}, "pods": {}, **rows, "words": [f"change {i}"]}
    moment |= {"number": first["number"] + i, "at": first["at"] + i * 500}
    view.diff(moments={str(moment["number"]): moment})


def press(view, name):
    view.page.get_by_role("button", name=name, exact=True).click()


def phases(view):
    return sorted(view(".kl-pod").evaluate_all("pods => pods.map((pod) => pod.dataset.phase)"))


def test_it_follows_the_present_until_somebody_travels(view):
    assert phases(view) == ["Pending", "Running", "Running"]
    assert "4 of 4" in view(".kl-clock").inner_text()
    assert view(".kl-words-list").inner_text() == "change 3"


def test_the_slider_goes_back_and_the_present_does_not_pull_it_away(view, first):
    view(".kl-slider").focus()
    for _ in range(2):
        view.page.keyboard.press("ArrowLeft")
    assert phases(view) == ["Running", "Running", "Terminating"]
    tell(view, first, 4)
    assert "2 of 5" in view(".kl-clock").inner_text()
    press(view, "Now")
    assert "5 of 5" in view(".kl-clock").inner_text()


def test_buttons_step_through_the_moments(view):
    press(view, "Start")
    assert phases(view) == ["Running"] * 3
    assert view(".kl-words-list").inner_text() == "The recording begins."
    press(view, "Next")
    assert phases(view) == ["Running", "Running", "Terminating"]
    press(view, "Back")
    assert phases(view) == ["Running"] * 3


def test_playing_goes_to_the_present_in_its_own_time(view):
    press(view, "Start")
    press(view, "▶ Play")
    view.page.clock.run_for(600)
    assert "2 of 4" in view(".kl-clock").inner_text()
    view.page.clock.run_for(2_000)
    assert "4 of 4" in view(".kl-clock").inner_text()
    assert view(".kl-play").inner_text() == "▶ Play"


def test_two_moments_can_be_compared(view, first):
    assert view(".kl-compare").is_disabled()
    press(view, "Start")
    press(view, "Mark this moment")
    press(view, "Now")
    press(view, "Compare with the mark")
    arguments = {"from": first["number"], "to": first["number"] + 3}
    assert view.sent == [{"type": "action", "name": "compare", "arguments": arguments}]
    lines = [["@", ""], [" ", "status:"], ["-", "  phase: Running"], ["+", "  phase: Failed"]]
    objects = [{"title": "Pod demo/web", "lines": lines}]
    view.diff(difference={"shown": {**arguments, "objects": objects, "left": 0}})
    assert "1 object differs" in view(".kl-differences .kl-span").inner_text()
    assert view('.kl-line[data-mark="+"]').text_content() == "+added:   phase: Failed"


def test_a_moment_that_was_thinned_out_is_part_of_the_next(view, first):
    press(view, "Start")
    press(view, "Next")
    view.diff(moments={str(first["number"] + 1): None})
    assert "2 of 3" in view(".kl-clock").inner_text()


def test_pods_of_the_past_cannot_be_clicked_away(view):
    press(view, "Start")
    view(".kl-pod").first.click()
    assert view.sent == []


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
    lines = [["-", "a: 1"], ["+", "a: 2"]]
    shown = {"from": 1, "to": 2, "objects": [{"title": "Pod demo/web", "lines": lines}], "left": 0}
    view.diff(difference={"shown": shown})
    press(view, "Back")
    view.check_accessible()


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(TimeMachine, state, viewport={"width": 600, "height": 800})
    view.check_width()

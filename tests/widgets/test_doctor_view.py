"""Doctor in a browser, without Jupyter."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from kubelearn.clusters.doctor import Check
from kubelearn.widgets.doctor import Doctor

CHECKS = [
    Check("Python", "good", "3.12"),
    Check("dot", "missing", "not found", "Graphs look simpler.", "apt-get install graphviz"),
    Check("disk", "bad", "3 MB free", "A full disk fails.", "rm something"),
]


@pytest.fixture
def state(watches):
    return {"snapshot": Doctor(examine=lambda: CHECKS).document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(Doctor, state)


def test_each_check_has_a_mark_its_meaning_and_what_to_type_next(view):
    assert view(".kl-check b").all_inner_texts() == ["Python", "dot", "disk"]
    assert view(".kl-check .kl-unseen").all_text_contents() == ["good: ", "missing: ", "bad: "]
    assert view(".kl-next-step code").all_inner_texts() == [
        "apt-get install graphviz",
        "rm something",
    ]
    assert view(".kl-outcome").inner_text() == "Must be mended first: disk."
    assert view(".kl-chip").all_inner_texts() == ["1\ngood", "1\nmissing", "1\nbad"]


def test_one_can_look_again_and_sees_when_that_is_done(view):
    view(".kl-again").click()
    assert view.sent == [{"type": "action", "name": "look", "arguments": {}}]
    assert view(".kl-again").is_disabled()
    mended = {**asdict(CHECKS[2]), "state": "good"}
    view.diff(checks={"02": mended}, looked={"at": 4_000_000_000_000})
    assert view(".kl-again").is_enabled()
    assert view(".kl-outcome").inner_text() == "This machine can run the embedded cluster."


def test_only_what_is_not_good_can_be_shown(view):
    view.page.get_by_role("button", name="What is not good").click()
    assert view(".kl-check b").all_inner_texts() == ["dot", "disk"]


def test_a_line_can_be_copied_where_the_page_may(view):
    view(".kl-copy").first.click()
    view.page.wait_for_function(
        "document.querySelector('.kl-copy').textContent.match(/Copied|Copy by hand/)"
    )


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.check_accessible(dark=dark)


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(Doctor, state, viewport={"width": 600, "height": 800})
    view.check_width()

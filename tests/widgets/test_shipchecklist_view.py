"""ShipChecklist in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.diagrams.shipping import LOOKS, Order, Seen, steps
from kubelearn.widgets.shipchecklist import ShipChecklist

FILES = ("app.py", "Dockerfile", "k8s.yaml")
ORDER = Order(
    "shop", "demo", "shop:1.0", "docker.io/library/shop:1.0", "shop", FILES, "build", "load"
)
HALF = Seen(files=dict.fromkeys(FILES, True), built=True)


def rows(seen=HALF):
    return {row["key"]: row for row in steps(ORDER, seen)}


@pytest.fixture
def state():
    sections = {
        "facts": {"name": "shop", "namespace": "demo", "looks": LOOKS},
        "connection": {"reason": None},
        "trace": {},
        "steps": rows(),
    }
    return {"snapshot": {"rev": 0, "sections": sections}}


@pytest.fixture
def view(open_view, state):
    return open_view(ShipChecklist, state)


def step(view, key):
    place = list(rows()).index(key)
    return view(f".kl-step >> nth={place}")


def test_every_step_says_its_state_in_words_and_what_was_seen(view):
    assert view(".kl-step").count() == 7
    assert view(".kl-state").all_inner_texts() == ["done", "done", "next", *["not yet"] * 4]
    assert "app.py, Dockerfile, k8s.yaml" in step(view, "folder").inner_text()
    assert view(".kl-chip").inner_text() == "2 of 7 steps done"


def test_the_step_that_is_next_is_open_and_names_its_command(view):
    assert step(view, "cluster").locator(".kl-command").is_visible()
    assert step(view, "image").locator(".kl-command").is_hidden()


def test_a_step_opens_and_closes_by_keyboard_and_stays_so(view):
    head = step(view, "image").locator(".kl-step-head")
    head.focus()
    view.page.keyboard.press("Enter")
    assert head.get_attribute("aria-expanded") == "true"
    view.diff(steps={"cluster": {**rows()["cluster"], "seen": "1 of 3 nodes ready"}})
    assert head.get_attribute("aria-expanded") == "true"
    view.page.keyboard.press("Space")
    assert step(view, "image").locator(".kl-more").is_hidden()
    assert view.page.evaluate("document.activeElement.className") == "kl-step-head"


def test_a_tick_moves_on_to_the_next_step(view):
    view.diff(
        steps={
            "cluster": {**rows()["cluster"], "state": "done"},
            "nodes": {**rows()["nodes"], "state": "next"},
        }
    )
    assert step(view, "cluster").get_attribute("data-state") == "done"
    assert step(view, "nodes").locator(".kl-command").is_visible()
    assert step(view, "cluster").locator(".kl-command").is_hidden()


def test_a_failure_stands_out(view):
    view.diff(steps={"pods": {**rows()["pods"], "state": "failed", "seen": "2 ImagePullBackOff"}})
    assert step(view, "pods").locator(".kl-state").inner_text() == "fails"
    assert "ImagePullBackOff" in step(view, "pods").inner_text()


@pytest.mark.parametrize("width", [320, 600, 1200])
def test_nothing_sticks_out_at_any_width(open_view, state, width):
    view = open_view(ShipChecklist, state, viewport={"width": width, "height": 900})
    view.check_width()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(view, theme):
    view.page.evaluate("theme => document.body.classList.add(theme)", theme)
    view.check_accessible()

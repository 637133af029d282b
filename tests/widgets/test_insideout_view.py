"""InsideOut in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.containers.handmade import KINDS
from kubelearn.diagrams.insideout import LOOKS
from kubelearn.widgets.insideout import InsideOut


def row(kind, state="own", **changes):
    return {
        "kind": kind,
        "isolates": KINDS[kind].isolates,
        "state": state,
        "host_id": 4026531838,
        "inside_id": 4026532000,
        "host": ["laptop"],
        "inside": ["box"],
        "refused": "Operation not permitted" if state == "refused" else "",
        **changes,
    }


@pytest.fixture
def state():
    rows = {kind: row(kind) for kind in KINDS}
    rows["mnt"] = row("mnt", "shared", inside=["etc/ proc/ " * 30])
    rows["user"] = row("user", "refused")
    sections = {
        "facts": {"name": "box", "kinds": list(KINDS), "looks": LOOKS},
        "connection": {"reason": None},
        "trace": {},
        "namespaces": rows,
        "container": {"pid": 4711},
    }
    return {"snapshot": {"rev": 0, "sections": sections}}


@pytest.fixture
def view(open_view, state):
    return open_view(InsideOut, state)


def test_each_kind_has_a_line_with_both_answers(view):
    assert view(".kl-row").count() == len(KINDS)
    first = view(".kl-row").first
    assert "laptop" in first.locator(".kl-host").inner_text()
    assert "box" in first.locator(".kl-inside").inner_text()
    assert view(".kl-state").inner_text() == "Its first process is number 4711 of this machine."
    assert view(".kl-chip").all_inner_texts() == ["5 of its own", "2 the machine's"]


def test_a_switch_asks_for_the_opposite_of_what_is(view):
    view(".kl-switch >> nth=0").click()
    view(".kl-switch >> nth=2").click()
    assert [m["arguments"] for m in view.sent] == [
        {"kind": "uts", "on": False},
        {"kind": "mnt", "on": True},
    ]


def test_the_keyboard_reaches_every_switch_and_presses_it(view):
    view(".kl-switch >> nth=0").focus()
    view.page.keyboard.press("Tab")
    view.page.keyboard.press("Space")
    assert view.sent[0]["arguments"] == {"kind": "pid", "on": False}


def test_what_cannot_be_had_is_disabled_and_says_why(view):
    refused = view('.kl-row[data-state="refused"]')
    assert refused.locator(".kl-switch").is_disabled()
    assert "Operation not permitted" in refused.inner_text()


def test_a_change_keeps_the_focus_and_moves_the_switch(view):
    view(".kl-switch >> nth=0").focus()
    view.diff(namespaces={"uts": row("uts", "shared", inside=["laptop"], inside_id=4026531838)})
    assert view(".kl-switch >> nth=0").get_attribute("aria-checked") == "false"
    assert view.page.evaluate("document.activeElement.className") == "kl-switch"
    assert view(".kl-row .kl-inside").first.inner_text().startswith("laptop")


def test_a_container_that_has_ended_offers_a_start(view):
    assert view(".kl-again").is_hidden()
    view.diff(container={"pid": 0}, namespaces={"uts": row("uts", inside=[], inside_id=0)})
    assert "nothing" in view(".kl-row .kl-inside").first.inner_text()
    view(".kl-again").click()
    assert view.sent[0]["name"] == "start"


@pytest.mark.parametrize("width", [320, 600, 1200])
def test_nothing_sticks_out_at_any_width(open_view, state, width):
    view = open_view(InsideOut, state, viewport={"width": width, "height": 900})
    view.check_width()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(view, theme):
    view.page.evaluate("theme => document.body.classList.add(theme)", theme)
    view.check_accessible()

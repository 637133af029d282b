"""ControlPlaneSwitches in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.controlplaneswitches import ControlPlaneSwitches


@pytest.fixture
def state(watches, cluster):
    return {"snapshot": ControlPlaneSwitches(cluster).document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(ControlPlaneSwitches, state)


@pytest.fixture
def rows(state):
    return state["snapshot"]["sections"]["components"]


def stop(view, rows, name):
    view.diff(components={name: {**rows[name], "state": "stopped", "look": "stopped"}})


def test_the_control_plane_comes_first_in_the_order_of_dependence(view):
    names = view(".kl-component strong").all_inner_texts()
    assert names[:4] == ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]
    assert view(".kl-chip").inner_text() == "all 7 run"


def test_the_keyboard_flips_a_switch(view):
    view.page.get_by_role("switch", name="kube-scheduler").focus()
    view.page.keyboard.press("Space")
    name = {"name": "kube-scheduler"}
    assert view.sent == [{"type": "action", "name": "stop", "arguments": name}]


def test_a_stopped_component_tells_what_is_missing_and_can_be_started(view, rows):
    stop(view, rows, "kube-scheduler")
    switch = view.page.get_by_role("switch", name="kube-scheduler")
    assert switch.get_attribute("aria-checked") == "false"
    assert "Without it: new pods stay Pending." in view(".kl-purpose").all_inner_texts()
    assert view(".kl-chip").inner_text() == "1 of 7 do not run"
    switch.click()
    assert view.sent[-1]["name"] == "start"


def test_a_switch_keeps_the_focus_when_its_component_changes(view, rows):
    view.page.get_by_role("switch", name="etcd").focus()
    stop(view, rows, "etcd")
    assert view.page.evaluate("document.activeElement.getAttribute('aria-label')") == "etcd"


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, rows, dark):
    view.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
    stop(view, rows, "etcd")
    view.check_accessible()


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(ControlPlaneSwitches, state, viewport={"width": 600, "height": 800})
    view.check_width()

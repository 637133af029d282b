"""EtcdBrowser in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.etcdbrowser import EtcdBrowser

WEB = "/registry/deployments/demo/web"


@pytest.fixture
def state(watches, cluster):
    browser = EtcdBrowser(cluster)
    browser.act("select", {"key": WEB})
    return {"snapshot": browser.document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(EtcdBrowser, state, clock=True)


@pytest.fixture
def shown(state):
    return state["snapshot"]["sections"]["selected"]["shown"]


def keys(view):
    return view(".kl-key-name").all_inner_texts()


def test_keys_are_listed_in_order_and_can_be_filtered(view, state):
    assert len(keys(view)) == len(state["snapshot"]["sections"]["keys"])
    assert keys(view) == sorted(keys(view))
    view(".kl-filter").fill("pods/")
    assert all(key.startswith("pods/demo/") for key in keys(view))
    assert len(keys(view)) == 3


def test_a_key_is_chosen_with_the_keyboard(view):
    view(".kl-key").first.focus()
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("Enter")
    (sent,) = view.sent
    assert sent["name"] == "select"
    assert sent["arguments"]["key"] == view(".kl-key").nth(1).get_attribute("title")


def test_the_value_is_shown_with_its_revisions_and_the_command_that_reads_it(view, shown):
    assert "kind: Deployment" in view(".kl-whole").inner_text()
    assert f"changed in {shown['row']['mod']}" in view(".kl-facts").first.inner_text()
    assert view(".kl-value code").inner_text() == f"etcdctl get {WEB} -w json"
    assert view('.kl-key[aria-pressed="true"]').get_attribute("title") == WEB


def test_one_can_step_back_and_return(view, shown):
    view(".kl-older").click()
    back = {"key": WEB, "revision": shown["before"]}
    assert view.sent == [{"type": "action", "name": "select", "arguments": back}]
    view.diff(selected={"shown": {**shown, "past": shown["before"]}})
    assert f"--rev={shown['before']}" in view(".kl-value code").inner_text()
    view(".kl-now").click()
    assert view.sent[-1]["arguments"] == {"key": WEB, "revision": 0}


def test_changes_come_in_at_the_top(view):
    for number in ("9", "10"):
        event = {"type": "PUT", "key": f"/registry/k{number}", "revision": 100, "version": 1}
        view.diff(events={number: {**event, "at": 0}})
    lines = view.page.get_by_role("group", name="Changes", exact=True).locator("tbody tr")
    assert [text.split("\t")[-1] for text in lines.all_inner_texts()] == [
        "/registry/k10",
        "/registry/k9",
    ]


def test_the_past_is_forgotten_only_after_a_second_click(view):
    view(".kl-compact").click()
    assert view.sent == []
    view.page.clock.run_for(5_000)
    assert view(".kl-compact").inner_text() == "Forget the past (compact)"
    view(".kl-compact").click()
    view(".kl-compact").click()
    assert [message["name"] for message in view.sent] == ["compact"]


def test_a_note_stands_where_there_is_no_value(view, shown):
    view.diff(selected={"shown": {**shown, "row": None, "note": "There is no such key."}})
    assert view(".kl-value .kl-bad").inner_text() == "There is no such key."


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.check_accessible(dark=dark)


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(EtcdBrowser, state, viewport={"width": 600, "height": 800})
    view.check_width()

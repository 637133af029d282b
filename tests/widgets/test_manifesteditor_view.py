"""ManifestEditor in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.manifesteditor import ManifestEditor
from kubelearn.widgets.manifesttemplates import TEMPLATES

TEXT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: demo}
spec:
  replicas: 5
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
"""


@pytest.fixture
def state(watches, cluster):
    return {"snapshot": ManifestEditor(cluster, TEXT, "demo").document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(ManifestEditor, state, clock=True)


def checked(view, turn, problem=None, **rows):
    view.diff(checked={"text": {"turn": turn, "problem": problem}}, **rows)


def lines(view):
    return view(".kl-gutter div").all_inner_texts()


def test_problems_are_marked_at_their_lines_and_lead_there(view):
    assert lines(view)[4] == "✘ 5"
    assert view(".kl-paint .kl-wrong").inner_text().rstrip("\n") == "  replicas: 5"
    assert view(".kl-text").get_attribute("aria-invalid") == "true"
    assert 'conflict with "autoscaler"' in view(".kl-problems li").inner_text()
    view(".kl-line-link").click()
    where = view(".kl-text").evaluate("e => [e === document.activeElement, e.selectionStart]")
    assert where == [True, len("\n".join(TEXT.splitlines()[:5]))]


def test_typing_asks_the_server_only_when_it_pauses(view):
    view(".kl-text").focus()
    view.page.keyboard.press("Control+End")
    view.page.keyboard.type("# a")
    view.page.clock.run_for(300)
    view.page.keyboard.type("b")
    view.page.clock.run_for(400)
    assert view.sent == []
    assert view(".kl-apply").is_disabled()
    assert "when you pause" in view(".kl-told").inner_text()
    view.page.clock.run_for(200)
    (sent,) = view.sent
    assert (sent["name"], sent["arguments"]["text"]) == ("check", f"{TEXT}# ab")
    checked(view, sent["arguments"]["turn"])
    assert view(".kl-apply").is_enabled()


def test_apply_sends_the_text_and_force_is_offered_on_a_conflict_only(view, state):
    view(".kl-apply").click()
    assert view.sent[-1]["name"] == "apply"
    assert view.sent[-1]["arguments"]["force"] is False
    assert view(".kl-apply").is_disabled()
    checked(view, 1)
    view(".kl-force").click()
    assert view.sent[-1]["arguments"]["force"] is True
    rows = state["snapshot"]["sections"]["objects"]
    fine = {**rows["0"], "state": "changed", "problems": []}
    checked(view, 2, objects={"0": fine})
    assert not view(".kl-force").is_visible()
    assert view(".kl-told").inner_text() == "1 would be created, 1 would be changed"


def test_the_keyboard_indents_applies_and_leaves(view):
    area = view(".kl-text")
    area.focus()
    view.page.keyboard.press("Control+Home")
    view.page.keyboard.press("Tab")
    assert area.input_value().startswith("  apiVersion")
    view.page.keyboard.press("Shift+Tab")
    assert area.input_value() == TEXT
    view.page.keyboard.press("Control+z")
    assert area.input_value().startswith("  apiVersion")
    view.page.keyboard.press("Control+z")
    view.page.keyboard.press("Escape")
    view.page.keyboard.press("Tab")
    assert area.evaluate("e => e !== document.activeElement")
    area.focus()
    view.page.clock.run_for(600)
    checked(view, view.sent[-1]["arguments"]["turn"])
    view.page.keyboard.press("Control+Enter")
    assert view.sent[-1]["name"] == "apply"


def test_a_new_line_is_indented_like_yaml(view):
    area = view(".kl-text")
    area.fill("")
    view.page.keyboard.type("spec:\ncontainers:\n- name: a\nimage: b")
    assert area.input_value() == "spec:\n  containers:\n    - name: a\n    image: b"


def test_a_template_goes_to_the_end_and_can_be_undone(view):
    view(".kl-select").select_option("Job")
    view(".kl-insert").click()
    assert view(".kl-text").input_value() == f"{TEXT}---\n{TEMPLATES['Job']}"
    view.page.keyboard.press("Control+z")
    assert view(".kl-text").input_value() == TEXT


def test_text_that_is_no_yaml_cannot_be_applied(view):
    problem = {"line": 2, "field": "", "message": "the manifest is not valid YAML"}
    checked(view, 0, problem, objects={"0": None, "1": None})
    assert view(".kl-syntax").inner_text() == "the manifest is not valid YAML"
    assert view(".kl-apply").is_disabled()
    assert lines(view)[1] == "✘ 2"


def test_two_views_show_the_same_text_but_none_is_overwritten_while_one_types(view):
    view.page.evaluate("window.open()")
    one, two = view(".kl-text").first, view(".kl-text").nth(1)
    one.fill("kind: Pod")
    view.page.clock.run_for(600)
    sent = view.sent[-1]["arguments"]
    view.diff(text={"now": {"text": sent["text"], "turn": sent["turn"], "page": sent["page"]}})
    assert two.input_value() == "kind: Pod"
    two.fill("kind: Job")
    view.diff(text={"now": {"text": "kind: Pod", "turn": 1, "page": sent["page"]}})
    assert two.input_value() == "kind: Job"


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.check_accessible(dark=dark)


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(ManifestEditor, state, viewport={"width": 600, "height": 800})
    view.check_width()

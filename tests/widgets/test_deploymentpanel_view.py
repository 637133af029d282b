"""DeploymentPanel in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.deploymentpanel import DeploymentPanel

IMAGES = ["kubelearn/hello:1.0", "kubelearn/hello:2.0"]


@pytest.fixture
def panel(watches, cluster):
    made = DeploymentPanel(cluster, "web", "demo", images=IMAGES)
    for _ in range(3):
        made._report(made._traffic.ask())
    made._report({"code": 503, "text": "no endpoints", "ms": 2})
    return made


@pytest.fixture
def view(open_view, panel):
    return open_view(DeploymentPanel, {"snapshot": panel.document.snapshot()})


def test_the_controls_show_what_is(view):
    assert view(".kl-slider").input_value() == "3"
    assert view(".kl-number").inner_text() == "3"
    assert view('.kl-version[aria-pressed="true"]').inner_text() == "1.0"
    assert view(".kl-set").count() == 1
    assert "3 of 3 ready" in view(".kl-set").inner_text()
    assert view(".kl-set .kl-badge").count() == 3
    assert "successfully rolled out" in view(".kl-rollout").inner_text()


def test_a_slider_in_motion_sends_only_where_it_comes_to_rest(view):
    view(".kl-slider").focus()
    for _ in range(3):
        view.page.keyboard.press("ArrowRight")
    assert view(".kl-number").inner_text() == "6"
    view.page.wait_for_function("window.sent.some((message) => message.name === 'scale')")
    assert [m["arguments"] for m in view.sent] == [{"replicas": 6}]


def test_what_comes_in_does_not_pull_the_slider_out_of_the_hand(view, panel):
    view(".kl-slider").focus()
    view.page.keyboard.press("ArrowRight")
    row = panel.document.get("deployment", "web")
    view.diff(deployment={"web": {**row, "ready": 2}})
    assert view(".kl-slider").input_value() == "4"


def test_buttons_ship_kill_and_undo(view):
    view(".kl-version >> nth=1").click()
    view(".kl-kill").click()
    view(".kl-undo").click()
    assert [(m["name"], m["arguments"]) for m in view.sent] == [
        ("image", {"image": "kubelearn/hello:2.0"}),
        ("kill", {}),
        ("undo", {}),
    ]


def test_limits_of_a_rollout_are_typed_and_kept_while_one_types(view, panel):
    surge = view(".kl-limits .kl-input").first
    assert surge.input_value() == "25%"
    surge.fill("2")
    row = panel.document.get("deployment", "web")
    view.diff(deployment={"web": {**row, "ready": 2}})
    assert surge.input_value() == "2"
    surge.press("Enter")
    assert [(m["name"], m["arguments"]) for m in view.sent] == [
        ("limits", {"surge": "2", "unavailable": "25%"})
    ]
    view.diff(deployment={"web": {**row, "rolling": False}})
    assert surge.is_disabled()


def test_the_readiness_probe_is_switched_where_there_is_something_to_ask(view, panel):
    probe = view(".kl-probe")
    probe.click()
    row = panel.document.get("deployment", "web")
    view.diff(deployment={"web": {**row, "probed": True}})
    assert probe.get_attribute("aria-pressed") == "true"
    probe.click()
    assert [m["arguments"] for m in view.sent] == [{"on": True}, {"on": False}]
    view.diff(deployment={"web": {**row, "port": None}})
    assert probe.is_disabled()
    assert probe.get_attribute("title") == "the container names no port to ask"


def test_requests_are_started_and_stopped(view):
    view(".kl-requests").click()
    view.diff(traffic={"on": True})
    assert view(".kl-requests").inner_text() == "Stop requests"
    view(".kl-requests").click()
    assert [m["arguments"] for m in view.sent] == [{"on": True}, {"on": False}]


def test_who_answered_has_the_colour_of_its_version_and_a_failure_is_red(view):
    assert view(".kl-tally").inner_text() == "3 answered, 1 failed"
    assert view(".kl-strip i").count() == 4
    assert view(".kl-strip .kl-error").count() == 1
    stripe = view(".kl-set i").evaluate("element => element.style.background")
    assert view(".kl-strip i").first.evaluate("element => element.style.background") == stripe
    first = view(".kl-log li").first.inner_text()
    assert "503" in first
    assert "no endpoints" in first


def test_the_picture_over_time_stacks_ready_on_desired(view, panel):
    (name,) = panel.document.section("sets")
    now = view.page.evaluate("Date.now()")
    step = {"at": now - 10_000, "sets": {name: [5, 3]}}
    view.diff(history={"1": step})
    desired, ready = view(".kl-timeline path").all()
    assert desired.get_attribute("class") == "kl-pale"
    assert ready.get_attribute("d").startswith("M")
    assert view(".kl-timeline text").all_text_contents()[-2:] == ["30 s ago", "now"]


def test_a_deployment_that_is_gone_disables_its_controls(view):
    view.diff(deployment={"web": None}, sets=dict.fromkeys(["x"]))
    assert view(".kl-slider").is_disabled()
    assert view(".kl-kill").is_disabled()
    assert "There is no Deployment web" in view(".kl-rollout").inner_text()


def test_keys_do_not_reach_jupyterlabs_shortcuts(view):
    view.page.evaluate(
        "window.leaked = []; document.addEventListener('keydown', (e) => window.leaked.push(e.key))"
    )
    view(".kl-slider").focus()
    view.page.keyboard.press("b")
    assert view.page.evaluate("window.leaked") == []


@pytest.mark.parametrize("width", [320, 600, 1200])
def test_nothing_sticks_out_at_any_width(open_view, panel, width):
    state = {"snapshot": panel.document.snapshot()}
    view = open_view(DeploymentPanel, state, viewport={"width": width, "height": 900})
    view.check_width()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(view, theme):
    view.page.evaluate("theme => document.body.classList.add(theme)", theme)
    view.check_accessible()

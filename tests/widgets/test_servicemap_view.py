"""ServiceMap in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.servicemap import ServiceMap

FIELD = '.kl-input[aria-label="Value of app in the selector"]'


@pytest.fixture
def service(watches, cluster):
    shown = ServiceMap(cluster, "web", "demo")
    shown.ask(3)
    return shown


@pytest.fixture
def state(service):
    return {"snapshot": service.document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(ServiceMap, state)


@pytest.fixture
def rows(state):
    return state["snapshot"]["sections"]["pods"]


def other(row):
    """The same pod, if the selector asked for something else."""
    label = {"key": "app", "value": "web", "wanted": "wep", "match": "no"}
    reason = "has app=web; the selector asks for app=wep"
    return {**row, "state": "other", "reason": reason, "labels": [label]}


def test_the_service_its_pods_and_its_slices_are_shown(view, rows):
    assert "NodePort · 127.65.128.7" in view(".kl-service").inner_text()
    assert view(".kl-pod-line strong").all_inner_texts() == list(rows)
    assert view(".kl-label-yes").all_inner_texts() == ["app=web"] * 3
    assert view(".kl-way .kl-tip").count() == 3
    assert "3 of 3 ready" in view(".kl-slices").inner_text()
    assert view(".kl-chip").all_text_contents() == ["3 Endpoint"]


def test_a_pod_that_does_not_fit_says_which_label_it_is(view, rows):
    name = next(iter(rows))
    view.page.evaluate("window.line = document.querySelector('.kl-pod-line')")
    view.diff(pods={name: other(rows[name])})
    line = view(".kl-pod-line").first
    assert line.get_attribute("data-state") == "other"
    assert "the selector asks for app=wep" in line.inner_text()
    assert view(".kl-label-no").count() == 1
    assert view.page.evaluate("window.line.isConnected")


def test_the_selector_is_changed_by_typing(view):
    assert view(f"{FIELD} + .kl-set").is_disabled()
    view(FIELD).fill("wep")
    view(FIELD).press("Enter")
    assert view.sent == [
        {"type": "action", "name": "selector", "arguments": {"key": "app", "value": "wep"}}
    ]


def test_what_somebody_types_is_not_overwritten_by_news(view, state):
    row = state["snapshot"]["sections"]["service"]["row"]
    view(FIELD).fill("we")
    view.diff(service={"row": {**row, "type": "ClusterIP"}})
    assert view(FIELD).input_value() == "we"
    view.diff(service={"row": {**row, "selector": {"app": "api"}}})
    assert view(FIELD).input_value() == "we"
    view(FIELD).fill("api")
    view.diff(service={"row": {**row, "selector": {"app": "wep"}}})
    assert view(FIELD).input_value() == "wep"


def test_labels_are_added_and_removed(view):
    view(".kl-adder input").fill("tier=front")
    view(".kl-add").click()
    view(".kl-drop").click()
    assert [message["arguments"] for message in view.sent] == [
        {"key": "tier", "value": "front"},
        {"key": "app", "value": None},
    ]
    view(".kl-adder input").fill("nonsense")
    view(".kl-add").click()
    assert len(view.sent) == 2


def test_the_target_port_is_changed_and_all_is_put_back(view, state):
    view('.kl-input[aria-label="Target port of 80"]').fill("http")
    view('.kl-input[aria-label="Target port of 80"] + .kl-set').click()
    assert not view(".kl-heal").is_visible()
    row = state["snapshot"]["sections"]["service"]["row"]
    view.diff(service={"row": {**row, "changed": True}})
    view(".kl-heal").click()
    assert [(m["name"], m["arguments"]) for m in view.sent] == [
        ("target", {"port": 80, "target": "http"}),
        ("heal", {}),
    ]


def test_answers_are_counted_beside_their_pods(view, rows):
    first, second, third = rows
    view.diff(
        answers={first: 12, second: 6, third: None, "nobody": 2},
        asking={"last": {"code": 503, "text": "no endpoints", "ms": 3, "who": "nobody"}},
    )
    assert view(".kl-pod-line .kl-tally b").all_inner_texts() == ["12", "6", ""]
    widths = view(".kl-pod-line .kl-tally i").evaluate_all("all => all.map(e => e.style.width)")
    assert widths == ["100px", "50px", "0px"]
    assert view(".kl-nobody b").inner_text() == "2"
    assert view(".kl-last").inner_text() == "503: no endpoints (3 ms)"
    assert not view(".kl-unknown").is_visible()


def test_buttons_ask_and_keep_asking(view):
    assert "services/web/proxy/" in view(".kl-tools code").inner_text()
    view(".kl-ask-1").click()
    view(".kl-ask-20").click()
    view(".kl-keep-asking").click()
    view.diff(asking={"on": True})
    assert view(".kl-keep-asking").get_attribute("aria-pressed") == "true"
    view(".kl-keep-asking").click()
    view(".kl-clear").click()
    assert [(m["name"], m["arguments"]) for m in view.sent] == [
        ("ask", {"times": 1}),
        ("ask", {"times": 20}),
        ("keep", {"on": True}),
        ("keep", {"on": False}),
        ("clear", {}),
    ]


def test_the_arrow_keys_lead_from_pod_to_pod_and_tell_about_it(view, rows):
    view(".kl-pod-line[tabindex='0']").focus()
    view.page.keyboard.press("ArrowDown")
    second = list(rows)[1]
    assert view(".kl-detail b").inner_text() == second
    assert "8080, which a container declares" in view(".kl-detail").inner_text()


def test_a_missing_service_is_said(view):
    view.diff(service={"row": None})
    assert view(".kl-empty").inner_text() == "There is no Service web in namespace demo."
    assert not view(".kl-service").is_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, rows, dark):
    view.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
    name = next(iter(rows))
    view.diff(pods={name: other(rows[name])}, answers={"nobody": 1})
    view.check_accessible()


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(ServiceMap, state, viewport={"width": 600, "height": 800})
    view.check_width()

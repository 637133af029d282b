"""RequestXray in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.requestxray import RequestXray


@pytest.fixture
def state(watches, cluster):
    xray = RequestXray(cluster, "demo")
    xray.ask()
    return {"snapshot": xray.document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(RequestXray, state, clock=True)


def shown(state, **changes):
    return {"shown": {**state["snapshot"]["sections"]["request"]["shown"], **changes}}


def form(view):
    return view.sent[-1]["arguments"]


def test_the_request_stands_there_in_three_languages(view):
    texts = view(".kl-source").all_inner_texts()
    assert texts[0].startswith("POST /api/v1/namespaces/demo/pods HTTP/1.1")
    assert texts[1] == "kubectl create -f request.yaml -n demo"
    assert "create_namespaced_pod" in texts[2]


def test_each_stage_is_shown_with_its_state_and_its_source(view):
    assert view(".kl-state").all_inner_texts() == ["passed"] * 8
    assert "known by: etcd" in view(".kl-stage").nth(6).inner_text()
    assert view(".kl-outcome").inner_text() == "201, through all stages"


def test_the_answer_can_be_read(view):
    view.page.get_by_text("The answer", exact=True).click()
    assert "kind: Pod" in view(".kl-answer pre").inner_text()
    view.diff(outcome={"shown": None})
    assert not view(".kl-answer").is_visible()


def test_what_is_typed_is_told_once_the_keys_rest(view):
    view(".kl-path").fill("/api/v1/namespaces/demo/secrets")
    view(".kl-path").press("End")
    assert view.sent == []
    view.page.clock.run_for(400)
    assert [message["name"] for message in view.sent] == ["compose"]
    assert form(view)["path"] == "/api/v1/namespaces/demo/secrets"
    assert view(".kl-examples").input_value() == ""


def test_the_kernel_does_not_write_over_what_is_typed(view, state):
    view(".kl-path").fill("/mine")
    view.diff(request=shown(state, kubectl="kubectl get --raw /mine"))
    assert view(".kl-path").input_value() == "/mine"
    assert view(".kl-source").nth(1).inner_text() == "kubectl get --raw /mine"
    picked = {**shown(state)["shown"]["form"], "path": "/picked"}
    view.diff(request=shown(state, form=picked, picked=7))
    assert view(".kl-path").input_value() == "/picked"


def test_it_is_sent_with_the_keyboard(view):
    view(".kl-send").focus()
    view.page.keyboard.press("Enter")
    assert [message["name"] for message in view.sent] == ["ask"]
    assert form(view)["method"] == "POST"


def test_a_deletion_is_sent_only_after_a_second_click(view):
    view.page.get_by_label("Method").select_option("DELETE")
    view.page.clock.run_for(400)
    view(".kl-send").click()
    assert [message["name"] for message in view.sent] == ["compose"]
    view.page.clock.run_for(5_000)
    assert view(".kl-send").inner_text() == "Send"
    view(".kl-send").click()
    view(".kl-send").click()
    assert [message["name"] for message in view.sent] == ["compose", "ask"]


def test_only_fields_that_mean_something_are_there(view):
    assert not view.page.get_by_label("User name").is_visible()
    view.page.get_by_label("As whom").select_option("user")
    assert view.page.get_by_label("User name").is_visible()
    assert not view.page.get_by_label("Kind of patch").is_visible()
    view.page.get_by_label("Method").select_option("PATCH")
    assert view.page.get_by_label("Kind of patch").is_visible()
    view.page.get_by_label("Method").select_option("GET")
    assert not view(".kl-text").is_visible()


def test_a_refusal_is_told_with_the_code(view):
    outcome = {"code": 403, "summary": "403, refused by authorization", "problem": ""}
    view.diff(outcome={"shown": outcome})
    assert view(".kl-outcome").inner_text() == "403, refused by authorization"
    view.diff(outcome={"shown": None})
    assert "Not sent yet" in view(".kl-outcome").inner_text()


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.check_accessible(dark=dark)


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(RequestXray, state, viewport={"width": 600, "height": 800})
    view.check_width()

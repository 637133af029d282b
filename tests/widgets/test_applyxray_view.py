"""ApplyXray in a browser, without Jupyter: what is drawn, chosen and sent."""

from __future__ import annotations

import pytest

from kubelearn.widgets.applyxray import ApplyXray


@pytest.fixture
def state(watches, cluster):
    return {"snapshot": ApplyXray(cluster, "web", "demo").document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(ApplyXray, state)


@pytest.fixture
def sections(state):
    return state["snapshot"]["sections"]


def press(view, name):
    view.page.get_by_role("button", name=name).click()


def test_the_way_is_drawn_in_the_order_of_time(view, sections):
    (journey,) = sections["journeys"].values()
    assert view(".kl-hop").count() == len(journey["way"])
    who = view(".kl-who").all_inner_texts()
    assert who[:4] == [
        "kubectl as kubernetes-admin",
        "deployment-controller",
        "replicaset-controller",
        "kube-scheduler",
    ]
    left = view(".kl-work").evaluate_all("bars => bars.map((b) => b.getBoundingClientRect().left)")
    assert left == sorted(left)
    assert "a pod was ready after" in view(".kl-chip").inner_text()


def test_all_requests_can_be_shown_with_those_of_the_way_marked(view, sections):
    press(view, "All requests")
    assert view(".kl-hop").count() == len(sections["hops"])
    (journey,) = sections["journeys"].values()
    assert view(".kl-led").count() == len(journey["way"])


def test_notes_are_shown_only_when_asked_for(view, sections):
    first = next(iter(sections["hops"].values()))
    note = {**first, "id": "n", "step": "note", "deed": "notes Scheduled"}
    view.diff(hops={"n": note})
    press(view, "All requests")
    assert view(".kl-note").count() == 0
    press(view, "With events")
    assert view(".kl-note").count() == 1


def test_an_even_axis_moves_the_bars(view):
    bar = view(".kl-work").nth(1)
    before = bar.evaluate("e => e.style.left")
    press(view, "Logarithmic")
    assert float(bar.evaluate("e => e.style.left")[:-1]) < float(before[:-1])


def test_a_newer_change_is_followed_and_an_older_one_can_be_chosen(view, sections):
    (old,) = sections["journeys"].values()
    first = sections["hops"][old["way"][0]]
    hop = {**first, "id": "x", "journey": "x", "at": first["at"] + 9000, "deed": "patches it"}
    new = {**old, "id": "x", "at": hop["at"], "title": "patches it", "way": ["x"], "ready": None}
    view.diff(hops={"x": hop}, journeys={"x": {**new, "waits": "the scheduler"}})
    assert view(".kl-deed").all_inner_texts() == ["patches it"]
    assert view(".kl-chip").inner_text() == "waits for the scheduler"
    view(".kl-select").select_option(old["id"])
    assert view(".kl-hop").count() == len(old["way"])


def test_the_focused_line_tells_its_request_and_marks_its_causes(view, sections):
    view(".kl-hop").first.focus()
    for _ in range(3):
        view.page.keyboard.press("ArrowDown")
    told = view(".kl-detail").inner_text()
    assert "kube-scheduler binds Pod" in told
    assert "POST /api/v1/namespaces/demo/pods/" in told
    assert "ms after replicaset-controller creates Pod" in told
    assert view(".kl-cause").count() == 4


def test_restart_asks_the_kernel(view):
    press(view, "Restart the rollout")
    assert view.sent == [{"type": "action", "name": "restart", "arguments": {}}]


def test_a_refusal_is_marked(view, sections):
    key, hop = list(sections["hops"].items())[1]
    view.diff(hops={key: {**hop, "code": 409, "words": "the object has been modified"}})
    assert view(".kl-failed .kl-new").inner_text() == "409: the object has been modified"


def test_without_a_trail_the_reason_is_shown(open_view, state, sections):
    sections |= {"hops": {}, "journeys": {}, "audit": {"reason": "no audit trail here"}}
    view = open_view(ApplyXray, state)
    assert view(".kl-empty").inner_text() == "no audit trail here"


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
    press(view, "All requests")
    view.check_accessible()


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(ApplyXray, state, viewport={"width": 600, "height": 800})
    view.check_width()

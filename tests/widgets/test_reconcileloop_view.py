"""ReconcileLoop in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.reconcileloop import ReconcileLoop

RUNNING = {"paused": False, "working": [], "waiting": [], "more": 0, "later": {}}
HELD = {**RUNNING, "paused": True, "waiting": ["demo/a", "demo/b"]}
LOOPS = ["deployment-controller", "replicaset-controller", "kube-scheduler"]


@pytest.fixture
def state(watches, cluster):
    snapshot = ReconcileLoop(cluster, "web", "demo").document.snapshot()
    snapshot["sections"]["queues"] = dict.fromkeys(LOOPS, RUNNING)
    snapshot["sections"]["inside"] = {}
    return {"snapshot": snapshot}


@pytest.fixture
def view(open_view, state):
    return open_view(ReconcileLoop, state, clock=True)


@pytest.fixture
def sets(view):
    """The card of the replicaset-controller."""
    return view.page.get_by_role("group", name="replicaset-controller", exact=True)


def actions(view):
    return [(message["name"], message["arguments"]) for message in view.sent]


def test_each_loop_has_a_card_with_spec_status_and_count(view, sets):
    assert view(".kl-loop-head strong").all_inner_texts() == LOOPS
    row = sets.get_by_role("row", name="replicas", exact=False)
    assert row.locator("td").all_inner_texts() == ["3", "3", "3"]
    assert view(".kl-chip").all_inner_texts() == ["all as wanted"]


def test_what_differs_is_marked_by_a_glyph_and_counted(view, sets, state):
    cards = state["snapshot"]["sections"]["cards"]["replicaset-controller"]
    rows = [{**row, "live": 2, "agrees": False} for row in cards[0]["rows"][1:2]]
    view.diff(cards={"replicaset-controller": [{**cards[0], "rows": rows}]})
    assert sets.get_by_role("rowheader").all_inner_texts() == ["≠ replicas"]
    assert sets.locator(".kl-off").all_inner_texts() == ["2"]
    assert view(".kl-chip").all_inner_texts() == ["1 thing differs"]


def test_a_running_loop_can_be_paused_but_takes_no_single_step(view, sets):
    assert sets.locator(".kl-step").is_disabled()
    sets.locator(".kl-pause").focus()
    view.page.keyboard.press("Enter")
    assert actions(view) == [("pause", {"loop": "replicaset-controller"})]


def test_a_paused_loop_steps_to_the_first_key_or_to_a_chosen_one(view, sets):
    view.diff(queues={"replicaset-controller": HELD})
    assert sets.locator(".kl-state").inner_text() == "paused"
    sets.locator(".kl-step").click()
    sets.get_by_role("button", name="demo/b").click()
    sets.locator(".kl-pause").click()
    loop = {"loop": "replicaset-controller"}
    assert actions(view) == [("step", loop), ("step", {**loop, "key": "demo/b"}), ("resume", loop)]


def test_keys_say_whether_they_wait_are_worked_on_or_come_later(view, sets):
    queue = {**HELD, "working": ["demo/w"], "later": {"demo/l": 9}, "more": 4}
    view.diff(queues={"replicaset-controller": queue})
    assert sets.locator(".kl-queue li").all_inner_texts() == [
        "demo/w\nat work",
        "demo/a\nwaits",
        "demo/b\nwaits",
        "demo/l\nagain in 9 s",
        "and 4 more",
    ]
    assert sets.get_by_role("button", name="demo/w").is_disabled()
    view.diff(queues={"replicaset-controller": RUNNING})
    assert sets.locator(".kl-queue li").all_inner_texts() == ["empty"]


def test_a_step_is_told_at_its_loop_with_what_it_sent(view, sets):
    step = {"loop": "replicaset-controller", "key": "demo/a", "problem": "no room", "at": 0}
    row = {"at": 0, "loop": "replicaset-controller", "step": 3, "code": 201, "request": "create"}
    view.diff(
        steps={"3": step}, sent={"x": {**row, "deed": "creates Pod web-1", "words": "Pending"}}
    )
    assert sets.locator(".kl-did").inner_text() == "Step 3: demo/a. It failed: no room"
    cells = view(".kl-table tbody tr").last.locator("td").all_inner_texts()
    assert cells[1:] == ["3", "replicaset-controller", "creates Pod web-1: Pending", "201"]


def test_before_anything_was_sent_there_is_no_empty_table(open_view, state):
    for section in ("inside", "sent"):
        state["snapshot"]["sections"].pop(section, None)
    view = open_view(ReconcileLoop, state)
    assert not view(".kl-scroll").is_visible()
    assert view(".kl-empty").inner_text() == "Nothing was sent since this picture opened."


def test_without_queues_the_reason_stands_below(view, sets):
    view.diff(queues=dict.fromkeys(LOOPS), inside={"reason": "a real one keeps it to itself"})
    assert not sets.locator(".kl-pause").is_visible()
    assert "a real one keeps it to itself" in view(".kl-detail").inner_text()
    view.diff(inside={"audit": "no access"})
    assert view(".kl-empty").inner_text() == "What they send is not shown: no access."


def test_what_is_wanted_is_changed_and_a_pod_deleted_after_a_second_click(view):
    view(".kl-scale-up").click()
    view(".kl-kill").click()
    assert actions(view) == [("scale", {"by": 1})]
    view(".kl-kill").click()
    assert actions(view)[-1] == ("kill", {})


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.diff(queues={"replicaset-controller": HELD})
    view.check_accessible(dark=dark)


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(ReconcileLoop, state, viewport={"width": 600, "height": 800})
    view.check_width()

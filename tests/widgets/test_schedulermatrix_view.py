"""SchedulerMatrix in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.schedulermatrix import SchedulerMatrix

WORKER = "simulated-worker"


@pytest.fixture
def widget(watches, cluster):
    return SchedulerMatrix(cluster, "demo")


@pytest.fixture
def state(widget):
    return {"snapshot": widget.document.snapshot()}


@pytest.fixture
def decided(widget, watches, cluster):
    """The state once the learner has chosen and the scheduler decided."""
    widget.choose(WORKER)
    widget.act("compare", {})
    cluster.settle()
    watches.tell()
    return {"snapshot": widget.document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(SchedulerMatrix, state, clock=True)


def row(view, name):
    return view(".kl-grid tr").filter(has=view.page.get_by_role("rowheader", name=name))


def actions(view):
    return [(message["name"], message["arguments"]) for message in view.sent]


def test_nodes_stand_side_by_side_with_what_is_looked_at(view):
    assert view(".kl-choose").all_inner_texts() == [
        "simulated-control-plane",
        "simulated-worker",
        "simulated-worker2",
    ]
    assert "control-plane:NoSchedule" in row(view, "Taints").inner_text()
    assert view(".kl-part").count() == 0
    assert view(".kl-compare").is_disabled()


def test_a_node_is_chosen_with_the_keyboard(view):
    view(".kl-choose").first.focus()
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("Enter")
    assert actions(view) == [("choose", {"node": WORKER})]
    view.diff(choice={"node": WORKER, "verdict": "You chose it."})
    assert view('.kl-choose[aria-pressed="true"]').get_attribute("aria-label") == (
        f"{WORKER}: your choice"
    )
    assert view.page.evaluate("document.activeElement.textContent") == WORKER
    view(".kl-compare").click()
    assert actions(view)[-1] == ("compare", {})


def test_nowhere_is_a_choice_too(view):
    view(".kl-nowhere").click()
    assert actions(view) == [("choose", {"node": ""})]
    view.diff(choice={"node": ""})
    assert view(".kl-nowhere").get_attribute("aria-pressed") == "true"
    assert view(".kl-compare").is_enabled()


def test_what_the_plugins_said_is_shown_once_it_is_told(open_view, decided):
    view = open_view(SchedulerMatrix, decided)
    assert "✕ node(s) had untolerated taint(s)" in row(view, "TaintToleration").inner_text()
    assert "✓ passes" in row(view, "TaintToleration").inner_text()
    sums = decided["snapshot"]["sections"]["decision"]["shown"]["sums"]
    told = row(view, "Sum").locator("td").all_inner_texts()
    assert told == ["", *(str(sums[name]) for name in (WORKER, f"{WORKER}2"))]
    assert row(view, "Chosen").locator("td:not(:empty)").count() == 1
    assert view(".kl-verdict").inner_text().startswith("You chose simulated-worker")
    assert not view(".kl-compare").is_visible()


def test_failed_scheduling_is_read_beside_the_matrix(view):
    pod = {"name": "sample", "exists": True, "node": "", "reason": "0/3 nodes", "sample": {}}
    counts = [{"count": 2, "reason": "Insufficient cpu", "plugin": "NodeResourcesFit"}]
    view.diff(
        pod={"shown": pod},
        decision={"counted": counts, "reason": "they keep it to themselves"},
        choice={"node": "", "revealed": True},
    )
    failed = view(".kl-failed-scheduling").inner_text()
    assert "0/3 nodes" in failed
    assert "2 nodes: Insufficient cpu · NodeResourcesFit" in failed
    assert view(".kl-detail").inner_text() == "Scores are not shown: they keep it to themselves."


def test_nodes_are_changed_by_their_buttons(view):
    view.page.get_by_role("button", name=f"Taint {WORKER}:", exact=False).first.click()
    assert actions(view)[-1] == (
        "taint",
        {"node": WORKER, "on": True, "text": "dedicated=lesson:NoSchedule"},
    )
    view.page.get_by_label("Label", exact=True).fill("disk=hdd")
    view.page.get_by_role("button", name=f"Label {WORKER}: disk=hdd", exact=True).click()
    assert actions(view)[-1] == ("label", {"node": WORKER, "on": True, "text": "disk=hdd"})


def test_what_the_pod_asks_for_is_typed_until_it_exists(view, state):
    view.page.get_by_label("CPU", exact=True).fill("2")
    name, fields = actions(view)[-1]
    assert (name, fields["cpu"]) == ("sample", "2")
    pod = state["snapshot"]["sections"]["pod"]["shown"]
    view.diff(pod={"shown": {**pod, "exists": True}})
    assert view.page.get_by_label("CPU", exact=True).is_disabled()


def test_the_pod_is_deleted_only_after_a_second_click(view, state):
    pod = state["snapshot"]["sections"]["pod"]["shown"]
    view.diff(pod={"shown": {**pod, "exists": True}})
    view(".kl-remove").click()
    assert actions(view) == []
    view(".kl-remove").click()
    assert actions(view) == [("delete", {})]


def test_of_many_nodes_the_best_are_shown(view, state):
    some = next(iter(state["snapshot"]["sections"]["nodes"].values()))
    many = {f"n{i:02}": {**some, "name": f"n{i:02}"} for i in range(20)}
    shown = {"filters": [], "scores": [], "sums": {"n18": 5}, "left": [], "node": "n19"}
    view.diff(nodes=many, choice={"revealed": True}, decision={"shown": shown})
    assert view(".kl-choose").all_inner_texts()[:2] == ["n19", "n18"]
    assert view(".kl-more").inner_text() == "15 more nodes are not shown."


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(open_view, decided, dark):
    view = open_view(SchedulerMatrix, decided)
    view.check_accessible(dark=dark)


def test_nothing_sticks_out_at_600_pixels(open_view, decided):
    view = open_view(SchedulerMatrix, decided, viewport={"width": 600, "height": 800})
    view.check_width()

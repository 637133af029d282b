"""NodeInspector in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.nodeinspector import NodeInspector


@pytest.fixture
def state(watches, cluster):
    return {"snapshot": NodeInspector(cluster, "simulated-worker").document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(NodeInspector, state)


def rows(view, label):
    found = view.page.get_by_role("group", name=label).locator("tbody tr")
    return [text.split("\t") for text in found.all_inner_texts()]


def test_containers_and_processes_are_listed(view, state):
    containers = state["snapshot"]["sections"]["containers"]
    assert len(rows(view, "Containers")) == len(containers)
    assert rows(view, "Processes")[0] == ["100", "root", "kubelet", "the node itself"]
    assert rows(view, "Processes")[1][2] == "└ python app.py"


def test_a_change_touches_only_its_own_row(view, state):
    key, row = next(iter(state["snapshot"]["sections"]["containers"].items()))
    view.page.evaluate("window.before = [...document.querySelectorAll('tbody tr')]")
    view.diff(containers={key: {**row, "state": "Exited", "phase": "Terminating", "pid": 0}})
    states = [line[0] for line in rows(view, "Containers")]
    assert states.count("Exited") == 1
    assert view.page.evaluate("window.before.every((line) => line.isConnected)")


def test_the_kubelet_is_stopped_by_one_click_the_machine_by_two(view):
    view(".kl-do-kubelet").click()
    view(".kl-do-machine").click()
    assert [message["name"] for message in view.sent] == ["stop-kubelet"]
    assert view(".kl-do-machine").inner_text() == "Click again: all that runs there ends"
    view(".kl-do-machine").click()
    assert [message["name"] for message in view.sent] == ["stop-kubelet", "stop-node"]


def test_a_stopped_kubelet_and_a_machine_that_is_off_are_told(view):
    view.diff(node={"kubelet": "stopped"})
    assert "nobody looks after it" in view(".kl-told").inner_text()
    view(".kl-do-kubelet").click()
    assert view.sent[-1]["name"] == "start-kubelet"
    view.diff(node={"off": "node simulated-worker is switched off"})
    assert view(".kl-do-kubelet").is_disabled()
    view(".kl-do-machine").click()
    assert view.sent[-1]["name"] == "start-node"


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.check_accessible(dark=dark)


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(NodeInspector, state, viewport={"width": 600, "height": 800})
    view.check_width()

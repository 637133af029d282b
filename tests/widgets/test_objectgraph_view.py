"""ObjectGraph in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.objects import PODS
from kubelearn.widgets.objectgraph import ObjectGraph

POD = '.kl-box[data-kind="Pod"]'


@pytest.fixture
def graph(watches, cluster):
    return ObjectGraph(cluster, "demo")


@pytest.fixture
def state(graph):
    return {"snapshot": graph.document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(ObjectGraph, state)


def chosen(view):
    return view(".kl-chosen").evaluate_all("all => all.map(each => each.dataset.id)")


def focused(view):
    return view.page.evaluate("document.activeElement.dataset.id")


def place(view, selector):
    return view(selector).evaluate("e => e.style.transform")


def test_boxes_and_lines_are_drawn_where_the_kernel_says(view, state):
    sections = state["snapshot"]["sections"]
    assert view(".kl-box").count() == len(sections["boxes"]) == 7
    assert view(".kl-line").count() == len(sections["lines"])
    box = sections["boxes"]["Deployment-web"]
    where = place(view, '[data-id="Deployment-web"]')
    assert where == f"translate({box['x']:g}px, {box['y']:g}px)"
    assert view(".kl-legend li").all_inner_texts() == ["owns", "selects", "leads to"]
    assert view(".kl-chip").all_text_contents() == ["3 Running", "3 Healthy"]


def test_a_state_is_a_class_and_no_new_picture(view, state):
    key, box = next(
        (k, b) for k, b in state["snapshot"]["sections"]["boxes"].items() if b["kind"] == "Pod"
    )
    view.page.evaluate("window.before = [...document.querySelectorAll('.kl-box, .kl-line')]")
    changed = {**box, "status": "Failed", "above": "Pod · CrashLoopBackOff"}
    view.diff(boxes={key: changed})
    assert view(f'[data-id="{key}"]').get_attribute("data-status") == "Failed"
    assert view.page.evaluate("window.before.every((each) => each.isConnected)")


def test_what_moves_stays_the_same_element_and_what_goes_is_gone(view, graph, cluster, watches):
    gone, *left = [f"Pod-{pod['metadata']['name']}" for pod in cluster.all(PODS)]
    view.page.evaluate("window.kept = document.querySelector('[data-id=Deployment-web]')")
    before = {key: place(view, f'[data-id="{key}"]') for key in left}
    cluster.remove(cluster.all(PODS)[0])
    watches.tell()
    news = graph.document.diff()["sections"]
    view.diff(**news)
    assert view(f'[data-id="{gone}"]').count() == 0
    assert {key: place(view, f'[data-id="{key}"]') for key in left} != before
    assert view.page.evaluate("window.kept.isConnected")


def test_a_click_tells_about_an_object_and_marks_its_lines(view):
    view(POD).first.click()
    name = view(POD).first.get_attribute("data-id").removeprefix("Pod-")
    assert chosen(view) == [f"Pod-{name}"]
    words = view(".kl-facts").inner_text()
    assert f"Pod {name} · Running" in words
    assert "selected by Service web" in words
    assert f"kubectl describe pod {name} -n demo" in words
    assert view(".kl-near").count() == 3


def test_nothing_is_deleted_before_a_second_word(view):
    view('[data-id="Deployment-web"]').click()
    view(".kl-delete").click()
    assert "Its ReplicaSets and all their pods go with it." in view(".kl-question").inner_text()
    assert view.page.evaluate("document.activeElement.textContent") == "Keep it"
    view(".kl-keep").click()
    assert view.sent == []
    view(".kl-delete").click()
    view(".kl-really").click()
    assert view.sent == [
        {"type": "action", "name": "delete", "arguments": {"kind": "Deployment", "name": "web"}}
    ]
    assert view(".kl-question").count() == 0


def test_the_keyboard_reaches_everything(view):
    view(".kl-box[tabindex='0']").focus()
    view.page.keyboard.press("Home")
    first = focused(view)
    view.page.keyboard.press("ArrowRight")
    assert focused(view) != first
    view.page.keyboard.press("Enter")
    assert chosen(view) == [focused(view)]
    for refuse in ("Enter", "Escape"):
        view(".kl-box[tabindex='0']").focus()
        view.page.keyboard.press("Delete")
        assert view(".kl-question").count() == 1
        view.page.keyboard.press(refuse)
        assert view(".kl-question").count() == 0
    assert view.sent == []
    assert view(".kl-box[tabindex='0']").count() == 1


def test_an_object_that_goes_while_it_is_read_about_is_said_to_be_gone(view):
    view(POD).first.click()
    view.diff(boxes={chosen(view)[0]: None})
    assert "It is gone." in view(".kl-facts").inner_text()


def test_while_one_reads_news_do_not_take_the_focus_away(view, state):
    view(POD).first.click()
    view(".kl-delete").focus()
    key = chosen(view)[0]
    box = state["snapshot"]["sections"]["boxes"][key]
    view.diff(boxes={key: {**box, "word": "Completed", "status": "Succeeded"}})
    assert view.page.evaluate("document.activeElement.className").endswith("kl-delete")
    assert "Completed" in view(".kl-facts").inner_text()


def test_who_may_only_look_is_offered_nothing_to_delete(open_view, watches, cluster):
    graph = ObjectGraph(cluster, "demo", actions=False)
    view = open_view(ObjectGraph, {"snapshot": graph.document.snapshot()})
    view(POD).first.click()
    assert view(".kl-delete").count() == 0
    view(POD).first.focus()
    view.page.keyboard.press("Delete")
    assert view(".kl-question").count() == 0


def test_an_empty_namespace_is_said_to_be_empty(open_view, watches, cluster):
    graph = ObjectGraph(cluster, "demo")
    snapshot = graph.document.snapshot()
    snapshot["sections"] |= {"boxes": {}, "lines": {}}
    view = open_view(ObjectGraph, {"snapshot": snapshot})
    assert view(".kl-empty").inner_text() == "There is nothing in this namespace yet."


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
    view(POD).first.click()
    view(".kl-delete").click()
    view.check_accessible()


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(ObjectGraph, state, viewport={"width": 600, "height": 800})
    view.check_width()

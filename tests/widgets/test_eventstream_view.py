"""EventStream in a browser, without Jupyter."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from kubelearn.widgets.eventstream import EventStream


def row(seconds_ago, **more):
    at = round(time.time() * 1000) - seconds_ago * 1000
    about = {"kind": "Pod", "name": "web-0", "namespace": "demo"}
    told = {"type": "Normal", "reason": "Started", "message": "Container started"}
    return {"at": at, "first": at - 5_000, "source": "kubelet", "count": 1, **about, **told, **more}


@pytest.fixture
def state(watches, cluster):
    document = EventStream(cluster, "demo").document
    document.put("events", "1", row(50))
    document.put("events", "2", row(10, type="Warning", reason="BackOff", count=7, name="web-1"))
    node = {"kind": "Node", "name": "worker", "namespace": "", "reason": "NodeReady"}
    document.put("events", "3", row(30, **node))
    return {"snapshot": document.snapshot()}


@pytest.fixture
def view(open_view, state):
    opened = open_view(EventStream, state)
    opened.draw_at_once()
    return opened


def reasons(view):
    return view("td.kl-reason").all_inner_texts()


def test_the_newest_event_is_on_top_with_its_age_its_clock_and_how_often(view):
    assert reasons(view) == ["BackOff", "NodeReady", "Started"]
    cells = view("tbody tr").first.locator("td").all_inner_texts()
    assert cells[0] == "Warning"
    assert cells[1].splitlines()[0] in ("10s", "11s", "12s")
    assert ":" in cells[1].splitlines()[1]
    assert cells[2] == "7"
    assert view(".kl-chips").inner_text().split() == ["Normal", "2", "Warning", "1"]


def test_a_line_that_happens_again_goes_to_the_top_and_keeps_the_focus(view, state):
    view(".kl-about").last.focus()
    again = {**state["snapshot"]["sections"]["events"]["1"], "count": 2}
    view.diff(events={"1": {**again, "at": again["at"] + 60_000}})
    assert reasons(view) == ["Started", "BackOff", "NodeReady"]
    assert view.page.evaluate("document.activeElement.innerText") == "Pod web-0"


def test_events_are_filtered_by_type_kind_reason_and_words(view):
    view.page.get_by_role("button", name="Warnings").click()
    assert reasons(view) == ["BackOff"]
    view.page.get_by_role("button", name="All", exact=True).click()
    view.page.get_by_label("Kind of object").select_option("Node")
    assert reasons(view) == ["NodeReady"]
    view.page.get_by_label("Kind of object").select_option("")
    view.page.get_by_label("Reason").select_option("Started")
    assert reasons(view) == ["Started"]
    view.page.get_by_label("Reason").select_option("")
    view(".kl-input").fill("WEB-1")
    assert reasons(view) == ["BackOff"]
    view(".kl-input").fill("nothing like it")
    assert view(".kl-empty").inner_text() == "No event is like that."


def test_a_pause_holds_the_list_and_tells_how_much_is_new(view):
    view(".kl-pause").click()
    view.diff(events={"4": row(0, reason="Killing"), "1": None})
    assert reasons(view) == ["BackOff", "NodeReady", "Started"]
    assert view(".kl-pause").inner_text() == "Go on (1 new)"
    view(".kl-pause").click()
    assert reasons(view) == ["Killing", "BackOff", "NodeReady"]


def test_the_object_shows_the_command_that_describes_it(view):
    view(".kl-about").first.click()
    assert view(".kl-detail code").inner_text() == "$ kubectl describe pod web-1 -n demo"
    assert "7 times from" in view(".kl-detail").inner_text()
    view(".kl-only").click()
    assert reasons(view) == ["BackOff"]


def test_objects_are_walked_through_with_the_arrow_keys(view):
    assert view('.kl-about[tabindex="0"]').count() == 1
    view(".kl-about").first.focus()
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("Enter")
    assert view(".kl-detail code").inner_text() == "$ kubectl describe node worker"


def test_thousands_of_events_make_few_elements_and_say_what_is_left_out(view):
    many = {str(i): row(1, name=f"pod-{i}") for i in range(10, 500)}
    view.diff(events=many, stream={"left_out": 9_500})
    assert view("tbody tr").count() == 100
    words = view(".kl-eventlist .kl-more").inner_text()
    assert "393 older ones are not shown" in words
    assert "9500 still older ones are not kept" in words


def test_where_drawing_is_dear_a_storm_is_drawn_seldom_and_its_end_is_shown(view):
    # Each look at the clock costs time, so that a drawing seems to take a second.
    view.page.evaluate("() => { let now = 1e6; performance.now = () => (now += 1000); }")
    storm = [
        {"type": "diff", "rev": view.revision + i, "sections": {"events": {f"{i + 9}": row(0)}}}
        for i in range(1, 11)
    ]
    shown = view.page.evaluate(
        "all => all.map((each) => { tell(each); return document.querySelectorAll('td').length; })",
        storm,
    )
    assert len(set(shown)) == 1
    expect(view("tbody tr")).to_have_count(13, timeout=30_000)


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
    view(".kl-about").first.click()
    view.check_accessible()


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(EventStream, state, viewport={"width": 600, "height": 800})
    view.check_width()

"""LogView in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.logview import LogView


def line(text, name="web-0", colour=0, kind=""):
    at = "2026-01-01T12:00:00.123456789Z"
    return {"at": at, "name": name, "colour": colour, "text": text, "kind": kind}


def stream(name, state="following", words="", colour=0):
    request = f"GET /api/v1/namespaces/demo/pods/{name}/log?follow=true"
    return {"name": name, "colour": colour, "state": state, "words": words, "request": request}


@pytest.fixture
def state(watches, cluster):
    view = LogView(cluster, "deployment/web", "demo", last=100)
    view.close()
    document = view.document
    document.replace(
        "streams", {"a": stream("web-0"), "b": stream("web-1", "ended", "exit code 3", 1)}
    )
    document.put("feed", "containers", ["init", "hello"])
    lines = [
        line("begins"),
        line("listens", "web-1", 1),
        line("… 9,500 lines left out", kind="gap"),
    ]
    document.replace("lines", {str(i + 9): row for i, row in enumerate(lines)})
    return {"snapshot": document.snapshot()}


@pytest.fixture
def view(open_view, state):
    opened = open_view(LogView, state)
    opened.draw_at_once()
    return opened


def texts(view):
    return view(".kl-text").all_inner_texts()


def test_lines_stand_in_their_order_with_pod_and_colour(view):
    assert texts(view) == ["begins", "listens", "… 9,500 lines left out"]
    assert view(".kl-podname").all_inner_texts() == ["web-0", "web-1", "web-0"]
    colours = [
        view(".kl-logline").nth(i).evaluate("e => getComputedStyle(e).borderLeftColor")
        for i in range(2)
    ]
    assert colours[0] != colours[1]


def test_each_log_says_in_what_state_it_is_and_how_it_was_asked_for(view):
    assert view(".kl-streams li").all_inner_texts() == [
        "web-0\n▶\nfollowing",
        "web-1\n■\nended: exit code 3",
    ]
    assert (
        view(".kl-logrequest").inner_text().startswith("GET /api/v1/namespaces/demo/pods/web-0/log")
    )
    assert "kubectl logs deployment/web" in view(".kl-lognote").nth(1).inner_text()


def test_the_end_stays_in_sight_until_one_reads_further_up(view):
    many = {str(i): line(f"line {i}") for i in range(20, 120)}
    view.diff(lines=many)
    log = view(".kl-log")
    rest = "e => Math.round(e.scrollHeight - e.clientHeight - e.scrollTop)"
    assert log.evaluate(rest) <= 1
    log.evaluate("e => { e.scrollTop = 100; }")
    view.diff(lines={"130": line("new")})
    assert log.evaluate("e => e.scrollTop") == 100


def test_a_pause_holds_the_lines_and_counts_the_new_ones(view):
    view(".kl-pause").click()
    view.diff(lines={"12": line("new"), "9": None})
    assert texts(view)[0] == "begins"
    assert view(".kl-pause").inner_text() == "Go on (1 new)"
    view(".kl-pause").click()
    assert texts(view)[-1] == "new"
    assert "begins" not in texts(view)


def test_lines_are_filtered_by_words_and_pod(view):
    view(".kl-input").fill("LISTENS")
    assert texts(view) == ["listens"]
    view(".kl-input").fill("web-0")
    assert texts(view) == ["begins", "… 9,500 lines left out"]
    view(".kl-input").fill("nothing")
    assert view(".kl-empty").inner_text() == "No line is like that."


def test_container_run_and_number_of_lines_are_chosen(view):
    view.page.get_by_label("Container").select_option("init")
    view.page.get_by_role("button", name="Previous run").click()
    view.page.get_by_label("How many lines are kept").select_option("500")
    choice = {"container": "init", "previous": True, "last": 500}
    assert view.sent[-1] == {"type": "action", "name": "choose", "arguments": choice}
    view.diff(feed={"container": "*", "previous": False, "last": 100, "left_out": 7})
    assert view.page.get_by_label("Container").input_value() == "*"
    assert "7 more are not followed" in view(".kl-lognote").first.inner_text()


def test_long_lines_are_broken_and_times_shown_on_demand(view):
    view.diff(lines={"20": line("word " * 100)})
    long = view(".kl-text").last
    before = long.evaluate("e => e.clientHeight")
    view.page.get_by_role("button", name="Wrap").click()
    assert long.evaluate("e => e.clientHeight") > before
    assert not view(".kl-logline time").first.is_visible()
    view.page.get_by_role("button", name="Times").click()
    assert view(".kl-logline time").first.inner_text() == "12:00:00.123"


def test_without_a_pod_that_is_said(open_view, state):
    sections = state["snapshot"]["sections"]
    sections["lines"], sections["streams"] = {}, {}
    view = open_view(LogView, state)
    assert view(".kl-empty").inner_text() == "There is no such pod yet."


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.check_accessible(dark=dark)


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(LogView, state, viewport={"width": 600, "height": 800})
    view.check_width()

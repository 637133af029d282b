"""PodTimeline in a browser, without Jupyter."""

from __future__ import annotations

import time

import pytest

from kubelearn.objects import PODS
from kubelearn.widgets.podtimeline import PodTimeline


@pytest.fixture
def state(watches, cluster):
    name = cluster.all(PODS)[0]["metadata"]["name"]
    document = PodTimeline(cluster, name, "demo").document
    now = round(time.time() * 1000)
    tracks = [
        ("pod", "Pending", -30, -20),
        ("pod", "Running", -20, None),
        ("app", "Running", -10, None),
    ]
    spans = {
        str(i): {
            "track": track,
            "rank": int(track != "pod"),
            "look": look,
            "word": look,
            "from": now + start * 1000,
            "to": None if end is None else now + end * 1000,
        }
        for i, (track, look, start, end) in enumerate(tracks)
    }
    document.replace("spans", spans)
    row = {"at": now, "type": "Warning", "reason": "BackOff", "source": "kubelet", "count": 3}
    document.put("events", "demo/e", {**row, "message": "Back-off restarting"})
    return {"snapshot": document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(PodTimeline, state)


def test_each_track_has_its_bars_on_one_axis_of_time(view):
    assert view(".kl-track-name").all_inner_texts() == ["pod", "app"]
    assert view(".kl-bar span").all_inner_texts() == ["Pending", "Running", "Running"]
    left = [box["x"] for box in (view(".kl-bar").nth(i).bounding_box() for i in range(3))]
    assert left == sorted(left)
    assert view(".kl-bar").first.get_attribute("aria-label") == "pod: Pending, 10 s"
    assert view(".kl-chip").inner_text().startswith("Running for 2")


def test_a_new_state_ends_the_one_before(view, state):
    spans = state["snapshot"]["sections"]["spans"]
    now = spans["1"]["from"] + 21_000
    gone = {**spans["1"], "word": "Terminating", "look": "Terminating", "from": now}
    view.diff(spans={"1": {**spans["1"], "to": now}, "9": gone})
    assert view(".kl-bar.kl-open span").all_inner_texts() == ["Terminating", "Running"]
    view.diff(spans={"9": {**gone, "to": now + 1}, "2": {**spans["2"], "to": now}})
    assert view(".kl-chip").inner_text() == "gone"


def test_events_are_listed_with_how_often(view):
    (line,) = view(".kl-table tbody tr").all_inner_texts()
    assert line.split("\t")[1:] == ["BackOff, 3 times", "kubelet", "Back-off restarting"]


def test_a_pod_with_an_owner_is_deleted_at_once_another_one_after_two_clicks(view):
    view(".kl-delete").click()
    assert [message["name"] for message in view.sent] == ["delete"]
    view.diff(pod={"owner": ""})
    view(".kl-delete").click()
    assert len(view.sent) == 1
    view(".kl-delete").click()
    assert len(view.sent) == 2
    view.diff(pod={"owner": None})
    assert view(".kl-delete").is_disabled()


def test_without_a_pod_that_is_said(open_view, state):
    state["snapshot"]["sections"]["spans"] = {}
    view = open_view(PodTimeline, state)
    assert view(".kl-empty").inner_text() == "There is no such pod yet."


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.check_accessible(dark=dark)


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(PodTimeline, state, viewport={"width": 600, "height": 800})
    view.check_width()

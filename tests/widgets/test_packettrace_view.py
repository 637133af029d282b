"""PacketTrace in a browser, without Jupyter."""

from __future__ import annotations

import pytest

from kubelearn.widgets.packettrace import PacketTrace


@pytest.fixture
def state(watches, cluster):
    return {"snapshot": PacketTrace(cluster, "web", "demo").document.snapshot()}


@pytest.fixture
def view(open_view, state):
    return open_view(PacketTrace, state)


@pytest.fixture
def entry(state):
    return next(iter(state["snapshot"]["sections"]["entries"].items()))


def chance(view, *numbers):
    """Let chance be these numbers, one after another."""
    view.page.evaluate("numbers => { Math.random = () => numbers.shift(); }", list(numbers))


def counts(view):
    return view(".kl-count").all_inner_texts()


def test_each_endpoint_is_shown_with_its_chance_and_its_pod(view, entry):
    _, row = entry
    assert view(".kl-target code").all_inner_texts() == [e["address"] for e in row["targets"]]
    assert view(".kl-share b").all_inner_texts() == ["33 %"] * 3
    assert view(".kl-pod-name").all_inner_texts() == [e["pod"] for e in row["targets"]]


def test_a_packet_takes_the_endpoint_in_whose_share_chance_falls(view, entry):
    chance(view, 0.5, 0.99, 0.5)
    for _ in range(3):
        view(".kl-send-1").click()
    assert counts(view) == ["", "2 packets", "1 packet"]
    second = entry[1]["targets"][1]
    assert view(".kl-detail").inner_text() == f"It went to {second['address']} by: {second['rule']}"
    assert view(".kl-taken code").all_inner_texts() == [second["address"]]
    assert view.sent == []


def test_a_hundred_packets_spread_by_chance(view):
    view(".kl-send-100").click()
    assert sum(int(each.split()[0]) for each in counts(view)) == 100
    assert "100 packets so far" in view(".kl-detail").inner_text()


def test_without_endpoints_a_connection_is_refused_and_no_packet_can_go(view, entry):
    key, row = entry
    view.diff(entries={key: {**row, "targets": []}})
    assert view(".kl-bad").inner_text() == "No endpoint: a connection is refused."
    assert view(".kl-send-1").is_disabled()


def test_the_reason_stands_where_there_is_nothing(view, entry):
    view.diff(entries={entry[0]: None}, path={"reason": "there is no Service demo/web"})
    assert view(".kl-empty").inner_text() == "there is no Service demo/web"


def test_the_rules_themselves_can_be_read(view):
    view(".kl-raw summary").click()
    assert view(".kl-rules").inner_text().startswith("service demo/web TCP")


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(view, dark):
    view.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
    view(".kl-send-100").click()
    view(".kl-raw summary").click()
    view.check_accessible()


def test_nothing_sticks_out_at_600_pixels(open_view, state):
    view = open_view(PacketTrace, state, viewport={"width": 600, "height": 800})
    view.check_width()

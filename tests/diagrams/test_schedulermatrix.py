"""Why a pod is where it is, as rows of plugins and as a picture."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from kubelearn.clusters.internals import Decision, Refusal
from kubelearn.diagrams.schedulermatrix import counted, draw, matrix, verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TAINTED = Refusal("TaintToleration", ("node(s) had untolerated taint(s)",))
FULL = Refusal("NodeResourcesFit", ("Insufficient cpu", "Insufficient memory"))
POINTS = {"ImageLocality": 0, "NodeResourcesFit": 90, "TaintToleration": 300}


def decision(node="b", *, scores=None, message="", **rejections):
    return Decision("demo/p", NOW, node, message, scores=scores or {}, rejections=rejections)


def test_a_node_is_refused_by_one_plugin_and_the_nodes_left_pass_all():
    shown = matrix(decision(a=TAINTED, c=FULL, scores={"b": POINTS, "d": POINTS}))
    taints, room = shown["filters"]
    assert taints["plugin"] == "TaintToleration"
    assert taints["cells"] == {"a": list(TAINTED.reasons), "b": [], "d": []}
    assert room["cells"] == {"c": list(FULL.reasons), "b": [], "d": []}


def test_points_are_listed_in_the_order_of_the_plugins_and_summed():
    shown = matrix(decision(scores={"b": POINTS, "d": {**POINTS, "NodeResourcesFit": 80}}))
    plugins = [row["plugin"] for row in shown["scores"]]
    assert plugins == ["TaintToleration", "NodeResourcesFit", "ImageLocality"]
    assert shown["sums"] == {"b": 390, "d": 380}


def test_an_only_node_gets_no_points():
    shown = matrix(decision("b", a=TAINTED))
    assert (shown["left"], shown["scores"]) == (["b"], [])
    assert shown["filters"][0]["cells"]["b"] == []


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. "
            "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not "
            "helpful for scheduling.",
            [(1, "TaintToleration"), (2, "NodeResourcesFit")],
        ),
        # Of an older version, whose taints have commas.
        (
            "0/2 nodes are available: 2 node(s) had untolerated taint {a: b, c}. preemption: none",
            [(2, "TaintToleration")],
        ),
        ("0/4 nodes are available: 4 something of a plugin of yours.", [(4, "")]),
        ("no nodes available to schedule pods", []),
    ],
)
def test_the_words_of_failed_scheduling_are_counted_by_plugin(message, expected):
    assert [(row["count"], row["plugin"]) for row in counted(message)] == expected


EVEN = {"sums": {"a": 400, "b": 400}, "message": ""}
ODD = {"sums": {"a": 300, "b": 400}, "message": ""}


@pytest.mark.parametrize(
    ("choice", "node", "shown", "words"),
    [
        (None, "", None, "Choose a node first: where would you put it?"),
        ("b", "b", ODD, "You chose b, and so did the scheduler."),
        ("a", "b", ODD, "You chose a; the scheduler chose b. It has 400 points, yours 300."),
        (
            "a",
            "b",
            EVEN,
            "You chose a; the scheduler chose b. Both have 400 points: "
            "among equals it chooses at random.",
        ),
        ("c", "b", ODD, "You chose c; the scheduler chose b."),
        ("", "b", None, "You chose nowhere; the scheduler chose b."),
        ("", "", {"message": "0/3", "sums": {}}, "You chose nowhere, and so does the scheduler."),
        ("a", "", {"message": "0/3", "sums": {}}, "You chose a, the scheduler found no node."),
        ("a", "", None, "You chose a. The scheduler has not decided yet."),
    ],
)
def test_the_verdict_compares_the_choice_with_the_schedulers(choice, node, shown, words):
    assert verdict(shown, choice=choice, node=node) == words


def test_where_the_scheduler_tells_nothing_the_pods_status_does():
    words = verdict(None, choice="", node="", waits="0/3 nodes are available")
    assert words == "You chose nowhere, and so does the scheduler."


def test_the_picture_shows_nothing_of_the_decision_before_one_has_chosen():
    nodes = [{"name": name, "taints": [], "cordoned": False} for name in "ab"]
    before = draw("Where?", nodes, None, words="Choose")
    ElementTree.fromstring(before)
    assert "TaintToleration" not in before
    shown = matrix(decision("b", a=TAINTED, scores={"b": POINTS, "c": POINTS}))
    after = draw("Where?", nodes, shown, words="")
    ElementTree.fromstring(after)
    assert "✕ node(s) had" in after
    assert ">390<" in after

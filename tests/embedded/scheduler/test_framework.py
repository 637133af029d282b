from __future__ import annotations

from kubelearn.embedded.scheduler.framework import Rejection, explain, normalize

TAINT = Rejection("TaintToleration", ("node(s) had untolerated taint(s)",))


def test_the_message_counts_reasons_and_says_that_preemption_does_not_help():
    short = Rejection("NodeResourcesFit", ("Insufficient cpu", "Insufficient memory"))
    assert explain({"a": TAINT, "b": short, "c": short}) == (
        "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu, "
        "2 Insufficient memory. no new claims to deallocate, preemption: 0/3 nodes are "
        "available: 3 Preemption is not helpful for scheduling."
    )


def test_where_others_could_make_room_it_says_that_there_are_no_victims():
    ports = Rejection(
        "NodePorts",
        ("node(s) didn't have free ports for the requested pod ports",),
        final=False,
    )
    assert explain({"a": TAINT, "b": ports, "c": ports}) == (
        "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't have free "
        "ports for the requested pod ports. no new claims to deallocate, preemption: 0/3 nodes "
        "are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims "
        "found for incoming pod."
    )


def test_counts_are_sorted_as_text():
    many = {str(i): TAINT for i in range(10)}
    one = {"x": Rejection("NodeName", ("other",))}
    assert explain({**many, **one}).startswith(
        "0/11 nodes are available: 1 other, 10 node(s) had untolerated taint(s)."
    )


def test_scores_are_normalised_to_a_hundred():
    assert normalize({"a": 3, "b": 1, "c": 0}) == {"a": 100, "b": 33, "c": 0}
    assert normalize({"a": 3, "b": 1, "c": 0}, reverse=True) == {"a": 0, "b": 67, "c": 100}
    assert normalize({"a": 0}) == {"a": 0}
    assert normalize({"a": 0}, reverse=True) == {"a": 100}
    assert normalize({}) == {}

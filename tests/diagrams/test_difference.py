"""What two states of an object differ in."""

from __future__ import annotations

from kubelearn.diagrams.difference import difference

OLD = {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"a": 1, "b": 2, "c": 3, "d": 4}}


def test_changed_lines_are_marked_with_some_around_them():
    new = {**OLD, "spec": {**OLD["spec"], "d": 5}}
    assert difference(OLD, new) == [
        ("@", ""),
        (" ", "  b: 2"),
        (" ", "  c: 3"),
        ("-", "  d: 4"),
        ("+", "  d: 5"),
    ]


def test_equal_states_do_not_differ():
    assert difference(OLD, dict(OLD)) == []


def test_what_is_new_or_gone_is_told_as_a_whole():
    assert {mark for mark, _ in difference(None, OLD)} == {"@", "+"}
    assert {mark for mark, _ in difference(OLD, None)} == {"@", "-"}

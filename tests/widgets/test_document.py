"""Sections of values, and their changes with consecutive revisions."""

from __future__ import annotations

from kubelearn.widgets.document import Document


def test_a_diff_holds_only_what_changed_since_the_last_one():
    document = Document(pods={"a": 1, "b": 2})
    document.put("pods", "a", 3)
    document.drop("pods", "b")
    assert document.diff() == {"type": "diff", "rev": 1, "sections": {"pods": {"a": 3, "b": None}}}
    assert document.diff() is None
    document.put("nodes", "n", {})
    assert document.diff() == {"type": "diff", "rev": 2, "sections": {"nodes": {"n": {}}}}


def test_an_equal_value_is_no_change():
    document = Document(pods={"a": {"phase": "Running"}})
    document.put("pods", "a", {"phase": "Running"})
    document.drop("pods", "unknown")
    assert not document.dirty


def test_many_changes_of_one_value_travel_once():
    document = Document()
    for i in range(1000):
        document.put("pods", "a", i)
    assert document.diff()["sections"] == {"pods": {"a": 999}}


def test_a_value_that_comes_and_goes_between_two_diffs_is_told_as_gone():
    document = Document()
    document.put("pods", "a", 1)
    document.drop("pods", "a")
    assert document.diff()["sections"] == {"pods": {"a": None}}


def test_replacing_a_section_tells_the_differences_only():
    document = Document(pods={"a": 1, "b": 2})
    document.replace("pods", {"b": 2, "c": 3})
    assert document.diff()["sections"] == {"pods": {"a": None, "c": 3}}


def test_a_snapshot_is_a_copy_that_later_changes_leave_alone():
    document = Document(pods={"a": 1})
    snapshot = document.snapshot()
    document.put("pods", "a", 2)
    assert snapshot == {"rev": 0, "sections": {"pods": {"a": 1}}}


def test_applying_all_diffs_to_an_old_snapshot_gives_the_newest_one():
    document = Document(pods={"a": 1})
    copy = document.snapshot()["sections"]
    for i in range(20):
        document.put("pods", str(i % 7), i)
        document.drop("pods", str((i * 3) % 5))
        for key, value in document.diff()["sections"]["pods"].items():
            copy["pods"].pop(key, None)
            if value is not None:
                copy["pods"][key] = value
    assert copy == document.snapshot()["sections"]

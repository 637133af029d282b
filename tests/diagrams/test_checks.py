"""What the doctor found, on paper."""

from __future__ import annotations

from kubelearn.diagrams.checks import draw, summary

ROWS = [{"name": "Python", "state": "good", "found": "3.12"}, {"name": "dot", "state": "missing"}]


def test_marks_and_names_are_drawn_but_no_amounts():
    drawn = draw(ROWS)
    assert ">Python<" in drawn
    assert ">dot<" in drawn
    assert "3.12" not in drawn


def test_what_must_be_mended_is_named():
    assert summary(ROWS) == "this machine can run the embedded cluster"
    assert summary([*ROWS, {"name": "disk", "state": "bad"}]) == "must be mended first: disk"

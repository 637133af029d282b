"""Predict, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.widgets.predict import Predict

QUESTION = "How many pods are there for a moment?"


@pytest.fixture
def asked(recorded):
    return Predict(QUESTION, ["two", "three", "four"], answer="four", explain="One is leaving.")


def test_without_a_browser_the_question_is_printed(asked):
    data, _ = asked._repr_mimebundle_()
    assert data["text/plain"] == f"Predict: {QUESTION}\n  a) two\n  b) three\n  c) four"
    assert QUESTION in data["image/svg+xml"]


def test_what_is_printed_does_not_depend_on_the_choice(asked):
    before = asked._repr_mimebundle_()
    asked.comm.receive({"method": "update", "state": {"given": [1]}})
    assert asked.choice == "three"
    assert asked._repr_mimebundle_() == before


def test_the_answer_is_an_option_or_its_number(asked, recorded):
    assert asked.right == [2]
    assert Predict(QUESTION, ["a", "b"], answer=1).right == [1]
    assert Predict(QUESTION, ["a", "b"]).right == []
    with pytest.raises(ValueError, match="not in list"):
        Predict(QUESTION, ["a", "b"], answer="c")


def test_a_question_needs_options(recorded):
    with pytest.raises(ValueError, match="2 to 10 options, not 1"):
        Predict(QUESTION, ["only one"])

"""A question on paper."""

from __future__ import annotations

from xml.etree import ElementTree

from kubelearn.diagrams.question import draw
from kubelearn.diagrams.svg import number, shorten, wrap


def test_a_long_question_is_wrapped_and_nothing_of_it_is_lost():
    question = "What becomes of the pod when " + "and so on " * 30 + "at last?"
    root = ElementTree.fromstring(draw(question, ["it stays", "it goes"]))
    texts = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert " ".join(texts[1:-4]) == question
    assert texts[-4:] == ["a", "it stays", "b", "it goes"]


def test_drawing_does_not_depend_on_fonts():
    assert shorten("a-very-long-name", width=40, size=10) == "a-very…"
    assert wrap("one two", width=20, size=10) == ["one", "two"]
    assert (number(2.0), number(1 / 3)) == ("2", "0.33")

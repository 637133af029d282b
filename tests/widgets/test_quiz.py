"""Quiz, kernel side."""

from __future__ import annotations

import pytest

from kubelearn.widgets.quiz import Quiz

WHY = {"etcd": "It keeps what the API server stores.", "kubelet": "It runs on nodes.", "DNS": ""}


@pytest.fixture
def several(recorded):
    return Quiz("What keeps objects?", WHY, answer=["etcd", "DNS"], explain="So it is.")


def answer(quiz, given):
    quiz.comm.receive({"method": "update", "state": {"given": given}})
    return quiz.verdict


def test_one_right_option_is_named_by_itself_or_its_index(recorded):
    for right in ("b", 1):
        quiz = Quiz("Which?", ["a", "b"], answer=right)
        assert (quiz.kind, quiz.right, quiz.why) == ("one", [1], [])
        assert answer(quiz, [1]) is True
        assert answer(quiz, [0]) is False


def test_of_several_right_ones_all_have_to_be_chosen_and_no_other(several):
    assert (several.kind, several.right) == ("several", [0, 2])
    assert several.why == list(WHY.values())
    assert answer(several, [2, 0]) is True
    assert answer(several, [0]) is False
    assert answer(several, [0, 1, 2]) is False


def test_a_number_may_differ_by_the_tolerance(recorded):
    quiz = Quiz("How long?", answer=30, tolerance=2, unit="s")
    assert (quiz.kind, quiz.solution) == ("number", "30")
    assert [answer(quiz, given) for given in (30, 28.5, 33)] == [True, True, False]


def test_a_text_is_compared_without_regard_to_capitals_and_spaces(recorded):
    quiz = Quiz("What is it called?", answer=["ReplicaSet", "replica set"])
    assert (quiz.kind, quiz.solution) == ("text", "ReplicaSet")
    assert [answer(quiz, given) for given in ("replicaset ", "Replica  Set", "Deployment")] == [
        True,
        True,
        False,
    ]


def test_what_is_printed_does_not_depend_on_the_answer(several):
    before = several._repr_mimebundle_()
    assert before[0]["text/plain"].startswith("Quiz: What keeps objects?\n  a) etcd")
    answer(several, [1])
    assert several._repr_mimebundle_() == before


def test_the_answer_is_kept_when_it_is_displayed_again(several):
    answer(several, [1])
    several.comm.receive({"method": "update", "state": {"compared": True}})
    state = several.get_state()
    assert (state["given"], state["compared"], state["verdict"]) == ([1], True, False)


@pytest.mark.parametrize(
    ("options", "answer_"),
    [(["a", "b"], "c"), (["a", "b"], 2), (["a", "b"], []), (["a", "b"], 1.5), (["a"], "a")],
)
def test_a_quiz_without_a_right_answer_is_no_quiz(recorded, options, answer_):
    with pytest.raises(ValueError, match=r"option|list"):
        Quiz("Which?", options, answer=answer_)

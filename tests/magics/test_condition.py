"""What is seen, and what is still missing."""

from __future__ import annotations

import pytest

from kubelearn.magics.condition import parse


def deployment(status="False", *, observed=2):
    found = {"type": "Available", "status": status, "message": "too few"}
    return {
        "metadata": {"generation": 2},
        "status": {"conditions": [found], "observedGeneration": observed},
    }


def test_a_condition_is_compared_without_regard_to_case():
    assert parse("condition=available").seen(deployment("True")) == ""
    assert parse("condition=Available=FALSE").seen(deployment("False")) == ""
    assert parse("condition=Available").seen(deployment("False")) == "Available=False: too few"
    assert parse("condition=Ready").seen(deployment()) == "no condition Ready yet"


def test_what_was_told_before_the_last_change_does_not_count():
    seen = parse("condition=Available").seen(deployment("True", observed=1))
    assert seen == "Available was told before the last change"


def test_presence_is_the_only_thing_that_needs_no_object():
    assert parse("create").seen({}) == ""
    assert parse("create").seen(None) == "it is not there yet"
    assert parse("delete").seen(None) == ""
    assert parse("delete").seen({"kind": "Pod"}) == "it is still there"
    assert [parse(text).may_be_absent for text in ("create", "delete", "condition=A")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("jsonpath={.status.observedGeneration}=2", ""),
        ("jsonpath='{.status.observedGeneration}'=3", "2"),
        ("jsonpath=status.observedGeneration", ""),
        ("jsonpath={.status.nothing}", "no value there yet"),
        ('jsonpath={.status.conditions[?(@.type=="Available")].status}=False', ""),
    ],
)
def test_a_path_is_compared_as_text(text, seen):
    assert parse(text.replace("'", "")).seen(deployment()) == seen

"""A container from both sides, as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubelearn.containers.handmade import NamespaceView
from kubelearn.diagrams.insideout import draw, namespace_row, summary


def view(kind="uts", *, own=True, refused="", inside=("box",)):
    return NamespaceView(
        kind, "the host name", own, 4026531838, 4026532000, ("laptop",), inside, refused
    )


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({"own": True}, "own"),
        ({"own": False}, "shared"),
        ({"own": False, "refused": "Operation not permitted"}, "refused"),
    ],
)
def test_a_namespace_is_its_own_or_shared_or_not_to_be_had(given, state):
    assert namespace_row(view(**given))["state"] == state


def test_the_summary_names_both_kinds():
    rows = [namespace_row(view("uts")), namespace_row(view("mnt", own=False))]
    assert summary(rows) == "own namespaces: uts; the machine's: mnt"
    assert summary(rows[:1]) == "own namespaces: uts; the machine's: none"


def test_both_answers_and_the_sign_between_them_are_drawn():
    rows = [namespace_row(view("uts")), namespace_row(view("mnt", own=False))]
    root = ElementTree.fromstring(draw("box", rows, state="it runs"))
    words = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert words[2:4] == ["the machine sees", "the container sees"]
    assert [word for word in words if word in "≠="] == ["≠", "="]
    assert "laptop" in words
    assert "box" in words


def test_a_container_that_has_ended_sees_nothing():
    assert "it does not run" in draw("box", [namespace_row(view(inside=()))], state="")


def test_long_lines_are_broken_and_stay_in_the_picture():
    row = namespace_row(view(inside=("folder/ " * 60,)))
    root = ElementTree.fromstring(draw("box", [row], state=""))
    height = float(root.get("height"))
    assert all(float(e.get("y")) < height for e in root.iter() if e.get("y"))

"""What would come of a manifest, on paper."""

from __future__ import annotations

from xml.etree import ElementTree

from kubelearn.diagrams.manifeststates import draw, summary

PROBLEM = {"line": 7, "field": "spec.replicas", "message": "Invalid value: -1"}
ROWS = [
    {"name": "pod/a", "state": "refused", "problems": [PROBLEM]},
    {"name": "pod/b", "state": "new", "problems": []},
    {"name": "pod/c", "state": "new", "problems": []},
]


def texts(drawn):
    root = ElementTree.fromstring(drawn)
    return [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_each_object_is_there_with_its_state_and_its_problems():
    assert texts(draw(ROWS, title="Manifest"))[2:5] == [
        "pod/a",
        "refused",
        "line 7: spec.replicas Invalid value: -1",
    ]
    assert summary(ROWS) == "2 would be created, 1 refused"
    assert summary([]) == "nothing to apply"


def test_a_notice_takes_the_place_of_numbers():
    assert texts(draw([], title="Manifest", notice="no answer"))[1] == "no answer"
